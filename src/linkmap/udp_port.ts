/**
 * The port to UDP sockets: what opens one, on whichever engine. Implementations: `UdpSocket` (portable), `FastUdpSocket` (Linux).
 *
 * @module
 */

import type { NetAddress } from "../net_address.ts";
import type { DropCounters } from "../wire/drop_reason.ts";
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
}

/**
 * Opens a socket.
 * @throws Error with the system's error as cause: port taken, address not of this machine, no permission.
 */
export type UdpBinder = (options: UdpSocketOptions) => BoundUdpSocket;
