/**
 * The master's TCP side: accepts links that could not come over UDP, each connection a {@link DatagramSocket}.
 *
 * @module
 */

import type { Logger } from "../log.ts";
import type { DropCounters } from "../wire/drop_reason.ts";
import type { DatagramSocket } from "./datagram_socket.ts";

/** What a {@link TcpListener} works with. */
export interface TcpListenerOptions {
  /** Local address (literal) and port. */
  readonly hostname: string;
  readonly port: number;
  readonly drops: DropCounters;
  readonly logger: Logger;
  /** Receives from a connection until it ends. Must not reject. */
  readonly pump: (socket: DatagramSocket) => Promise<void>;
  readonly onSocketClosed: (socket: DatagramSocket) => void;
  /** Whether a connection has brought an authenticated packet: those that have not within 10 s are closed. */
  readonly isAuthentic: (socket: DatagramSocket) => boolean;
}

/** Accepts connections on one address. */
export class TcpListener {
  /** @throws Error when the port cannot be bound. */
  static open(_options: TcpListenerOptions): TcpListener {
    throw new Error("Invariant: not written yet");
  }

  /** Closes the listener and every connection; resolves when they have ended. */
  close(): Promise<void> {
    throw new Error("Invariant: not written yet");
  }
}
