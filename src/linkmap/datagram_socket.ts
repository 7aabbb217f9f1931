/**
 * The port through which datagrams leave and arrive. Implementations: `Deno.listenDatagram`
 * (portable), a SOCKS5 UDP association over it, frames in a TCP connection, and in tests a fake. One
 * conformance suite (tests/conformance/datagram_socket_test.ts) runs on all of them.
 *
 * @module
 */

import type { LocalAddress } from "../../ffi/local_address.ts";
import type { Packet } from "../wire/packet.ts";
import type { NetAddress } from "../net_address.ts";

/** What carries the datagrams to the peer's machine. Over TCP an address is proven, and nothing is lost or reordered. */
export type Transport = "udp" | "tcp";

/** A received datagram: a slot and where its bytes came from. */
export interface DatagramSlot {
  /**
   * What `receive` has filled, or put in its place: a packet of the socket's, which is lent until the next `receive`. So a slot is
   * for one socket only.
   */
  packet: Packet;
  /** Source of the datagram; meaningful after `receive` filled this slot. */
  source: NetAddress;
  /** Which address of this machine was asked, where the socket was told to tell; null: it is not known. */
  local?: LocalAddress | null;
  /** The socket to answer over, where one socket hears for several; null: the one that received. */
  via?: DatagramSocket | null;
}

/** An open datagram socket. */
export interface DatagramSocket extends Disposable {
  /** For the log, e.g. `udp 0.0.0.0:4000`, `socks5 192.168.43.1:1080`, `tcp 203.0.113.5:4321`. Holds no password. */
  readonly label: string;

  /** How its datagrams travel. */
  readonly transport: Transport;

  /**
   * Hot. Sends the packet to `dst`; the packet is borrowed until return and left as it was.
   * @returns 0 when the system or the socket's bounded queue took it, else a DropReason
   * (SEND_QUEUE_FULL, SEND_ERROR, TOO_LARGE, CLOSED; over TCP also EMPTY). Never throws, never blocks.
   */
  send(packet: Packet, dst: NetAddress): number;

  /**
   * Waits until at least one datagram is there, fills slots from the first on, and returns how many
   * (1..slots.length). What does not belong to the socket (a malformed SOCKS header, another
   * sender) is counted and skipped, not returned.
   * @returns 0 once the socket is closed or has failed; `failure` then says why.
   */
  receive(slots: readonly DatagramSlot[]): Promise<number>;

  /**
   * Hot. A place in which a datagram to `dst` of so many bytes can be made: given to {@link send} at once, it need not be copied. Null:
   * there is none now. Not given: there never is.
   */
  lend?(lengthBytes: number, dst: NetAddress): Packet | null;

  /** Whether what is sent is never fragmented on the way to the address; not given: it may be. */
  readonly forbidsFragments?: boolean;

  /** As {@link send}, but may be fragmented; where that is forbidden otherwise. */
  sendFragmentable?(packet: Packet, dst: NetAddress): number;

  /** An address of this machine without which it is dead; not given: it goes by whichever there is. */
  readonly localHostname?: string | undefined;

  /** Why the socket ended by itself, e.g. the SOCKS5 control connection closed; null while it lives or after `close()`. */
  readonly failure: Error | null;

  /** The newest refusal of the system to send (network unreachable, ...), or null when there was none. */
  readonly lastSendError: Error | null;

  /** Closes the socket; a pending `receive` returns 0. Idempotent. */
  close(): void;
}

/** Hot. Each of two slots has what the other one had: a gap is closed without a copy. */
export function swapPackets(a: DatagramSlot, b: DatagramSlot): void {
  const { packet } = a;
  a.packet = b.packet;
  b.packet = packet;
}
