/**
 * Opens the socket of a slave's link: directly, or through a SOCKS5 proxy.
 *
 * @module
 */

import type { DropCounters } from "../wire/drop_reason.ts";
import type { DatagramSocket } from "./datagram_socket.ts";
import type { LinkSpec } from "./link_spec.ts";
import type { NetAddress } from "../net_address.ts";
import { resolveHost } from "./resolve.ts";
import { Socks5Socket } from "./socks5_socket.ts";
import { UdpSocket } from "./udp_socket.ts";

/** An open socket and the address to send to over it. */
export interface OpenedLink {
  readonly socket: DatagramSocket;
  readonly remote: NetAddress;
  /** How many other addresses of the target could be tried instead. */
  readonly alternatives: number;
}

/** Opens a link's socket. Rejects when it cannot be opened now; leaves nothing open then. */
export type LinkOpener = (
  spec: LinkSpec,
  attempt: number,
  signal: AbortSignal,
) => Promise<OpenedLink>;

/** The opener that the daemon uses. @param drops counts what the sockets throw away. */
export function createLinkOpener(drops: DropCounters): LinkOpener {
  return (spec, attempt, signal) =>
    spec.proxy === null
      ? openDirect(spec, attempt, drops, signal)
      : openThroughProxy(spec, drops, signal);
}

/** Each attempt takes the next of the target's addresses: UDP tells nobody which of them works. */
async function openDirect(
  spec: LinkSpec,
  attempt: number,
  drops: DropCounters,
  signal: AbortSignal,
): Promise<OpenedLink> {
  const addresses = await resolveHost(spec.target, { signal });
  const remote = addresses[attempt % addresses.length];
  if (!remote) throw new Error(`Cannot resolve "${spec.target.host}": it has no address`);
  const hostname = remote.hostname.includes(":") ? "::" : "0.0.0.0";
  const socket = UdpSocket.bind({ hostname, port: 0, drops });
  return { socket, remote, alternatives: addresses.length - 1 };
}

async function openThroughProxy(
  spec: LinkSpec,
  drops: DropCounters,
  signal: AbortSignal,
): Promise<OpenedLink> {
  if (spec.proxy === null) throw new Error("Invariant: no proxy");
  const socket = await Socks5Socket.open({ proxy: spec.proxy, target: spec.target, drops, signal });
  return { socket, remote: socket.target, alternatives: 0 };
}
