/**
 * Who understands the datagrams that the link map's sockets bring: the legacy tunnel, or one end of the secure one. A
 * result below 0 is a DropReason, which the link map counts.
 *
 * @module
 */

import type { NetAddress } from "../net_address.ts";
import type { Packet } from "../wire/packet.ts";
import type { DatagramSocket } from "./datagram_socket.ts";
import type { Link } from "./link.ts";

/** Takes what arrives over the links that this end initiated: a slave. */
export interface InitiatedHandler {
  /** Hot. A datagram over a link, from where the link leads to. Borrowed until return. */
  handleInitiated(link: Link, packet: Packet, now: number): number;
  /** A link has a socket (again). */
  handleLinkOpen(link: Link, now: number): void;
  /** A link has lost its socket. */
  handleLinkClosed(link: Link, now: number): void;
  /** Monotonic ms when anything valid last came over a link; -Infinity for never. */
  lastHeardMs(link: Link): number;
  /** How often the peer is asked over a link, in ms, at the rarest. */
  askIntervalMs(link: Link): number;
}

/** Takes what arrives at a listener: a master. */
export interface ListenedHandler {
  /** Hot. A datagram from anyone. Borrowed until return. */
  handleListened(socket: DatagramSocket, source: NetAddress, packet: Packet, now: number): number;
  /** A socket, or a connection, is gone. */
  handleSocketClosed(socket: DatagramSocket, now: number): void;
  /**
   * Whether a link of a peer that is there leads over a socket: such a peer's newest authentic packet came by it. True
   * from that packet on; at most a second too long when the link is gone or goes elsewhere. Asked often: a lookup.
   */
  isAuthentic(socket: DatagramSocket): boolean;
}
