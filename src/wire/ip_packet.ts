/**
 * Tells IP packets from other bytes: at the tun, and before what a peer sent is given to it.
 *
 * @module
 */

import { DropReason } from "./drop_reason.ts";
import type { Packet } from "./packet.ts";

/** RFC 791 §3.1: the header without options; the length fields count from the header's first byte. */
const IPV4_MIN_HEADER_BYTES = 20;
const IPV4_TOTAL_LENGTH_OFFSET = 2;

/** RFC 8200 §3: the fixed header; the payload length counts from behind it. */
const IPV6_HEADER_BYTES = 40;
const IPV6_PAYLOAD_LENGTH_OFFSET = 4;

/** Hot. The version nibble: 4 or 6 for IP, anything else for other bytes; -1 when the packet is empty. */
export function readIpVersion(packet: Packet): number {
  return packet.start < packet.end ? packet.bytes[packet.start]! >> 4 : -1;
}

/**
 * Hot. Checks that the packet is IPv4 or IPv6 with a whole header and that its length field says no
 * more than is there. Bytes behind the length it says are let through: the kernel trims them.
 * Checksums are the kernel's matter.
 * @returns 0, or a {@link DropReason}: EMPTY or NOT_IP.
 */
export function checkIpPacket(packet: Packet): number {
  switch (readIpVersion(packet)) {
    case 4:
      return checkIpv4(packet);
    case 6:
      return checkIpv6(packet);
    case -1:
      return DropReason.EMPTY;
    default:
      return DropReason.NOT_IP;
  }
}

/**
 * Checks all that {@link checkIpPacket} does, that the length is exactly what the header says, and,
 * for IPv4, the header's checksum: of random bytes with a good first nibble that one passes in some
 * hundred, this one in 65,536 or, for IPv4, hardly ever.
 * @returns 0, or a {@link DropReason}: EMPTY or NOT_IP.
 */
export function checkExactIpPacket(packet: Packet): number {
  const result = checkIpPacket(packet);
  if (result < 0) return result;
  const { view, start } = packet;
  const lengthBytes = packet.end - start;
  const isExact = readIpVersion(packet) === 4
    ? view.getUint16(start + IPV4_TOTAL_LENGTH_OFFSET) === lengthBytes &&
      hasGoodIpv4Checksum(packet)
    : IPV6_HEADER_BYTES + view.getUint16(start + IPV6_PAYLOAD_LENGTH_OFFSET) === lengthBytes;
  return isExact ? 0 : DropReason.NOT_IP;
}

/** RFC 1071: the one's complement sum over the header, its checksum included, is all ones. */
function hasGoodIpv4Checksum({ view, bytes, start }: Packet): boolean {
  const headerBytes = (bytes[start]! & 0x0f) * 4;
  let sum = 0;
  for (let at = start; at < start + headerBytes; at += 2) sum += view.getUint16(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return sum === 0xffff;
}

/**
 * A packet too short to have the fields needs no check of its own, here and in checkIpv6: what is
 * read in their place is old (a slot has tailroom), but no value of it lets the packet pass.
 */
function checkIpv4(packet: Packet): number {
  const lengthBytes = packet.end - packet.start;
  const headerBytes = (packet.bytes[packet.start]! & 0x0f) * 4;
  const totalBytes = packet.view.getUint16(packet.start + IPV4_TOTAL_LENGTH_OFFSET);
  const isConsistent = headerBytes >= IPV4_MIN_HEADER_BYTES && totalBytes >= headerBytes &&
    totalBytes <= lengthBytes;
  return isConsistent ? 0 : DropReason.NOT_IP;
}

/** A jumbogram (RFC 2675) says 0 and passes; no datagram could carry one anyway. */
function checkIpv6(packet: Packet): number {
  const lengthBytes = packet.end - packet.start;
  const payloadBytes = packet.view.getUint16(packet.start + IPV6_PAYLOAD_LENGTH_OFFSET);
  return IPV6_HEADER_BYTES + payloadBytes <= lengthBytes ? 0 : DropReason.NOT_IP;
}
