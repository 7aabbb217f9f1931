/**
 * What a kernel makes of a write to a tun with vnet headers, as one reads it: the readable twin of the segmenter, and what
 * the coalescer's runs are checked against.
 *
 * @module
 */

import assert from "node:assert/strict";
import { IpPayload } from "../../src/wire/ip_payload.ts";
import { Packet } from "../../src/wire/packet.ts";
import { GsoType, VNET_HEADER_BYTES, VnetFlag, VnetHeader } from "../../src/wire/vnet_header.ts";
import { checksum } from "./craft_ip.ts";
import { toHex } from "./hex.ts";
import { slowSegments } from "./slow_segmenter.ts";

const FIN_PSH = 0x09;

/** Cuts one write into packets. Fields and checksums that the kernel relies on are checked on the way. */
export function cutWrite(write: Uint8Array): Uint8Array[] {
  const header = new VnetHeader();
  header.read(new DataView(write.buffer, write.byteOffset), 0);
  const packet = write.slice(VNET_HEADER_BYTES);
  if (header.flags === 0) {
    assert.deepEqual(
      [...write.subarray(0, VNET_HEADER_BYTES)],
      new Array(VNET_HEADER_BYTES).fill(0),
    );
    return [packet];
  }
  assert.equal(header.flags, VnetFlag.NEEDS_CSUM);
  assert.ok(header.headerBytes <= packet.length);
  const transport = header.checksumStart;
  const sum = packet[transport + header.checksumOffset]! * 256 +
    packet[transport + header.checksumOffset + 1]!;
  const isIpv4 = packet[0]! >> 4 === 4;
  const addresses = isIpv4 ? packet.subarray(12, 20) : packet.subarray(8, 40);
  const protocol = header.checksumOffset === 16 ? 6 : 17;
  const ipBytes = isIpv4 ? packet[2]! * 256 + packet[3]! : packet[4]! * 256 + packet[5]! + 40;
  const bytes = ipBytes - transport;
  // The folded sum, where the checksum is its complement.
  const pseudo = [...addresses, 0, protocol, bytes >> 8, bytes & 0xff];
  assert.equal(sum, 0xffff - checksum(pseudo), "not the sum of the pseudo-header");
  if (header.gsoType === GsoType.NONE) return [packet];
  return header.gsoType === GsoType.UDP_L4 ? cutUdp(packet, header) : cutTcp(packet, header);
}

/** As net/ipv4/udp_offload.c __udp_gso_segment wants it. */
function cutUdp(packet: Uint8Array, header: VnetHeader): Uint8Array[] {
  const isIpv4 = packet[0]! >> 4 === 4;
  const udp = isIpv4 ? 20 : 40;
  const view = new DataView(packet.buffer);
  assert.equal(header.checksumStart, udp);
  assert.equal(header.checksumOffset, 6);
  assert.equal(header.headerBytes, udp + 8);
  assert.equal(view.getUint16(udp + 4), packet.length - udp);
  if (isIpv4) {
    assert.equal(checksum(packet.subarray(0, 20)), 0, "wrong checksum of the IPv4 header");
  }
  const payloadBytes = packet.length - header.headerBytes;
  assert.ok(payloadBytes > header.segmentBytes, "too small for several datagrams");
  assert.ok(payloadBytes <= 64 * header.segmentBytes, "more datagrams than every kernel cuts");
  const datagrams = slowSegments([...packet], header.gsoType, header.segmentBytes);
  return datagrams!.map((datagram) => Uint8Array.from(datagram));
}

function cutTcp(packet: Uint8Array, header: VnetHeader): Uint8Array[] {
  const isIpv4 = packet[0]! >> 4 === 4;
  assert.equal(header.gsoType, isIpv4 ? GsoType.TCPV4 : GsoType.TCPV6);
  const view = new DataView(packet.buffer);
  const tcp = isIpv4 ? 20 : 40;
  assert.equal(header.checksumStart, tcp);
  assert.equal(packet.length, isIpv4 ? view.getUint16(2) : view.getUint16(4) + 40);
  assert.equal(packet[isIpv4 ? 9 : 6], 6);
  if (isIpv4) {
    assert.equal(checksum(packet.subarray(0, 20)), 0, "wrong checksum of the IPv4 header");
  }
  const headerBytes = tcp + (packet[tcp + 12]! >> 4) * 4;
  assert.equal(header.headerBytes, headerBytes);
  assert.ok(packet.length - headerBytes > header.segmentBytes, "too small for several segments");
  const segments: Uint8Array[] = [];
  for (let at = headerBytes; at < packet.length; at += header.segmentBytes) {
    const end = Math.min(at + header.segmentBytes, packet.length);
    const segment = new Uint8Array(headerBytes + end - at);
    segment.set(packet.subarray(0, headerBytes));
    segment.set(packet.subarray(at, end), headerBytes);
    const fields = new DataView(segment.buffer);
    fields.setUint32(tcp + 4, view.getUint32(tcp + 4) + at - headerBytes);
    if (end < packet.length) segment[tcp + 13]! &= ~FIN_PSH;
    if (isIpv4) {
      fields.setUint16(2, segment.length);
      fields.setUint16(4, view.getUint16(4) + segments.length);
      fields.setUint16(10, 0);
      fields.setUint16(10, checksum(segment.subarray(0, 20)));
    } else fields.setUint16(4, segment.length - 40);
    segments.push(segment);
  }
  return segments;
}

/** A packet without what may change on the way: a partial one's checksum; with DF, IPv4's identification and header checksum. */
export function comparable(packet: Uint8Array, isPartial: boolean): string {
  const bytes = packet.slice();
  if (isPartial) {
    const slot = new Packet(bytes.length);
    slot.fill(bytes);
    const payload = new IpPayload();
    payload.locate(slot);
    const transport = payload.start - slot.start;
    if (payload.protocol === 6) bytes.fill(0, transport + 16, transport + 18);
    if (payload.protocol === 17) bytes.fill(0, transport + 6, transport + 8);
    if (bytes[0] === 0x45 && (bytes[6]! & 0x40) !== 0) {
      bytes.fill(0, 4, 6);
      bytes.fill(0, 10, 12);
    }
  }
  return toHex(bytes);
}
