/**
 * The port to UDP sockets: what opens one, on whichever engine. Implementations: `UdpSocket` (portable), `FastUdpSocket` (Linux).
 *
 * @module
 */

import type { LocalAddress } from "../../ffi/local_address.ts";
import type { NetAddress } from "../net_address.ts";
import type { DropCounters } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";
import type { DatagramSocket } from "./datagram_socket.ts";

/** Where and how to open a socket. */
export interface UdpSocketOptions {
  /** Local IP literal; `::` takes IPv4 as well, whose addresses are shown as IPv4. */
  readonly hostname: string;
  /** Local port; 0 lets the system choose. */
  readonly port: number;
  /** Interface that it is bound to (Linux, fast engine only): goes out by it, and hears only what comes in by it. */
  readonly device?: string | undefined;
  /** Whether datagrams go out with don't-fragment, where that can be (fast engine): see {@link DatagramSocket.forbidsFragments}. */
  readonly forbidsFragments?: boolean | undefined;
  /** Mark of its datagrams (SO_MARK; Linux, fast engine only): for routing rules and firewalls. 1..2^32-1. */
  readonly mark?: number | undefined;
  /**
   * Whether slots are told which local address was asked (Linux, fast engine only), so that {@link BoundUdpSocket.sendFrom} can
   * answer from it; with `::` it is for IPv6 only then.
   */
  readonly tellsLocal?: boolean | undefined;
  /** Counts datagrams that the system refused after `send` took them, or that came too long. */
  readonly drops?: DropCounters;
}

/** A packet to send: bytes[start..end). */
export interface OutgoingBytes {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** A UDP socket that is bound. */
export interface BoundUdpSocket extends DatagramSocket {
  /** Where it is bound, with the port that the system chose. */
  readonly localAddress: NetAddress;

  /** Hot. See {@link DatagramSocket.send}. */
  send(packet: OutgoingBytes, dst: NetAddress): number;

  /** Hot. As {@link send}, from a local address that {@link DatagramSlot.local} told; null: the route's choice. */
  sendFrom?(packet: OutgoingBytes, dst: NetAddress, local: LocalAddress | null): number;

  /** Hot. See {@link DatagramSocket.lend}; `local` as for {@link sendFrom}. */
  lend?(lengthBytes: number, dst: NetAddress, local?: LocalAddress | null): Packet | null;

  /** See {@link DatagramSocket.sendFragmentable}; `local` as for {@link sendFrom}. */
  sendFragmentable?(
    packet: OutgoingBytes,
    dst: NetAddress,
    local?: LocalAddress | null,
  ): number;
}

/**
 * Opens a socket.
 * @throws Error with the system's error as cause: port taken, address not of this machine, no permission.
 */
export type UdpBinder = (options: UdpSocketOptions) => BoundUdpSocket;
