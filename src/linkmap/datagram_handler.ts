/**
 * Who understands the datagrams that the link map's sockets bring: the legacy tunnel, or one end of the secure one.
 *
 * @module
 */

import type { NetAddress } from "../net_address.ts";
import type { Packet } from "../wire/packet.ts";
import type { DatagramSocket } from "./datagram_socket.ts";
import type { Link } from "./link.ts";

/** Takes what arrives. A result below 0 is a DropReason, which the link map counts. */
export interface DatagramHandler {
  /** Hot. A datagram over a link that this end initiated, from where the link leads to. Borrowed until return. */
  handleInitiated(link: Link, packet: Packet, now: number): number;
  /** Hot. A datagram that came to a listener's socket, from anyone. Borrowed until return. */
  handleListened(socket: DatagramSocket, source: NetAddress, packet: Packet, now: number): number;
  /** An initiated link has a socket (again). */
  handleLinkOpen(link: Link, now: number): void;
  /** An initiated link has lost its socket. */
  handleLinkClosed(link: Link, now: number): void;
  /** A listener's socket, or a connection to it, is gone. */
  handleSocketClosed(socket: DatagramSocket, now: number): void;
  /** Monotonic ms when anything valid last came over an initiated link; -Infinity for never. */
  lastHeardMs(link: Link): number;
  /** Whether a listener's socket has brought anything authentic. */
  isAuthentic(socket: DatagramSocket): boolean;
}
