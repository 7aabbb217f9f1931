/**
 * Serves `/metrics` and `/healthz` over HTTP. Read-only, without authentication: so it listens on
 * loopback unless the user names another address.
 *
 * @module
 */

import type { MetricsSpec } from "../daemon_options.ts";
import { KeptHttpServer } from "../kept_http_server.ts";
import { formatAddress, formatHostPort, type NetAddress } from "../net_address.ts";
import { describeError, type Logger } from "../log.ts";
import type { SnapshotSource } from "../snapshot.ts";
import { judgeHealth } from "./health.ts";
import { readProcessStats } from "./process_stats.ts";

/** Answers to everything else. */
const INDEX_TEXT = "bindlink: see /metrics and /healthz\n";

/** A running metrics server. */
export class MetricsServer implements AsyncDisposable {
  readonly #server: KeptHttpServer;

  private constructor(server: KeptHttpServer) {
    this.#server = server;
  }

  /** Where it listens. */
  get address(): NetAddress {
    return this.#server.address;
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
    const handler = createHandler(source, () => exposition.render(), EXPOSITION_CONTENT_TYPE);
    const where = formatHostPort(spec.host, spec.port);
    try {
      const server = new KeptHttpServer({ listen: spec, handler, what: "metrics", logger });
      const url = `http://${formatAddress(server.address)}/metrics`;
      logger.info("Serving metrics", { url });
      return new MetricsServer(server);
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
    return this.#server.close();
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
    // Null: Host, which stands in it, is nonsense. An exception would be a line in the log for each request.
    switch (URL.parse(request.url)?.pathname) {
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
