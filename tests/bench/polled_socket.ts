/**
 * A UDP socket that nobody waits for: whoever has it looks now and then. Many simulated peers in one process then cost a look
 * each few milliseconds, and not a waking for each datagram, which would take processor time from what is measured beside them.
 *
 * @module
 */

import { Errno } from "../../ffi/errno.ts";
import { SocketAddress } from "../../ffi/socket_address.ts";
import { UdpFile } from "../../ffi/udp_file.ts";
import type { DatagramSocket } from "../../src/linkmap/datagram_socket.ts";
import type { NetAddress } from "../../src/net_address.ts";
import { DropReason } from "../../src/wire/drop_reason.ts";
import { HEADROOM_BYTES, Packet } from "../../src/wire/packet.ts";

/** Room for a run of datagrams (UDP_GRO). */
const RECEIVE_BYTES = 65_536;

/** See the module. */
export class PolledSocket implements DatagramSocket {
  readonly label: string;
  readonly transport = "udp";
  readonly failure = null;
  readonly lastSendError = null;
  readonly #file: UdpFile;
  readonly #addresses = new WeakMap<NetAddress, SocketAddress>();
  readonly #received = new Uint8Array(RECEIVE_BYTES);
  readonly #packet = new Packet();

  /** Opens one at an address of this machine. @throws SysError */
  constructor(hostname: string) {
    this.#file = UdpFile.open({ hostname, port: 0 });
    this.label = `udp ${hostname}`;
  }

  /** See {@link DatagramSocket.send}. */
  send(packet: Packet, dst: NetAddress): number {
    let address = this.#addresses.get(dst);
    if (address === undefined) {
      address = SocketAddress.from(dst.hostname, dst.port, this.#file.isIpv6);
      this.#addresses.set(dst, address);
    }
    const { bytes, start, length } = packet;
    const sent = this.#file.send(bytes, start, length, length, address);
    return sent < 0 ? DropReason.SEND_ERROR : 0;
  }

  /** Hands out what has come since the last look; the packet is borrowed until `onPacket` returns. */
  drain(onPacket: (packet: Packet) => void): void {
    for (;;) {
      const received = this.#file.receive(this.#received, 0, RECEIVE_BYTES);
      if (received === -Errno.EAGAIN || received === -Errno.EBADF) return;
      const segmentBytes = Math.max(1, this.#file.segmentBytes);
      for (let at = 0; at < received; at += segmentBytes) {
        const end = Math.min(at + segmentBytes, received);
        const packet = this.#packet;
        packet.bytes.set(this.#received.subarray(at, end), HEADROOM_BYTES);
        packet.start = HEADROOM_BYTES;
        packet.end = HEADROOM_BYTES + end - at;
        onPacket(packet);
      }
    }
  }

  /** Nobody waits for one. */
  receive(): Promise<number> {
    return Promise.reject(new Error("Invariant: a polled socket is not waited for"));
  }

  /** See {@link DatagramSocket.close}. */
  close(): void {
    this.#file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
