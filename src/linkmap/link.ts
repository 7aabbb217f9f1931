/**
 * A link: an id, and the socket and address that lead to the peer now. The socket comes and goes;
 * the link and its id stay.
 *
 * @module
 */

import type { LinkPort } from "../multiplexer/link_port.ts";
import type { ControlPacket } from "../wire/control_packet.ts";
import { DatagramType, prependDatagramHeader } from "../wire/datagram_header.ts";
import { DropReason } from "../wire/drop_reason.ts";
import { encodeLegacyControl } from "../wire/legacy_control.ts";
import { Packet } from "../wire/packet.ts";
import type { DatagramSocket } from "./datagram_socket.ts";
import { formatAddress, isSameAddress, type NetAddress } from "../net_address.ts";

/** 255 entries of at most 13 bytes, and the type definitions. */
const CONTROL_CAPACITY_BYTES = 4_096;

/** One way to the peer, over whatever socket serves it now. */
export class Link implements LinkPort {
  readonly id: number;
  readonly name: string;
  readonly isInitiator: boolean;
  /** Why the link is not open, for people; empty while it is. */
  reason = "";
  /** How often it was opened anew. */
  reconnects = 0;
  /** How often its other end was seen at a new address. */
  moves = 0;
  /** Monotonic ms of the newest log line about a move; -Infinity when there was none. */
  moveLoggedMs = Number.NEGATIVE_INFINITY;
  /** Datagrams and their bytes (header included), as given to and taken from the socket. */
  sentPackets = 0;
  sentBytes = 0;
  receivedPackets = 0;
  receivedBytes = 0;
  #socket: DatagramSocket | null = null;
  #remote: NetAddress | null = null;
  readonly #control = new Packet(CONTROL_CAPACITY_BYTES);

  /** @param isInitiator true for a slave's link, false for one that a master learned. */
  constructor(id: number, name: string, { isInitiator }: { readonly isInitiator: boolean }) {
    this.id = id;
    this.name = name;
    this.isInitiator = isInitiator;
  }

  /** The socket in use, or null while the link is not open. */
  get socket(): DatagramSocket | null {
    return this.#socket;
  }

  /** The peer's address as text, or empty while unknown. */
  get remote(): string {
    return this.#remote === null ? "" : formatAddress(this.#remote);
  }

  /** From now on the link goes over this socket to this address. The socket stays its opener's. */
  attach(socket: DatagramSocket, remote: NetAddress): void {
    this.#socket = socket;
    this.#remote = remote;
    this.reason = "";
  }

  /** The link has no socket now. */
  detach(reason: string): void {
    this.#socket = null;
    this.#remote = null;
    this.reason = reason;
  }

  /** Hot. Whether the peer is reached by this socket at this address. */
  leadsTo(socket: DatagramSocket, remote: NetAddress): boolean {
    return this.#socket === socket && this.#remote !== null && isSameAddress(this.#remote, remote);
  }

  /** Hot. Sends a data packet, borrowed until return. @returns bytes given to the socket, or a DropReason. */
  send(packet: Packet): number {
    return this.#transmit(packet, DatagramType.DATA);
  }

  /** Sends a control packet. @returns bytes given to the socket, or a DropReason. */
  sendControl(controlPacket: ControlPacket): number {
    if (this.#socket === null) return DropReason.CLOSED;
    encodeLegacyControl(controlPacket, this.#control);
    return this.#transmit(this.#control, DatagramType.CONTROL);
  }

  #transmit(packet: Packet, type: DatagramType): number {
    if (this.#socket === null || this.#remote === null) return DropReason.CLOSED;
    const start = packet.start;
    prependDatagramHeader(packet, type, this.id);
    const sentBytes = packet.end - packet.start;
    const result = this.#socket.send(packet, this.#remote);
    packet.start = start;
    if (result < 0) return result;
    this.sentPackets++;
    this.sentBytes += sentBytes;
    return sentBytes;
  }
}
