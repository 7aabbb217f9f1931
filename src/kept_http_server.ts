/**
 * An HTTP server that outlives what ends Deno's: the first connection that cannot be accepted, such as one more than the
 * process may have open files.
 *
 * @module
 */

import { abortableSleep } from "./abortable_sleep.ts";
import { describeError, type Logger } from "./log.ts";
import type { HostPort, NetAddress } from "./net_address.ts";

/** How long a shutdown waits for answers that are under way, in milliseconds. */
const SHUTDOWN_GRACE_MS = 1000;

/** Pauses before serving again, in milliseconds: the first, and the longest after repeated failures. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 10_000;

/** Served this long, in milliseconds, a server counts as well: the next failure is news again. */
const WELL_AFTER_MS = 60_000;

/** What a {@link KeptHttpServer} serves. */
export interface KeptHttpOptions {
  /** An IP literal of this machine and a port; port 0: any. */
  readonly listen: HostPort;
  readonly handler: Deno.ServeHandler<Deno.NetAddr>;
  /** What is served, for the log: `metrics`. */
  readonly what: string;
  readonly logger: Logger;
}

/** A running server. */
export class KeptHttpServer implements AsyncDisposable {
  /** Where it listens. */
  readonly address: NetAddress;
  readonly #options: KeptHttpOptions;
  readonly #closing = new AbortController();
  readonly #stopped: Promise<void>;
  #server: Deno.HttpServer<Deno.NetAddr>;
  #abort = new AbortController();
  #closed: Promise<void> | null = null;

  /** Listens. @throws Deno's errors when it cannot. */
  constructor(options: KeptHttpOptions) {
    this.#options = options;
    this.#server = serve(options, options.listen.port, this.#abort.signal);
    const { addr } = this.#server;
    this.address = { hostname: addr.hostname, port: addr.port };
    this.#stopped = this.#keepServing();
  }

  /** Stops listening; answers under way get a second to finish. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** As {@link KeptHttpServer.close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#closing.abort();
    // Rejects when the server has failed: then it is closed.
    const shutdown = this.#server.shutdown().catch(() => {});
    const grace = new AbortController();
    const ended = shutdown.then(() => this.#stopped).finally(() => grace.abort());
    // Not the server's signal, which throws after shutdown(): a reader that stands still ends with the process.
    await Promise.race([ended, abortableSleep(SHUTDOWN_GRACE_MS, grace.signal)]);
  }

  /** Serves again when a server fails, until `close`. Never rejects. */
  async #keepServing(): Promise<void> {
    const { signal } = this.#closing;
    const { what, logger } = this.#options;
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
          logger.warn(
            `Serving ${what} was interrupted: ${describeError(error)}; going on soon`,
          );
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
      this.#server = serve(this.#options, this.address.port, abort.signal);
      this.#abort = abort;
      return true;
    } catch (error) {
      this.#options.logger.debug(`Cannot serve ${this.#options.what} yet`, { error });
      return false;
    }
  }
}

function serve(
  { listen, handler, what, logger }: KeptHttpOptions,
  port: number,
  signal: AbortSignal,
): Deno.HttpServer<Deno.NetAddr> {
  return Deno.serve({
    hostname: listen.host,
    port,
    signal,
    // Without it Deno prints a banner on stdout.
    onListen: () => {},
    onError: (error) => {
      logger.warn(`A request for ${what} failed`, { error });
      return new Response("internal error\n", { status: 500 });
    },
  }, handler);
}
