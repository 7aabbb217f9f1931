/**
 * Serves `/metrics` and `/healthz` over HTTP. Read-only, without authentication: so it listens on
 * loopback unless the user names another address.
 *
 * @module
 */

import { abortableSleep } from "../abortable_sleep.ts";
import type { MetricsSpec } from "../daemon_options.ts";
import { formatAddress, formatHostPort, type NetAddress } from "../net_address.ts";
import { describeError, type Logger } from "../log.ts";
import type { SnapshotSource } from "../snapshot.ts";
import { judgeHealth } from "./health.ts";
import { readProcessStats } from "./process_stats.ts";

/** How long a shutdown waits for answers that are under way, in milliseconds. */
const SHUTDOWN_GRACE_MS = 1000;

/** Pauses before serving again, in milliseconds: the first, and the longest after repeated failures. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 10_000;

/** Served this long, in milliseconds, a server counts as well: the next failure is news again. */
const WELL_AFTER_MS = 60_000;

/** Answers to everything else. */
const INDEX_TEXT = "bindlink: see /metrics and /healthz\n";

/** Listens and answers until aborted. @throws Deno's errors when it cannot listen. */
type Serve = (port: number, signal: AbortSignal) => Deno.HttpServer<Deno.NetAddr>;

/** A running metrics server. */
export class MetricsServer implements AsyncDisposable {
  /** Where it listens. */
  readonly address: NetAddress;
  readonly #serve: Serve;
  readonly #logger: Logger;
  readonly #closing = new AbortController();
  readonly #stopped: Promise<void>;
  #server: Deno.HttpServer<Deno.NetAddr>;
  #abort = new AbortController();
  #closed: Promise<void> | null = null;

  private constructor(serve: Serve, port: number, logger: Logger) {
    this.#serve = serve;
    this.#logger = logger;
    this.#server = serve(port, this.#abort.signal);
    const { addr } = this.#server;
    this.address = { hostname: addr.hostname, port: addr.port };
    this.#stopped = this.#keepServing();
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
    const serve: Serve = (port, signal) =>
      Deno.serve({
        hostname: spec.host,
        port,
        signal,
        // Without it Deno prints a banner on stdout.
        onListen: () => {},
        onError: (error) => {
          logger.warn("Metrics request failed", { error });
          return new Response("internal error\n", { status: 500 });
        },
      }, handler);
    const where = formatHostPort(spec.host, spec.port);
    try {
      const metricsServer = new MetricsServer(serve, spec.port, logger);
      const url = `http://${formatAddress(metricsServer.address)}/metrics`;
      logger.info("Serving metrics", { url });
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
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** As {@link MetricsServer.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    const timer = setTimeout(() => this.#abort.abort(), SHUTDOWN_GRACE_MS);
    try {
      await this.#server.shutdown();
      await this.#stopped;
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Serves again when a server fails, until `close`: Deno's ends for good at the first connection
   * that cannot be accepted, such as one more than the process may have open files. Never rejects.
   */
  async #keepServing(): Promise<void> {
    const { signal } = this.#closing;
    let retryMs = FIRST_RETRY_MS;
    for (;;) {
      const startedMs = performance.now();
      try {
        await this.#server.finished;
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (performance.now() - startedMs >= WELL_AFTER_MS) retryMs = FIRST_RETRY_MS;
        // Told once: whoever keeps this up must not fill the log.
        if (retryMs === FIRST_RETRY_MS) {
          const reason = describeError(error);
          this.#logger.warn(`Serving metrics was interrupted: ${reason}; going on soon`);
        }
      }
      // Drops its connections: they may be what used up the files.
      this.#abort.abort();
      do {
        await abortableSleep(retryMs, signal);
        if (signal.aborted) return;
        retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
      } while (!this.#serveAgain());
    }
  }

  /** @returns false when the system does not let us, yet. */
  #serveAgain(): boolean {
    const abort = new AbortController();
    try {
      this.#server = this.#serve(this.address.port, abort.signal);
      this.#abort = abort;
      return true;
    } catch (error) {
      this.#logger.debug("Cannot serve metrics yet", { error });
      return false;
    }
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
