/**
 * Reads whether a packet is a plain TCP segment with data, or a plain UDP datagram, of the kind that may be joined with its
 * neighbours: what the coalescer asks of each packet that came through the tunnel. Pure.
 *
 * The rules are those of Linux' GRO (net/ipv4/tcp_offload.c, udp_offload.c, af_inet.c, net/ipv6/ip6_offload.c), a little stricter
 * where that costs nothing: what the kernel cuts again must be what came, bit for bit.
 *
 * @module
 */

import { addWords, checksumOf } from "./inet_checksum.ts";
import { IpProtocol } from "./ip_payload.ts";
import type { Packet } from "./packet.ts";

/** Largest superpacket: what an IPv4 header's total length can say. IPv6 could have 40 more; not worth a second limit. */
export const MAX_JOINED_BYTES = 65_535;

/** RFC 791 §3.1: version 4 and a header without options, the only one that GRO joins. */
const IPV4_PLAIN = 0x45;
export const IPV4_HEADER_BYTES = 20;
const IPV4_TOTAL_LENGTH_OFFSET = 2;
const IPV4_FRAGMENT_OFFSET = 6;
const IPV4_PROTOCOL_OFFSET = 9;
/** Of the word at {@link IPV4_FRAGMENT_OFFSET}; all the others must be 0. */
export const IPV4_DONT_FRAGMENT = 0x4000;

/** RFC 8200 §3. Packets with extension headers are not joined. */
export const IPV6_HEADER_BYTES = 40;
const IPV6_PAYLOAD_LENGTH_OFFSET = 4;
const IPV6_NEXT_HEADER_OFFSET = 6;

/** RFC 9293 §3.1, from the TCP header's first byte. */
const TCP_MIN_HEADER_BYTES = 20;
/** Upper four bits: the header's length in 4-byte words; the lower ones are reserved, or AE of accurate ECN: never joined. */
const TCP_DATA_OFFSET_OFFSET = 12;
export const TCP_FLAGS_OFFSET = 13;
export const TCP_PSH = 0x08;
const TCP_ACK = 0x10;

/** RFC 768, from the UDP header's first byte. */
export const UDP_HEADER_BYTES = 8;
export const UDP_LENGTH_OFFSET = 4;

/** A reused object: one packet's segment, or datagram. */
export class JoinableSegment {
  /** It is a UDP datagram. */
  isUdp = false;
  /** IP header: 20 or 40. */
  ipHeaderBytes = 0;
  /** IP and TCP or UDP header together, options included. */
  headerBytes = 0;
  /** TCP's or UDP's payload; at least 1. */
  payloadBytes = 0;
  /** TCP's PSH is set: nothing may follow in the same superpacket, for segments but the last lose it. */
  isPushed = false;

  /**
   * Hot. Reads a packet that has passed checkIpPacket; whatever else it says may be a lie.
   * @param mayBeUdp whether UDP datagrams may be joined
   * @returns whether it may be joined; if not, the fields mean nothing.
   */
  read(packet: Packet, mayBeUdp: boolean): boolean {
    const { bytes, start, end } = packet;
    const isIpv4 = bytes[start] === IPV4_PLAIN;
    if (!isIpv4 && bytes[start]! >> 4 !== 6) return false;
    const protocol = bytes[start + (isIpv4 ? IPV4_PROTOCOL_OFFSET : IPV6_NEXT_HEADER_OFFSET)];
    this.isUdp = protocol === IpProtocol.UDP;
    if (protocol !== IpProtocol.TCP && !(this.isUdp && mayBeUdp)) return false;
    if (end - start > MAX_JOINED_BYTES) return false;
    if (isIpv4 ? !isPlainIpv4(packet) : !isPlainIpv6(packet)) return false;
    this.ipHeaderBytes = isIpv4 ? IPV4_HEADER_BYTES : IPV6_HEADER_BYTES;
    const transportStart = start + this.ipHeaderBytes;
    return this.isUdp
      ? this.#readUdp(packet, transportStart)
      : this.#readTcp(packet, transportStart);
  }

  #readTcp({ bytes, end }: Packet, tcpStart: number): boolean {
    const offsetByte = bytes[tcpStart + TCP_DATA_OFFSET_OFFSET]!;
    const tcpHeaderBytes = (offsetByte >> 4) * 4;
    if (tcpHeaderBytes < TCP_MIN_HEADER_BYTES || (offsetByte & 0x0f) !== 0) return false;
    const flags = bytes[tcpStart + TCP_FLAGS_OFFSET]!;
    if ((flags & ~TCP_PSH) !== TCP_ACK) return false;
    this.headerBytes = this.ipHeaderBytes + tcpHeaderBytes;
    this.payloadBytes = end - tcpStart - tcpHeaderBytes;
    this.isPushed = (flags & TCP_PSH) !== 0;
    return this.payloadBytes > 0;
  }

  /** A length that is not the packet's could not be brought back by cutting. */
  #readUdp({ view, end }: Packet, udpStart: number): boolean {
    const udpBytes = end - udpStart;
    if (udpBytes <= UDP_HEADER_BYTES) return false;
    this.headerBytes = this.ipHeaderBytes + UDP_HEADER_BYTES;
    this.payloadBytes = udpBytes - UDP_HEADER_BYTES;
    this.isPushed = false;
    return view.getUint16(udpStart + UDP_LENGTH_OFFSET) === udpBytes;
  }
}

/** A wrong header checksum is not to be repaired by joining: such a packet goes alone, and the kernel drops it. */
function isPlainIpv4(packet: Packet): boolean {
  const { view, start, end } = packet;
  return view.getUint16(start + IPV4_TOTAL_LENGTH_OFFSET) === end - start &&
    (view.getUint16(start + IPV4_FRAGMENT_OFFSET) & ~IPV4_DONT_FRAGMENT) === 0 &&
    checksumOf(addWords(packet, start, start + IPV4_HEADER_BYTES, 0)) === 0;
}

/** Packets with extension headers have another protocol there. */
function isPlainIpv6({ view, start, end }: Packet): boolean {
  return view.getUint16(start + IPV6_PAYLOAD_LENGTH_OFFSET) === end - start - IPV6_HEADER_BYTES;
}
