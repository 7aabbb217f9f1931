/**
 * Which flow an inner IP packet belongs to, and what kind of packet it is: read once, when the packet comes
 * from the tun, for the queue, the scheduler and the order at the other end. Also the congestion mark that
 * the queue puts on a packet. Pure.
 *
 * @module
 */

import { FlowHash } from "./flow_hash.ts";
import { adjustChecksum } from "./inet_checksum.ts";
import { readIpVersion } from "./ip_packet.ts";
import { IpPayload, IpProtocol } from "./ip_payload.ts";
import type { Packet } from "./packet.ts";

/** What a packet's payload is. */
export const FlowKind = { TCP: 0, UDP: 1, ICMP: 2, OTHER: 3 } as const;

/** One of {@link FlowKind}'s values. */
export type FlowKind = typeof FlowKind[keyof typeof FlowKind];

/** RFC 791 §3.1, RFC 8200 §3: where the addresses begin and how long both together are. */
const IPV4_SOURCE_OFFSET = 12;
const IPV4_CHECKSUM_OFFSET = 10;
const IPV6_SOURCE_OFFSET = 8;
const IPV6_ADDRESSES_BYTES = 32;

/** RFC 3168 §5: the lowest two bits of the type of service or traffic class. */
const NOT_ECT = 0;
const CE = 3;

/** RFC 9293 §3.1. */
const TCP_MIN_HEADER_BYTES = 20;
const TCP_DATA_OFFSET_OFFSET = 12;
const TCP_FLAGS_OFFSET = 13;
const TCP_ACK_NO_OFFSET = 8;
const TCP_WINDOW_OFFSET = 14;
const TCP_FIN_SYN_RST = 0x07;
const TCP_ACK = 0x10;

/** RFC 7323 appendix A: how everybody writes the timestamps, two NOPs and the option's kind and length. */
const TCP_TIMESTAMPS = 0x0101080a;
const TCP_TIMESTAMPS_HEADER_BYTES = 32;

const PORTS_BYTES = 4;
const UDP_HEADER_BYTES = 8;
const DNS_PORT = 53;

/** RFC 792, RFC 4443: an echo or its answer has an identifier, which is a flow's as ports are. */
const ICMP_HEADER_BYTES = 8;
const ICMP_ID_OFFSET = 4;
const ICMP_ECHO_REPLY = 0;
const ICMP_ECHO = 8;
const ICMPV6_ECHO = 128;
const ICMPV6_ECHO_REPLY = 129;

/**
 * A packet's flow; a reused object.
 *
 * @example
 * ```ts
 * import { FlowKind, InnerFlow } from "./inner_flow.ts";
 * import { Packet } from "./packet.ts";
 *
 * const query = new Packet(1500);
 * // IPv4, 28 bytes, UDP from 192.0.2.1:1024 to 192.0.2.2:53
 * query.fill(Uint8Array.of(0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, 4, 0, 0, 53, 0, 8, 0, 0));
 * const flow = new InnerFlow(2 ** 40 + 12345);
 * flow.read(query);
 * if (flow.kind !== FlowKind.UDP || !flow.isDns) throw new Error("not what was sent");
 * ```
 */
export class InnerFlow {
  /**
   * 31 bits (0..2^31 - 1; the low ones are as good as the high ones) of addresses, protocol, and ports, ICMP
   * identifier or ESP index. A fragment beyond the first has no ports: its hash is of addresses, protocol
   * and identification, so all of one packet's stay together, apart from the first. The two directions of
   * a connection have different hashes.
   */
  hash = 0;
  /** By protocol; a fragment beyond the first has its packet's. */
  kind: FlowKind = FlowKind.OTHER;
  /** 0..63. */
  dscp = 0;
  /** RFC 3168: 0 not ECN-capable, 1 and 2 capable, 3 congestion experienced. */
  ecn = 0;
  /** Bytes behind the TCP or UDP header; behind the IP header where there is neither. */
  payloadBytes = 0;
  /** TCP, acknowledges, carries nothing, and neither opens nor closes. */
  isPureAck = false;
  /** A pure ACK that says no more than a number and a window: no SACK, no ECN echo, nothing unknown. */
  isPlainAck = false;
  /** Of a pure ACK: u32, what it acknowledges, and the window as it is in the header; else of an earlier packet. */
  ackNo = 0;
  windowField = 0;
  /** TCP that opens, closes or resets: SYN, FIN or RST. May carry data. */
  isTcpControl = false;
  /** UDP or TCP from or to port 53. */
  isDns = false;
  /** Part of a larger packet, the first or a later one. */
  isFragment = false;

  readonly #payload = new IpPayload();
  readonly #hash: FlowHash;

  /** @param seed of the hash: a random integer, 0..2^53 - 1, known to nobody else, so that no collision can be aimed. */
  constructor(seed: number) {
    this.#hash = new FlowHash(seed);
  }

  /**
   * Hot. Reads a packet that has passed checkIpPacket; whatever else it says may be a lie. The packet is borrowed.
   * One that is not IP at all (the TCP stand-in's) belongs to one flow with all others of its sort.
   */
  read(packet: Packet): void {
    if (!isIp(packet)) return this.#setOther(packet);
    const payload = this.#payload;
    payload.locate(packet);
    this.kind = kindOf(payload.protocol);
    this.isFragment = payload.isFragment;
    this.payloadBytes = payload.end - payload.start;
    this.isPureAck = false;
    this.isPlainAck = false;
    this.isTcpControl = false;
    this.isDns = false;
    this.#hash.reset();
    this.#readIpHeader(packet);
    this.#hash.add(payload.protocol);
    if (payload.isLaterFragment) this.#hash.add(payload.fragmentId);
    else this.#readTransport(packet);
    this.hash = this.#hash.finish();
  }

  #setOther(packet: Packet): void {
    this.kind = FlowKind.OTHER;
    this.dscp = 0;
    this.ecn = NOT_ECT;
    this.payloadBytes = packet.length;
    this.isPureAck = false;
    this.isPlainAck = false;
    this.isTcpControl = false;
    this.isDns = false;
    this.isFragment = false;
    this.#hash.reset();
    this.hash = this.#hash.finish();
  }

  /** IPv6's flow label is left out: Linux changes it in the middle of a flow, after a timeout. */
  #readIpHeader({ view, bytes, start }: Packet): void {
    const isIpv4 = bytes[start]! >> 4 === 4;
    const trafficClass = isIpv4 ? bytes[start + 1]! : view.getUint16(start) >> 4 & 0xff;
    this.dscp = trafficClass >> 2;
    this.ecn = trafficClass & CE;
    if (isIpv4) {
      this.#hash.add(view.getInt32(start + IPV4_SOURCE_OFFSET));
      this.#hash.add(view.getInt32(start + IPV4_SOURCE_OFFSET + 4));
      return;
    }
    const addresses = start + IPV6_SOURCE_OFFSET;
    for (let at = 0; at < IPV6_ADDRESSES_BYTES; at += 4) {
      this.#hash.add(view.getInt32(addresses + at));
    }
  }

  #readTransport(packet: Packet): void {
    const { start, end, protocol } = this.#payload;
    switch (protocol) {
      case IpProtocol.TCP:
        this.#readTcp(packet, start, end);
        return;
      case IpProtocol.UDP:
        if (this.#readPorts(packet, start, end)) {
          this.payloadBytes = Math.max(0, end - start - UDP_HEADER_BYTES);
        }
        return;
      case IpProtocol.ICMP:
      case IpProtocol.ICMPV6:
        this.#readIcmp(packet, start, end);
        return;
      case IpProtocol.SCTP:
      case IpProtocol.DCCP:
      case IpProtocol.UDP_LITE:
      case IpProtocol.ESP: // No ports, but the index of a security association in their place.
        if (start + PORTS_BYTES <= end) this.#hash.add(packet.view.getInt32(start));
        return;
    }
  }

  #readTcp(packet: Packet, start: number, end: number): void {
    if (!this.#readPorts(packet, start, end) || start + TCP_MIN_HEADER_BYTES > end) return;
    const flags = packet.bytes[start + TCP_FLAGS_OFFSET]!;
    const headerBytes = (packet.bytes[start + TCP_DATA_OFFSET_OFFSET]! >> 4) * 4;
    this.payloadBytes = Math.max(0, end - start - headerBytes);
    this.isTcpControl = (flags & TCP_FIN_SYN_RST) !== 0;
    this.isPureAck = (flags & (TCP_FIN_SYN_RST | TCP_ACK)) === TCP_ACK && !this.isFragment &&
      headerBytes >= TCP_MIN_HEADER_BYTES && start + headerBytes === end;
    if (this.isPureAck) this.#readAck(packet, start, headerBytes);
  }

  /** The word of data offset and flags is looked at whole: bits that are unknown here mean something to somebody. */
  #readAck({ view }: Packet, start: number, headerBytes: number): void {
    this.ackNo = view.getUint32(start + TCP_ACK_NO_OFFSET);
    this.windowField = view.getUint16(start + TCP_WINDOW_OFFSET);
    const flags = view.getUint16(start + TCP_DATA_OFFSET_OFFSET) & 0x0fff;
    this.isPlainAck = flags === TCP_ACK && (headerBytes === TCP_MIN_HEADER_BYTES ||
      (headerBytes === TCP_TIMESTAMPS_HEADER_BYTES &&
        view.getInt32(start + TCP_MIN_HEADER_BYTES) === TCP_TIMESTAMPS));
  }

  /** @returns whether they are there. */
  #readPorts({ view }: Packet, start: number, end: number): boolean {
    if (start + PORTS_BYTES > end) return false;
    const ports = view.getInt32(start);
    this.#hash.add(ports);
    this.isDns = (ports & 0xffff) === DNS_PORT || ports >>> 16 === DNS_PORT;
    return true;
  }

  #readIcmp({ view, bytes }: Packet, start: number, end: number): void {
    if (start + ICMP_HEADER_BYTES > end) return;
    const type = bytes[start]!;
    const isEcho = this.#payload.protocol === IpProtocol.ICMP
      ? type === ICMP_ECHO || type === ICMP_ECHO_REPLY
      : type === ICMPV6_ECHO || type === ICMPV6_ECHO_REPLY;
    if (isEcho) this.#hash.add(view.getUint16(start + ICMP_ID_OFFSET));
  }
}

/**
 * Hot. Tells the flow's receiver of congestion (RFC 3168: CE), in place of dropping the packet. The packet has
 * passed checkIpPacket; its bytes are changed, IPv4's checksum with them.
 * @returns false, and nothing is changed, when the flow does not understand, or it is no IP: the packet is to be dropped.
 */
export function markCongestion(packet: Packet): boolean {
  if (!isIp(packet)) return false;
  const { view, bytes, start } = packet;
  const isIpv4 = bytes[start]! >> 4 === 4;
  // The first word has the whole field: version, length, type of service; or version, traffic class, label.
  const word = view.getUint16(start);
  const shift = isIpv4 ? 0 : 4;
  if ((word >> shift & CE) === NOT_ECT) return false;
  const markedWord = word | CE << shift;
  if (markedWord === word) return true;
  view.setUint16(start, markedWord);
  if (isIpv4) {
    const at = start + IPV4_CHECKSUM_OFFSET;
    view.setUint16(at, adjustChecksum(view.getUint16(at), word, markedWord));
  }
  return true;
}

/** Hot. */
function isIp(packet: Packet): boolean {
  const version = readIpVersion(packet);
  return version === 4 || version === 6;
}

function kindOf(protocol: number): FlowKind {
  switch (protocol) {
    case IpProtocol.TCP:
      return FlowKind.TCP;
    case IpProtocol.UDP:
      return FlowKind.UDP;
    case IpProtocol.ICMP:
    case IpProtocol.ICMPV6:
      return FlowKind.ICMP;
    default:
      return FlowKind.OTHER;
  }
}
