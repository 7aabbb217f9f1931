/**
 * The port to TCP connections that this end opens: Deno's own, or {@link MarkedConn}.
 *
 * @module
 */

import type { NetAddress } from "../net_address.ts";

/** What is used of a connection. */
export type StreamConn = Pick<
  Deno.TcpConn,
  "read" | "write" | "close" | "localAddr" | "remoteAddr" | "setKeepAlive" | "setNoDelay"
>;

/**
 * Connects to an IP literal. Rejects when that cannot be had, with one of Deno's errors where there is one, or when the signal fires;
 * nothing is left open then.
 */
export type TcpDialer = (address: NetAddress, signal: AbortSignal) => Promise<StreamConn>;

/** Deno's. */
export function dialByDeno(
  { hostname, port }: NetAddress,
  signal: AbortSignal,
): Promise<StreamConn> {
  return Deno.connect({ hostname, port, signal });
}
