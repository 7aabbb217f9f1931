/**
 * Packets of the tunnel's own addresses, as a kernel routes them into a tun.
 *
 * @module
 */

import { craftUdp4 } from "./udp4_packet.ts";

/** From host number to host number of the pool 10.10.10.0/24, distinguished by a mark. */
export function innerPacket(from: number, to: number, mark = 0, lengthBytes = 60): Uint8Array {
  const payload = new Uint8Array(lengthBytes - 28);
  new DataView(payload.buffer).setUint32(0, mark);
  return craftUdp4({ src: [10, 10, 10, from], dst: [10, 10, 10, to], payload });
}

/** The mark of such a packet. */
export function markOf(packet: Uint8Array): number {
  return new DataView(packet.buffer, packet.byteOffset).getUint32(28);
}
