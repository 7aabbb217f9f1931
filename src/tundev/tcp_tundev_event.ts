/**
 * What the TCP stand-in tells its owner, who has the logger.
 *
 * @module
 */

import { ResetReason } from "./stream_channel.ts";

/** Something an operator may want to know. Happens per connection at most, never per packet, and is told
 * at most once in ten seconds for each kind (see TcpEventLimiter). */
export interface TcpTundevEvent {
  readonly kind:
    /** The service did not take a connection. */
    | "connect-failed"
    /** The other end could not connect, or takes no streams. */
    | "refused-by-peer"
    /** The listener could not accept a connection; it goes on. */
    | "accept-failed"
    /** The other end was restarted, or silent too long: all connections are closed. */
    | "peer-restarted"
    | "peer-lost";
  /** A sentence for the log. */
  readonly message: string;
}

/** Takes events. Must not throw. */
export type TcpTundevEventHook = (event: TcpTundevEvent) => void;

/** The event for a reset that came from the other end; null when it is no news to an operator. */
export function eventOfReset(name: string, reason: ResetReason): TcpTundevEvent | null {
  const refused = `Cannot carry a connection from ${name}: the other end`;
  switch (reason) {
    case ResetReason.REFUSED:
      return { kind: "refused-by-peer", message: `${refused} could not connect to its service` };
    case ResetReason.NOT_ACCEPTED:
      return { kind: "refused-by-peer", message: `${refused} listens, too, and connects to none` };
    default:
      return null;
  }
}

/** The event for all connections being over at once. */
export function eventOfPeerGone(reason: ResetReason): TcpTundevEvent {
  return reason === ResetReason.PEER_RESTARTED
    ? {
      kind: "peer-restarted",
      message: "The other end of the tunnel was restarted: its connections are closed",
    }
    : {
      kind: "peer-lost",
      message: "The other end of the tunnel is silent: its connections are closed",
    };
}

/** The words of a caught error. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
