/**
 * Serves `/metrics` and `/healthz` over HTTP. Read-only, without authentication: so it listens on
 * loopback unless the user names another address.
 *
 * @module
 */

import type { MetricsSpec } from "../daemon_options.ts";
import { formatHostPort, type NetAddress } from "../net_address.ts";
import { describeError, type Logger } from "../log.ts";
import type { SnapshotSource } from "../snapshot.ts";
import { judgeHealth } from "./health.ts";
import { readProcessStats } from "./process_stats.ts";

/** How long a shutdown waits for answers that are under way, in milliseconds. */
const SHUTDOWN_GRACE_MS = 1000;

/** Answers to everything else. */
const INDEX_TEXT = "bindlink: see /metrics and /healthz\n";

/** A running metrics server. */
export class MetricsServer implements AsyncDisposable {
  /** Where it listens. */
  readonly address: NetAddress;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #abort: AbortController;
  #closing: Promise<void> | null = null;

  private constructor(server: Deno.HttpServer<Deno.NetAddr>, abort: AbortController) {
    this.#server = server;
    this.#abort = abort;
    this.address = { hostname: server.addr.hostname, port: server.addr.port };
  }

  /**
   * Starts a server. The default address may be taken, so that two ends run on one host: that is a
   * warning and null.
   * @throws Error with cause when an address that the user named cannot be listened on.
   */
  static async start(
    spec: MetricsSpec,
    source: SnapshotSource,
    logger: Logger,
  ): Promise<MetricsServer | null> {
    // Loaded here, not at the top: whoever runs without metrics has neither the wait nor the memory.
    const { Exposition, EXPOSITION_CONTENT_TYPE } = await import("./exposition.ts");
    const exposition = new Exposition(() => ({
      daemon: source.snapshot(),
      process: readProcessStats(),
    }));
    const abort = new AbortController();
    const handler = createHandler(source, () => exposition.render(), EXPOSITION_CONTENT_TYPE);
    const where = formatHostPort(spec.host, spec.port);
    try {
      const server = Deno.serve({
        hostname: spec.host,
        port: spec.port,
        signal: abort.signal,
        // Without it Deno prints a banner on stdout.
        onListen: () => {},
        onError: (error) => {
          logger.warn("Metrics request failed", { error });
          return new Response("internal error\n", { status: 500 });
        },
      }, handler);
      const metricsServer = new MetricsServer(server, abort);
      const { hostname, port } = metricsServer.address;
      logger.info("Serving metrics", { url: `http://${formatHostPort(hostname, port)}/metrics` });
      return metricsServer;
    } catch (cause) {
      const advice = "choose another address with --metrics HOST:PORT, or --metrics none";
      const reason = describeError(cause);
      if (spec.isDefault) {
        logger.warn(`Cannot serve metrics on ${where}: ${reason}; going on without`, { advice });
        return null;
      }
      throw new Error(`Cannot serve metrics on ${where}: ${reason} (${advice})`, { cause });
    }
  }

  /** Stops listening; answers under way get a second to finish. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const timer = setTimeout(() => this.#abort.abort(), SHUTDOWN_GRACE_MS);
    try {
      await this.#server.shutdown();
      await this.#server.finished;
    } finally {
      clearTimeout(timer);
    }
  }

  /** As {@link MetricsServer.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function createHandler(
  source: SnapshotSource,
  renderMetrics: () => Promise<string>,
  metricsContentType: string,
): (request: Request) => Promise<Response> {
  return async (request) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      return answer(request, 405, "text/plain; charset=utf-8", "only GET and HEAD\n", {
        allow: "GET, HEAD",
      });
    }
    switch (new URL(request.url).pathname) {
      case "/metrics":
        return answer(request, 200, metricsContentType, await renderMetrics());
      case "/healthz": {
        const { httpStatus, body } = judgeHealth(source.snapshot());
        return answer(request, httpStatus, "application/json", `${JSON.stringify(body)}\n`);
      }
      default:
        return answer(request, 404, "text/plain; charset=utf-8", INDEX_TEXT);
    }
  };
}

function answer(
  request: Request,
  status: number,
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(request.method === "HEAD" ? null : text, {
    status,
    headers: { "content-type": contentType, "cache-control": "no-store", ...headers },
  });
}
