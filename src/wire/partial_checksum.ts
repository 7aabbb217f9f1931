/**
 * The checksum of a packet that came through the tunnel without one ({@link Packet.isPartial}): left to the kernel that gets
 * the packet, if its tun takes vnet headers, else computed here. Comes right before the tun. Pure.
 *
 * A routing header with segments left (RFC 8200 §4.4) is not looked into: its last address would belong into the sum.
 *
 * @module
 */

import { DropReason } from "./drop_reason.ts";
import { checksumOf } from "./inet_checksum.ts";
import { checkIpPacket } from "./ip_packet.ts";
import { IpPayload, IpProtocol } from "./ip_payload.ts";
import type { Packet } from "./packet.ts";
import { VnetFlag, type VnetHeader } from "./vnet_header.ts";

/** Both addresses, from the first byte of the IP header on (RFC 791 §3.1, RFC 8200 §3). */
const IPV4_ADDRESSES_OFFSET = 12;
const IPV4_ADDRESSES_BYTES = 8;
const IPV6_ADDRESSES_OFFSET = 8;
const IPV6_ADDRESSES_BYTES = 32;

/** RFC 9293 §3.1. */
const TCP_MIN_HEADER_BYTES = 20;
const TCP_CHECKSUM_OFFSET = 16;

/** RFC 768. A checksum of 0 says that there is none; a sum that comes to 0 is sent as its other zero. */
const UDP_HEADER_BYTES = 8;
const UDP_CHECKSUM_OFFSET = 6;
const UDP_ZERO_CHECKSUM = 0xffff;

/** Used again for each packet; nothing of it outlives a call. */
const payload = new IpPayload();

/**
 * Hot. Prepares a partial packet for a kernel: writes the pseudo-header's sum, folded but not complemented, into the checksum
 * field (linux Documentation/networking/checksum-offloads.rst), and says in the header where that is. A packet that is
 * several in one has the sum with the length of all (as net/ipv4/tcp_offload.c tcp_gso_segment takes it).
 * @param packet changed in place; stays partial.
 * @param header its other fields stay as they are.
 * @returns 0, or a {@link DropReason}, and nothing is changed: NOT_IP for neither TCP nor UDP, or a fragment; EMPTY.
 */
export function writePseudoChecksum(packet: Packet, header: VnetHeader): number {
  const checksumOffset = locateChecksum(packet);
  if (checksumOffset < 0) return checksumOffset;
  // The folded sum is the complement of what checksumOf gives.
  packet.view.setUint16(payload.start + checksumOffset, ~checksumOf(pseudoSum(packet)));
  header.flags = VnetFlag.NEEDS_CSUM;
  header.checksumStart = payload.start - packet.start;
  header.checksumOffset = checksumOffset;
  return 0;
}

/**
 * Hot. Computes the checksum of a partial packet, for a tun without vnet headers. The packet is partial no longer.
 * @param packet changed in place.
 * @returns 0, or a {@link DropReason}, and nothing is changed: NOT_IP for neither TCP nor UDP, or a fragment; EMPTY.
 */
export function completeChecksum(packet: Packet): number {
  const checksumOffset = locateChecksum(packet);
  if (checksumOffset < 0) return checksumOffset;
  const { view } = packet;
  const { protocol, start, end } = payload;
  view.setUint16(start + checksumOffset, 0);
  const checksum = checksumOf(pseudoSum(packet) + sumOf(view, start, end));
  const isUdpZero = checksum === 0 && protocol === IpProtocol.UDP;
  view.setUint16(start + checksumOffset, isUdpZero ? UDP_ZERO_CHECKSUM : checksum);
  packet.isPartial = false;
  return 0;
}

/** Locates the payload. @returns where the checksum is in it, in bytes; or a DropReason. */
function locateChecksum(packet: Packet): number {
  const result = checkIpPacket(packet);
  if (result < 0) return result;
  payload.locate(packet);
  if (payload.isFragment) return DropReason.NOT_IP;
  const bytes = payload.end - payload.start;
  if (payload.protocol === IpProtocol.TCP && bytes >= TCP_MIN_HEADER_BYTES) {
    return TCP_CHECKSUM_OFFSET;
  }
  if (payload.protocol === IpProtocol.UDP && bytes >= UDP_HEADER_BYTES) return UDP_CHECKSUM_OFFSET;
  return DropReason.NOT_IP;
}

/** RFC 9293 §3.1, RFC 8200 §8.1: addresses, length and protocol, the same sum in both versions. */
function pseudoSum({ view, bytes, start }: Packet): number {
  const isIpv4 = bytes[start]! >> 4 === 4;
  const at = start + (isIpv4 ? IPV4_ADDRESSES_OFFSET : IPV6_ADDRESSES_OFFSET);
  const end = at + (isIpv4 ? IPV4_ADDRESSES_BYTES : IPV6_ADDRESSES_BYTES);
  return sumOf(view, at, end) + payload.protocol + (payload.end - payload.start);
}

/**
 * The 16-bit words of `[start, end)` added up, as addWords does, in half of its time: 225 ns instead of 448 for 1400 bytes,
 * measured on a busy machine. Upper and lower words are added up apart, so that each sum of a packet stays an int32.
 */
function sumOf(view: DataView<ArrayBuffer>, start: number, end: number): number {
  let upper = 0;
  let lower = 0;
  let at = start;
  for (const last = end - 16; at <= last; at += 16) {
    const a = view.getInt32(at);
    const b = view.getInt32(at + 4);
    const c = view.getInt32(at + 8);
    const d = view.getInt32(at + 12);
    upper = (upper + (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16)) | 0;
    lower = (lower + (a & 0xffff) + (b & 0xffff) + (c & 0xffff) + (d & 0xffff)) | 0;
  }
  for (; at + 2 <= end; at += 2) lower += view.getUint16(at);
  if (at < end) upper += view.getUint8(at) << 8;
  return upper + lower;
}
