/**
 * The master's TCP side: accepts links that could not come over UDP, each connection a {@link TcpSocket}.
 *
 * @module
 */

import { abortableSleep } from "../abortable_sleep.ts";
import { closeQuietly } from "../close_quietly.ts";
import { describeError, type Logger } from "../log.ts";
import { formatAddress, type NetAddress } from "../net_address.ts";
import type { DropCounters } from "../wire/drop_reason.ts";
import type { DatagramSocket } from "./datagram_socket.ts";
import { canonicalHost } from "../ip_literal.ts";
import type { TcpAdmission } from "./tcp_admission.ts";
import { adoptConnection } from "./tcp_connect.ts";
import { tcpLabel, type TcpSocket } from "./tcp_socket.ts";
import type { TcpTurns } from "./tcp_turns.ts";

/** Wait after a failure to accept that is not about one connection, such as EMFILE: it may be over soon. */
const ACCEPT_RETRY_MS = 200;

/** What a {@link TcpListener} works with. */
export interface TcpListenerOptions {
  /** Local address (literal) and port. */
  readonly hostname: string;
  readonly port: number;
  readonly drops: DropCounters;
  readonly logger: Logger;
  /** Monotonic ms. */
  readonly clock: () => number;
  /** Which connections may stay; shared by the listeners of all addresses. */
  readonly admission: TcpAdmission<TcpSocket>;
  /** When which connection is received from; shared in the same way. */
  readonly turns: TcpTurns;
  /** Receives from a connection until it ends. Must not reject. */
  readonly pump: (socket: DatagramSocket) => Promise<void>;
  readonly onSocketClosed: (socket: DatagramSocket) => void;
}

/** Accepts connections on one address. */
export class TcpListener {
  readonly #options: TcpListenerOptions;
  readonly #listener: Deno.TcpListener;
  readonly #abort = new AbortController();
  readonly #sockets = new Set<TcpSocket>();
  readonly #serving = new Set<Promise<void>>();
  readonly #accepting: Promise<void>;
  #isFailureTold = false;

  private constructor(options: TcpListenerOptions, listener: Deno.TcpListener) {
    this.#options = options;
    this.#listener = listener;
    this.#accepting = this.#accept();
  }

  /** @throws Error with the system's error as cause when the port cannot be bound. */
  static open(options: TcpListenerOptions): TcpListener {
    const { hostname, port } = options;
    try {
      return new TcpListener(options, Deno.listen({ hostname, port }));
    } catch (cause) {
      const reason = cause instanceof Deno.errors.AddrInUse
        ? "EADDRINUSE (another program has this port)"
        : describeError(cause);
      throw new Error(`Cannot listen on TCP ${formatAddress(options)}: ${reason}`, { cause });
    }
  }

  /** Where it listens, with the port that the system chose. */
  get localAddress(): NetAddress {
    const { hostname, port } = this.#listener.addr;
    return { hostname, port };
  }

  /** Closes the listener and every connection; resolves when they have ended. Idempotent. */
  async close(): Promise<void> {
    this.#abort.abort();
    closeQuietly(this.#listener);
    for (const socket of this.#sockets) socket.close();
    await this.#accepting;
    await Promise.all(this.#serving);
  }

  /** Until it is closed, whatever happens. Never rejects. */
  async #accept(): Promise<void> {
    while (!this.#abort.signal.aborted) {
      let conn: Deno.TcpConn;
      try {
        conn = await this.#listener.accept();
      } catch (error) {
        if (!isAboutOneConnection(error)) await this.#pause(error);
        continue;
      }
      this.#isFailureTold = false;
      this.#admit(conn);
    }
  }

  /** The system accepts nothing now: the connections that are there go on. */
  async #pause(error: unknown): Promise<void> {
    if (this.#abort.signal.aborted) return;
    if (!this.#isFailureTold) {
      const { hostname, port, logger } = this.#options;
      const address = formatAddress({ hostname, port });
      logger.warn("Cannot accept TCP connections now", { address, reason: describeError(error) });
    }
    this.#isFailureTold = true;
    await abortableSleep(ACCEPT_RETRY_MS, this.#abort.signal);
  }

  #admit(conn: Deno.TcpConn): void {
    const { admission, clock, drops, logger, turns } = this.#options;
    const { hostname, port } = conn.remoteAddr;
    const remote = { hostname: canonicalHost(hostname), port };
    const label = tcpLabel(remote);
    if (this.#abort.signal.aborted) return conn.close();
    const socket: TcpSocket | null = adoptConnection(conn, {
      side: "accepted",
      label,
      remote,
      drops,
      wantsDatagrams: true,
      mayGoOn: () => socket !== null && admission.mayGoOn(socket),
      turns,
    });
    if (socket === null) return;
    if (!admission.admit(socket, clock())) {
      logger.debug("TCP connection refused: too many", { remote: formatAddress(remote) });
      return socket.close();
    }
    this.#sockets.add(socket);
    const serving = this.#serve(socket).finally(() => this.#serving.delete(serving));
    this.#serving.add(serving);
  }

  async #serve(socket: TcpSocket): Promise<void> {
    const { admission, logger, onSocketClosed, pump } = this.#options;
    // Strangers cause these lines: none above debug.
    logger.debug("TCP connection open", { via: socket.label });
    await pump(socket);
    socket.close();
    this.#sockets.delete(socket);
    admission.remove(socket);
    const reason = socket.failure === null ? "" : describeError(socket.failure);
    logger.debug("TCP connection closed", { via: socket.label, reason });
    onSocketClosed(socket);
  }
}

/** Whether the connection that was to be accepted is over already; the next one may be fine. */
function isAboutOneConnection(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.ConnectionReset;
}
