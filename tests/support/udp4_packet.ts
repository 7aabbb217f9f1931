/**
 * Makes IPv4 UDP packets, for tests that play the kernel or the far end of the tunnel.
 *
 * @module
 */

/** What goes into the packet; addresses are 4 bytes. */
export interface Udp4 {
  readonly src?: readonly number[];
  readonly srcPort?: number;
  readonly dst?: readonly number[];
  readonly dstPort?: number;
  readonly payload: Uint8Array;
}

/** IPv4 header without options (RFC 791 §3.1) and UDP header (RFC 768). */
export const UDP4_HEADER_BYTES = 28;

/** A whole packet. The UDP checksum is 0, "not computed", which RFC 768 allows over IPv4. */
export function craftUdp4(udp: Udp4): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(UDP4_HEADER_BYTES + udp.payload.length);
  const view = new DataView(bytes.buffer);
  bytes[0] = 0x45;
  view.setUint16(2, bytes.length);
  bytes[8] = 64;
  bytes[9] = 17;
  bytes.set(udp.src ?? [192, 0, 2, 1], 12);
  bytes.set(udp.dst ?? [192, 0, 2, 2], 16);
  view.setUint16(20, udp.srcPort ?? 1);
  view.setUint16(22, udp.dstPort ?? 2);
  view.setUint16(24, 8 + udp.payload.length);
  bytes.set(udp.payload, UDP4_HEADER_BYTES);
  writeChecksum(bytes, 10, 0, 20);
  return bytes;
}

/** Writes the internet checksum (RFC 1071) of `bytes[start..end)` at `offset`; the range is of even length. */
export function writeChecksum(bytes: Uint8Array, offset: number, start: number, end: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint16(offset, 0);
  let sum = 0;
  for (let i = start; i < end; i += 2) sum += view.getUint16(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  view.setUint16(offset, ~sum & 0xffff);
}

/** The payload of an IPv4 UDP packet without options; null for any other packet (a kernel's own IPv6 chatter). */
export function udp4Payload(packet: Uint8Array): Uint8Array | null {
  const isUdp4 = packet.length >= UDP4_HEADER_BYTES && packet[0] === 0x45 && packet[9] === 17;
  return isUdp4 ? packet.subarray(UDP4_HEADER_BYTES) : null;
}
