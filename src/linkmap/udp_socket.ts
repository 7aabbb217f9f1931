/**
 * The portable datagram socket, over `Deno.listenDatagram`.
 *
 * Deno gives one promise per datagram in either direction, and settles it in a later turn of its
 * event loop. Two things follow. A sent datagram must be copied, for the caller's packet is only
 * borrowed; the copies live in a bounded queue. And with one receive at a time a busy program would
 * take in one datagram per turn; so several are kept waiting, each with its own buffer, and
 * `receive` hands out all that came, in the order they came.
 *
 * What Deno does not offer: socket options (buffers are grown behind its back, where that can be), IPv6 zones (so no link-local peers).
 *
 * @module
 */

import { growUdpBuffers } from "../../ffi/socket_buffers.ts";
import { type DropCounters, DropReason } from "../wire/drop_reason.ts";
import { MAX_PACKET_BYTES } from "../wire/packet.ts";
import { bindError } from "./bind_error.ts";
import type { DatagramSlot } from "./datagram_socket.ts";
import { IPV4_MAPPED_PREFIX } from "../ip_literal.ts";
import { formatAddress, type NetAddress } from "../net_address.ts";
import { ReceiveQueue } from "./receive_queue.ts";
import { SendQueue } from "./send_queue.ts";
import type { BoundUdpSocket, OutgoingBytes, UdpSocketOptions } from "./udp_port.ts";

/** A UDP socket of this machine. */
export class UdpSocket implements BoundUdpSocket {
  /** Where it is bound, with the port that the system chose. */
  readonly localAddress: NetAddress;
  readonly transport = "udp";
  readonly label: string;
  readonly #conn: Deno.DatagramConn;
  readonly #isIpv6: boolean;
  readonly #sends: SendQueue;
  readonly #receives: ReceiveQueue;
  #isClosed = false;
  // A slave's socket has one destination; a master's as many as it has links, and each has one object.
  readonly #denoDsts = new WeakMap<NetAddress, Deno.NetAddr>();
  #lastDst: NetAddress | null = null;
  #lastDenoDst: Deno.NetAddr = { transport: "udp", hostname: "", port: 0 };

  private constructor(conn: Deno.DatagramConn, drops: DropCounters | null) {
    const { hostname, port } = conn.addr as Deno.NetAddr;
    this.#conn = conn;
    this.localAddress = { hostname, port };
    this.label = `udp ${formatAddress(this.localAddress)}`;
    this.#isIpv6 = hostname.includes(":");
    this.#sends = new SendQueue(conn, drops);
    this.#receives = new ReceiveQueue(conn, drops);
  }

  /**
   * Opens a socket.
   * @throws Error with the system's error as cause: port taken, address not of this machine, no permission.
   */
  static bind(options: UdpSocketOptions): UdpSocket {
    const { hostname, port, device, mark, tellsLocal = false, drops = null } = options;
    try {
      if (device !== undefined) throw new Error(`interface "${device}" needs --io ffi`);
      if (mark !== undefined) throw new Error(`mark ${mark} needs --io ffi`);
      if (tellsLocal) throw new Error("to tell the address that was asked needs --io ffi");
      const conn = Deno.listenDatagram({ transport: "udp", hostname, port });
      growUdpBuffers((conn.addr as Deno.NetAddr).port);
      return new UdpSocket(conn, drops);
    } catch (cause) {
      throw bindError(options, cause);
    }
  }

  /** Datagrams that the system refused after `send` had taken them. */
  get sendErrors(): number {
    return this.#sends.errors;
  }

  /**
   * The newest of these refusals (network unreachable, permission, ...), or null. It stays after
   * later successes: compare {@link sendErrors} over time.
   */
  get lastSendError(): Error | null {
    return this.#sends.lastError;
  }

  /** How often sends had to wait for room in the system, see {@link SendQueue}. */
  get sendStalls(): number {
    return this.#sends.stalls;
  }

  /** Errors of receiving that did not end the socket, such as an ICMP answer to an earlier send. */
  get receiveErrors(): number {
    return this.#receives.errors;
  }

  /** See {@link DatagramSocket.failure}: set when receiving fails for good. */
  get failure(): Error | null {
    return this.#receives.failure;
  }

  /** Hot. See {@link DatagramSocket.send}. `dst` must be an IP literal, or the system's resolver is asked for each packet. */
  send(packet: OutgoingBytes, dst: NetAddress): number {
    if (this.#isClosed || this.#receives.failure !== null) return DropReason.CLOSED;
    if (packet.end - packet.start > MAX_PACKET_BYTES) return DropReason.TOO_LARGE;
    if (dst !== this.#lastDst) this.#setDestination(dst);
    return this.#sends.send(packet, this.#lastDenoDst);
  }

  /** See {@link DatagramSocket.receive}. One call at a time. */
  receive(slots: readonly DatagramSlot[]): Promise<number> {
    return this.#receives.receive(slots);
  }

  /** See {@link DatagramSocket.close}. Datagrams still in the send queue are lost. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sends.close();
    this.#receives.close();
    this.#conn.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** A dual-stack socket takes IPv4 addresses only in their mapped form on some systems (BSD, macOS). */
  #setDestination(dst: NetAddress): void {
    let denoDst = this.#denoDsts.get(dst);
    if (denoDst === undefined) {
      const isMapped = this.#isIpv6 && !dst.hostname.includes(":");
      const hostname = isMapped ? IPV4_MAPPED_PREFIX + dst.hostname : dst.hostname;
      denoDst = { transport: "udp", hostname, port: dst.port };
      this.#denoDsts.set(dst, denoDst);
    }
    this.#lastDst = dst;
    this.#lastDenoDst = denoDst;
  }
}
