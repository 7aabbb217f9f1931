/**
 * The web page of a running daemon (`--http`): [docs/web.md](../../docs/web.md). Loaded only when it is asked for.
 *
 * @module
 */

import type { ControlRequest } from "../control/control_message.ts";
import type { StatusReport } from "../control/status_report.ts";
import type { WebSpec } from "../daemon_options.ts";
import { KeptHttpServer } from "../kept_http_server.ts";
import { describeError, type Logger } from "../log.ts";
import { formatHostPort, type NetAddress } from "../net_address.ts";
import { Recorder } from "./recorder.ts";
import { isLoopback } from "./request_guard.ts";
import { makeToken, TokenCheck } from "./token_check.ts";
import { WebHandler } from "./web_handler.ts";

/** What a {@link WebServer} works with. */
export interface WebServerOptions {
  readonly spec: WebSpec;
  /** The daemon now; null: there are no rates yet. */
  readonly look: () => StatusReport | null;
  /** Does what a command asks; null: nothing can be changed here. */
  readonly command: ((request: ControlRequest) => unknown) | null;
  readonly logger: Logger;
  /** The log alone, which nobody reads over the page: it is told a token that was made up. */
  readonly privateLogger: Logger;
  /** Monotonic ms. */
  readonly clock: () => number;
}

/** A running web page. */
export class WebServer implements AsyncDisposable {
  /** Where it listens. */
  readonly address: NetAddress;
  readonly #stack: AsyncDisposableStack;

  private constructor(address: NetAddress, stack: AsyncDisposableStack) {
    this.address = address;
    this.#stack = stack;
  }

  /** Serves from now on. @throws Error with cause when the address cannot be listened on. */
  static async start(options: WebServerOptions): Promise<WebServer> {
    const { spec, look, command, clock, logger } = options;
    const isGiven = spec.token !== null;
    const token = spec.token ?? (isLoopback(spec.host) ? null : makeToken());
    await using stack = new AsyncDisposableStack();
    const recorder = stack.use(new Recorder({ look, clock, wallClock: Date.now, logger }));
    const handler = new WebHandler({
      recorder,
      command,
      token: new TokenCheck(token),
      listenHost: spec.host,
      machineName: machineName(),
      run: crypto.randomUUID(),
    });
    const server = stack.use(listen(spec, handler, logger));
    const url = `http://${formatHostPort(reachableHost(spec.host), server.address.port)}/`;
    if (token === null || isGiven) logger.info("Serving the web page", { url });
    // A warning: it is not encrypted, and whoever logs nothing below must find the token, too. It stands behind the #, where no
    // server or proxy sees it.
    else options.privateLogger.warn("Serving the web page", { url: `${url}#token=${token}` });
    return new WebServer(server.address, stack.move());
  }

  /** Ends it; answers under way get a second. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function listen(spec: WebSpec, handler: WebHandler, logger: Logger): KeptHttpServer {
  try {
    return new KeptHttpServer({
      listen: spec,
      handler: (request, { completed }) => handler.handle(request, completed),
      what: "the web page",
      logger,
    });
  } catch (cause) {
    const where = formatHostPort(spec.host, spec.port);
    const advice = "choose another address with --http [HOST:]PORT, or leave it out";
    const reason = describeError(cause);
    throw new Error(`Cannot serve the web page on ${where}: ${reason} (${advice})`, { cause });
  }
}

/** An address to type for one that means all of them. */
function reachableHost(host: string): string {
  if (host !== "0.0.0.0" && host !== "::") return host;
  const own = Deno.networkInterfaces().find(({ family, address }) =>
    family === "IPv4" && !isLoopback(address)
  );
  return own?.address ?? machineName();
}

function machineName(): string {
  return Deno.hostname().split(".")[0] ?? "";
}
