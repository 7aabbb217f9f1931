/**
 * A link: an id, and the socket and address that lead to the peer now. The socket comes and goes;
 * the link and its id stay. What datagrams look like is the tunnel's matter: see its links.
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";
import type { DatagramSocket, Transport } from "./datagram_socket.ts";
import type { LinkWay } from "./link_spec.ts";
import { formatAddress, isSameAddress, type NetAddress } from "../net_address.ts";

/** What a {@link Link} is made with. */
export interface LinkOptions {
  /** 1..255 */
  readonly id: number;
  readonly name: string;
  /** True for a slave's link, false for one that a master learned. */
  readonly isInitiator: boolean;
}

/** One way to the peer, over whatever socket serves it now. */
export class Link {
  readonly id: number;
  /** For people; a master learns it from the slave. */
  name: string;
  readonly isInitiator: boolean;
  /** How it goes, for people. */
  way: LinkWay = { kind: "learned", address: "" };
  /** The user switched it off: it is not opened. */
  isOff = false;
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

  constructor(options: LinkOptions) {
    this.id = options.id;
    this.name = options.name;
    this.isInitiator = options.isInitiator;
  }

  /** The socket in use, or null while the link is not open. */
  get socket(): DatagramSocket | null {
    return this.#socket;
  }

  /** The peer's address as text, or empty while unknown. */
  get remote(): string {
    return this.#remote === null ? "" : formatAddress(this.#remote);
  }

  /** What carries it now; udp while it is not open. */
  get transport(): Transport {
    return this.#socket?.transport ?? "udp";
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

  /** Hot. See {@link DatagramSocket.lend}: a place for a datagram that is given to {@link transmit} at once, or null. */
  protected lend(lengthBytes: number): Packet | null {
    const socket = this.#socket;
    if (socket === null || socket.lend === undefined || this.#remote === null) return null;
    return socket.lend(lengthBytes, this.#remote);
  }

  /**
   * Hot. Gives a whole datagram to the socket, borrowed until return.
   * @param mayFragment also where the socket forbids it otherwise
   * @returns its bytes, or a DropReason.
   */
  transmit(datagram: Packet, mayFragment = false): number {
    const socket = this.#socket;
    if (socket === null || this.#remote === null) return DropReason.CLOSED;
    const result = mayFragment && socket.sendFragmentable !== undefined
      ? socket.sendFragmentable(datagram, this.#remote)
      : socket.send(datagram, this.#remote);
    if (result < 0) return result;
    const sentBytes = datagram.end - datagram.start;
    this.sentPackets++;
    this.sentBytes += sentBytes;
    return sentBytes;
  }

  /** Hot. Counts a datagram that was taken. */
  countReceived(sizeBytes: number): void {
    this.receivedPackets++;
    this.receivedBytes += sizeBytes;
  }
}
