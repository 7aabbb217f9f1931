/**
 * Where an inner IP packet's transport header stands: behind IPv4's options or IPv6's extension headers,
 * and not at all in a fragment beyond the first. Pure.
 *
 * Whoever looks into a packet (flows, MSS, ICMP errors) asks here, so that the bounds are checked in one
 * place: nothing beyond the packet's end, nor beyond the length its header says, is ever read.
 *
 * @module
 */

import type { Packet } from "./packet.ts";

/** Protocol numbers (IANA), which are IPv6's next header numbers too. */
export const IpProtocol = {
  HOP_BY_HOP: 0,
  ICMP: 1,
  TCP: 6,
  UDP: 17,
  DCCP: 33,
  ROUTING: 43,
  FRAGMENT: 44,
  ESP: 50,
  AH: 51,
  ICMPV6: 58,
  DESTINATION_OPTIONS: 60,
  SCTP: 132,
  MOBILITY: 135,
  UDP_LITE: 136,
  HIP: 139,
  SHIM6: 140,
} as const;

/** RFC 791 §3.1. */
const IPV4_TOTAL_LENGTH_OFFSET = 2;
const IPV4_ID_OFFSET = 4;
const IPV4_FRAGMENT_OFFSET = 6;
const IPV4_PROTOCOL_OFFSET = 9;
/** Of the word at {@link IPV4_FRAGMENT_OFFSET}: more fragments follow; place of this one, in 8-byte units. */
const IPV4_MORE_FRAGMENTS = 0x2000;
const IPV4_FRAGMENT_PLACE = 0x1fff;

/** RFC 8200 §3. */
const IPV6_HEADER_BYTES = 40;
const IPV6_PAYLOAD_LENGTH_OFFSET = 4;
const IPV6_NEXT_HEADER_OFFSET = 6;
/** RFC 8200 §4.5: place in the upper 13 bits, "more" in the lowest, then the 32-bit identification. */
const IPV6_FRAGMENT_PLACE = 0xfff8;
const IPV6_MORE_FRAGMENTS = 1;

/** The shortest extension header; lengths count in this unit, the first not counted. */
const EXTENSION_UNIT_BYTES = 8;

/**
 * Extension headers that are skipped. Real packets have one or two; a longer chain is made to cost time, and
 * is taken for a packet of an unknown protocol.
 */
const MAX_EXTENSION_HEADERS = 8;

/** A reused object: one packet's transport header. */
export class IpPayload {
  /** Protocol of the payload; where a chain of extension headers is broken or too long, the number of the header that was not read. */
  protocol = -1;
  /** Offset of the payload's first byte in the slot's `bytes`. */
  start = 0;
  /** Offset behind its last byte: by the length the IP header says, never behind the packet's end. */
  end = 0;
  /** Part of a larger packet: the first part, or a later one. */
  isFragment = false;
  /** A part beyond the first: the payload has no transport header. */
  isLaterFragment = false;
  /** What the parts of one packet have in common: 16 bits in IPv4, 32 in IPv6, as int32. 0 in a packet that is no fragment. */
  fragmentId = 0;

  /** Hot. Finds the payload of a packet that has passed checkIpPacket. */
  locate(packet: Packet): void {
    this.isFragment = false;
    this.isLaterFragment = false;
    this.fragmentId = 0;
    if (packet.bytes[packet.start]! >> 4 === 4) this.#locateInIpv4(packet);
    else this.#locateInIpv6(packet);
  }

  #locateInIpv4({ view, bytes, start, end }: Packet): void {
    this.protocol = bytes[start + IPV4_PROTOCOL_OFFSET]!;
    this.start = start + (bytes[start]! & 0x0f) * 4;
    this.end = Math.min(end, start + view.getUint16(start + IPV4_TOTAL_LENGTH_OFFSET));
    const fragment = view.getUint16(start + IPV4_FRAGMENT_OFFSET);
    if ((fragment & (IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_PLACE)) === 0) return;
    this.isFragment = true;
    this.isLaterFragment = (fragment & IPV4_FRAGMENT_PLACE) !== 0;
    this.fragmentId = view.getUint16(start + IPV4_ID_OFFSET);
  }

  #locateInIpv6({ view, bytes, start, end }: Packet): void {
    const payloadBytes = view.getUint16(start + IPV6_PAYLOAD_LENGTH_OFFSET);
    let next = bytes[start + IPV6_NEXT_HEADER_OFFSET]!;
    let at = start + IPV6_HEADER_BYTES;
    this.end = Math.min(end, at + payloadBytes);
    for (let i = 0; i < MAX_EXTENSION_HEADERS && isExtension(next); i++) {
      if (at + EXTENSION_UNIT_BYTES > this.end || this.isLaterFragment) break;
      const header = next;
      next = bytes[at]!;
      if (header === IpProtocol.FRAGMENT) this.#noteIpv6Fragment(view, at);
      at += extensionBytes(header, bytes[at + 1]!);
    }
    this.protocol = next;
    this.start = Math.min(at, this.end);
  }

  /** One that is first and last ("atomic", RFC 6946) is a whole packet. */
  #noteIpv6Fragment(view: DataView<ArrayBuffer>, at: number): void {
    const fragment = view.getUint16(at + 2);
    if ((fragment & (IPV6_FRAGMENT_PLACE | IPV6_MORE_FRAGMENTS)) === 0) return;
    this.isFragment = true;
    this.isLaterFragment = (fragment & IPV6_FRAGMENT_PLACE) !== 0;
    this.fragmentId = view.getInt32(at + 4);
  }
}

function isExtension(header: number): boolean {
  switch (header) {
    case IpProtocol.HOP_BY_HOP:
    case IpProtocol.ROUTING:
    case IpProtocol.FRAGMENT:
    case IpProtocol.AH:
    case IpProtocol.DESTINATION_OPTIONS:
    case IpProtocol.MOBILITY:
    case IpProtocol.HIP:
    case IpProtocol.SHIM6:
      return true;
    default:
      return false;
  }
}

/** @param lengthField the header's second byte: reserved in a fragment header, 4-byte units in AH (RFC 4302 §2.2). */
function extensionBytes(header: number, lengthField: number): number {
  if (header === IpProtocol.FRAGMENT) return EXTENSION_UNIT_BYTES;
  if (header === IpProtocol.AH) return (lengthField + 2) * 4;
  return (lengthField + 1) * EXTENSION_UNIT_BYTES;
}
