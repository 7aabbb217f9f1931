/**
 * The answer to an inner packet that is larger than anything the links carry: ICMPv4 "fragmentation needed" (RFC 1191) or
 * ICMPv6 "packet too big" (RFC 8201). It goes back to the tun the packet came from. Pure.
 *
 * The answer's source is the packet's own destination. A router uses an address of its own, but a tunnel's end has none
 * that it can always use: a slave may have an inner address of one IP version only, and a tun that somebody else set up is not
 * known to have any. This one always exists, is of the right version, and is routed into the tun, so reverse path filters let
 * it in; receivers match the quoted packet, not the source.
 *
 * How often to answer is the caller's matter (RFC 1812 §4.3.2.8, RFC 4443 §2.4 (f) want a limit).
 *
 * @module
 */

import { addWords, checksumOf } from "./inet_checksum.ts";
import { readIpVersion } from "./ip_packet.ts";
import { IpPayload, IpProtocol } from "./ip_payload.ts";
import type { Packet } from "./packet.ts";

/** RFC 791 §3.1. */
const IPV4_HEADER_BYTES = 20;
const IPV4_FRAGMENT_OFFSET = 6;
const IPV4_DONT_FRAGMENT = 0x4000;
const IPV4_CHECKSUM_OFFSET = 10;
const IPV4_SOURCE_OFFSET = 12;
const IPV4_DESTINATION_OFFSET = 16;
/** The smallest MTU there is; less is not told. */
const IPV4_MIN_MTU_BYTES = 68;
/** RFC 1812 §4.3.2.5: precedence "internetwork control". */
const IPV4_TOS = 0xc0;
/** RFC 1812 §4.3.2.3: as much of the packet as makes no more than this in all. */
const IPV4_MAX_ANSWER_BYTES = 576;

/** RFC 8200 §3, §5. */
const IPV6_HEADER_BYTES = 40;
const IPV6_SOURCE_OFFSET = 8;
const IPV6_DESTINATION_OFFSET = 24;
const IPV6_ADDRESS_BYTES = 16;
/** No link of IPv6 has less, and a sender told less does not believe it (RFC 8201 §4); what is that small is fragmented inside the tunnel. */
const IPV6_MIN_MTU_BYTES = 1_280;
/** RFC 4443 §3.2: as much of the packet as makes no more than the smallest MTU. */
const IPV6_MAX_ANSWER_BYTES = 1_280;

const HOP_LIMIT = 64;

/** RFC 792, RFC 1191 §4: type 3, code 4; the MTU is the last 16 bits of the header. */
const ICMP_HEADER_BYTES = 8;
const ICMP_CHECKSUM_OFFSET = 2;
const ICMP_FRAGMENTATION_NEEDED = 0x0304;
const ICMP_MTU_OFFSET = 6;

/** RFC 4443 §3.2: type 2, code 0; the MTU has 32 bits. */
const ICMPV6_PACKET_TOO_BIG = 0x0200;
const ICMPV6_MTU_OFFSET = 4;

/** Used again for each packet; nothing of it outlives a call. */
const payload = new IpPayload();

/**
 * Makes the answer to a packet that is too big, where an answer is allowed: not about an ICMP error, a fragment beyond the first, or
 * an IPv4 packet that may be fragmented (DF is not set), or what is no IP packet; not to, nor from, an address that is no single host's.
 *
 * @param about the packet; borrowed. When it is IP it has passed checkIpPacket.
 * @param mtuBytes largest inner packet that can be carried.
 * @param out becomes the answer: another slot than `about`, with room for 1,280 bytes.
 * @returns whether there is an answer; if not, `out` is as it was.
 */
export function craftTooBig(about: Packet, mtuBytes: number, out: Packet): boolean {
  const version = readIpVersion(about);
  if (version !== 4 && version !== 6) return false;
  payload.locate(about);
  const lengthBytes = payload.end - about.start;
  const isIpv4 = version === 4;
  const toldBytes = Math.max(isIpv4 ? IPV4_MIN_MTU_BYTES : IPV6_MIN_MTU_BYTES, mtuBytes);
  if (lengthBytes <= toldBytes || payload.isLaterFragment || isAboutIcmpError(about)) return false;
  if (isIpv4) {
    if (!isAnswerableIpv4(about)) return false;
    craftIpv4(about, lengthBytes, toldBytes, out);
  } else {
    if (!isAnswerableIpv6(about)) return false;
    craftIpv6(about, lengthBytes, toldBytes, out);
  }
  return true;
}

/** RFC 1812 §4.3.2.7, RFC 4443 §2.4 (e): an error is not answered by an error, nor is ICMPv6's redirect. Nor what cannot be told from one. */
function isAboutIcmpError({ bytes }: Packet): boolean {
  const { protocol, start, end } = payload;
  if (protocol !== IpProtocol.ICMP && protocol !== IpProtocol.ICMPV6) return false;
  if (start >= end) return true;
  const type = bytes[start]!;
  if (protocol === IpProtocol.ICMPV6) return type < 128 || type === 137;
  // Unreachable, source quench, redirect, time exceeded, parameter problem.
  return type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
}

function isAnswerableIpv4({ view, bytes, start }: Packet): boolean {
  return (view.getUint16(start + IPV4_FRAGMENT_OFFSET) & IPV4_DONT_FRAGMENT) !== 0 &&
    isIpv4Host(bytes[start + IPV4_SOURCE_OFFSET]!) &&
    isIpv4Host(bytes[start + IPV4_DESTINATION_OFFSET]!);
}

/** By its first byte: not "this network", loopback, multicast, reserved or broadcast. */
function isIpv4Host(firstByte: number): boolean {
  return firstByte !== 0 && firstByte !== 127 && firstByte < 224;
}

/** Too big is the one error that RFC 4443 allows about multicast; but then its source would be a multicast address. */
function isAnswerableIpv6({ view, start }: Packet): boolean {
  return isIpv6Host(view, start + IPV6_SOURCE_OFFSET) &&
    isIpv6Host(view, start + IPV6_DESTINATION_OFFSET);
}

/** Not multicast (ff00::/8), unspecified (::) or loopback (::1). */
function isIpv6Host(view: DataView<ArrayBuffer>, at: number): boolean {
  if (view.getUint8(at) === 0xff) return false;
  const isLowest = view.getUint32(at) === 0 && view.getUint32(at + 4) === 0 &&
    view.getUint32(at + 8) === 0 && view.getUint32(at + 12) <= 1;
  return !isLowest;
}

function craftIpv4(about: Packet, lengthBytes: number, mtuBytes: number, out: Packet): void {
  const headersBytes = IPV4_HEADER_BYTES + ICMP_HEADER_BYTES;
  const quotedBytes = Math.min(lengthBytes, IPV4_MAX_ANSWER_BYTES - headersBytes);
  beginAnswer(out, headersBytes, about, quotedBytes);
  const { bytes, view, start, end } = out;
  bytes[start] = 0x45;
  bytes[start + 1] = IPV4_TOS;
  view.setUint16(start + 2, end - start);
  // Identification 0: a packet that is never fragmented needs none (RFC 6864).
  view.setUint16(start + IPV4_FRAGMENT_OFFSET, IPV4_DONT_FRAGMENT);
  bytes[start + 8] = HOP_LIMIT;
  bytes[start + 9] = IpProtocol.ICMP;
  view.setUint32(
    start + IPV4_SOURCE_OFFSET,
    about.view.getUint32(about.start + IPV4_DESTINATION_OFFSET),
  );
  view.setUint32(
    start + IPV4_DESTINATION_OFFSET,
    about.view.getUint32(about.start + IPV4_SOURCE_OFFSET),
  );
  const icmp = start + IPV4_HEADER_BYTES;
  view.setUint16(start + IPV4_CHECKSUM_OFFSET, checksumOf(addWords(out, start, icmp, 0)));
  view.setUint16(icmp, ICMP_FRAGMENTATION_NEEDED);
  view.setUint16(icmp + ICMP_MTU_OFFSET, Math.min(mtuBytes, 0xffff));
  view.setUint16(icmp + ICMP_CHECKSUM_OFFSET, checksumOf(addWords(out, icmp, end, 0)));
}

function craftIpv6(about: Packet, lengthBytes: number, mtuBytes: number, out: Packet): void {
  const headersBytes = IPV6_HEADER_BYTES + ICMP_HEADER_BYTES;
  const quotedBytes = Math.min(lengthBytes, IPV6_MAX_ANSWER_BYTES - headersBytes);
  beginAnswer(out, headersBytes, about, quotedBytes);
  const { bytes, view, start, end } = out;
  const icmp = start + IPV6_HEADER_BYTES;
  bytes[start] = 0x60;
  view.setUint16(start + 4, end - icmp);
  bytes[start + 6] = IpProtocol.ICMPV6;
  bytes[start + 7] = HOP_LIMIT;
  for (let i = 0; i < IPV6_ADDRESS_BYTES; i++) {
    bytes[start + IPV6_SOURCE_OFFSET + i] = about.bytes[about.start + IPV6_DESTINATION_OFFSET + i]!;
    bytes[start + IPV6_DESTINATION_OFFSET + i] = about.bytes[about.start + IPV6_SOURCE_OFFSET + i]!;
  }
  view.setUint16(icmp, ICMPV6_PACKET_TOO_BIG);
  view.setUint32(icmp + ICMPV6_MTU_OFFSET, mtuBytes);
  // RFC 8200 §8.1: the pseudo-header is addresses, length and next header.
  const pseudoSum = addWords(out, start + IPV6_SOURCE_OFFSET, icmp, end - icmp + IpProtocol.ICMPV6);
  view.setUint16(icmp + ICMP_CHECKSUM_OFFSET, checksumOf(addWords(out, icmp, end, pseudoSum)));
}

/** Makes `out` a packet of headers of zeros and the first bytes of the packet that it is about. */
function beginAnswer(out: Packet, headersBytes: number, about: Packet, quotedBytes: number): void {
  out.reset();
  out.end = out.start + headersBytes + quotedBytes;
  out.bytes.fill(0, out.start, out.start + headersBytes);
  const quoted = about.bytes.subarray(about.start, about.start + quotedBytes);
  out.bytes.set(quoted, out.start + headersBytes);
}
