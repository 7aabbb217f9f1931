/**
 * One run: segments of one TCP flow, or datagrams of one UDP flow, that are being joined to one superpacket, in a slot of its own, and the header that
 * tells the kernel how to cut it again. Pure; the coalescer decides which packets come here.
 *
 * @module
 */

import { addWords, checksumOf } from "./inet_checksum.ts";
import { IpProtocol } from "./ip_payload.ts";
import {
  IPV4_DONT_FRAGMENT,
  IPV4_HEADER_BYTES,
  type JoinableSegment,
  MAX_JOINED_BYTES,
  TCP_FLAGS_OFFSET,
  TCP_PSH,
  UDP_LENGTH_OFFSET,
} from "./joinable_segment.ts";
import { HEADROOM_BYTES, Packet } from "./packet.ts";
import { GsoType, VNET_HEADER_BYTES, VnetFlag, VnetHeader } from "./vnet_header.ts";

/** Where the superpacket begins in the slot, in bytes; the vnet header ends there. */
const FIRST = HEADROOM_BYTES;

/** RFC 791 §3.1: offsets in bytes. */
const IPV4_TOTAL_LENGTH_OFFSET = 2;
const IPV4_ID_OFFSET = 4;
const IPV4_FRAGMENT_OFFSET = 6;
const IPV4_TTL_OFFSET = 8; // and the protocol behind it
const IPV4_CHECKSUM_OFFSET = 10;
const IPV4_ADDRESSES_OFFSET = 12;

/** RFC 8200 §3: offsets in bytes. */
const IPV6_PAYLOAD_LENGTH_OFFSET = 4;
const IPV6_NEXT_HEADER_OFFSET = 6; // and the hop limit behind it
const IPV6_ADDRESSES_OFFSET = 8;

/** RFC 9293 §3.1: offsets in bytes from the TCP header's first. */
const TCP_SEQUENCE_OFFSET = 4;
const TCP_ACK_NUMBER_OFFSET = 8;
const TCP_WINDOW_OFFSET = 14;
const TCP_CHECKSUM_OFFSET = 16;
const TCP_URGENT_OFFSET = 18;
const TCP_OPTIONS_OFFSET = 20;

/** RFC 768: offset in bytes from the UDP header's first. */
const UDP_CHECKSUM_OFFSET = 6;

/** Datagrams in a run, at most: what UDP_GRO joins (UDP_GRO_CNT_MAX in net/ipv4/udp_offload.c), so that every kernel cuts it. */
const MAX_DATAGRAMS = 64;

/** Used again for each run; nothing of it outlives a call. */
const header = new VnetHeader();

/** A superpacket in the making; reused when it was written. */
export class CoalescedRun {
  /** Packets joined so far. */
  pkts = 0;
  /** It is made of UDP datagrams. */
  isUdp = false;
  readonly #slot = new Packet(MAX_JOINED_BYTES);
  /** Payload of the first segment, and of each but the last. */
  #segmentBytes = 0;
  #ipHeaderBytes = 0;
  #headerBytes = 0;
  /** Behind the last byte, in the slot. */
  #end = FIRST;
  /** The last segment was shorter, or has PSH, or is the last datagram that there is room for: nothing may follow it. */
  #isClosed = false;

  /** Whether nothing can be joined any more, so that waiting is in vain. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Hot. Begins anew with a first segment, which is copied. */
  begin(packet: Packet, segment: JoinableSegment): void {
    this.pkts = 0;
    this.isUdp = segment.isUdp;
    this.#segmentBytes = segment.payloadBytes;
    this.#ipHeaderBytes = segment.ipHeaderBytes;
    this.#headerBytes = segment.headerBytes;
    this.#end = FIRST;
    this.#isClosed = false;
    this.#append(packet, 0);
  }

  /** Hot. Copies the payload of a segment that {@link canTake} has let pass. */
  take(packet: Packet, segment: JoinableSegment): void {
    this.#append(packet, segment.headerBytes);
    if (segment.isPushed) {
      this.#slot.bytes[FIRST + this.#ipHeaderBytes + TCP_FLAGS_OFFSET]! |= TCP_PSH;
    }
    this.#isClosed = segment.isPushed || segment.payloadBytes < this.#segmentBytes ||
      (this.isUdp && this.pkts === MAX_DATAGRAMS);
  }

  /**
   * Hot. Whether a packet is of the run's flow: its protocol, version, addresses and ports.
   * @param portsStart where its ports stand in its slot; -1: unknown, every packet between the same addresses counts.
   */
  isOfFlow(packet: Packet, portsStart: number, isUdp: boolean): boolean {
    const { view, bytes } = this.#slot;
    const { start } = packet;
    if (portsStart >= 0) {
      const samePorts =
        packet.view.getInt32(portsStart) === view.getInt32(FIRST + this.#ipHeaderBytes);
      if (!samePorts || isUdp !== this.isUdp) return false;
    }
    if (packet.bytes[start]! >> 4 !== bytes[FIRST]! >> 4) return false;
    const addressesOffset = this.#addressesOffset();
    const bytesOfBoth = this.#ipHeaderBytes === IPV4_HEADER_BYTES ? 8 : 32;
    return isSame(
      packet,
      start + addressesOffset,
      this.#slot,
      FIRST + addressesOffset,
      bytesOfBoth,
    );
  }

  /** Hot. Whether a segment of the run's flow continues it: the next in order, and all else in its headers the same. */
  canTake(packet: Packet, segment: JoinableSegment): boolean {
    const joinedBytes = this.#end - FIRST;
    return segment.payloadBytes <= this.#segmentBytes &&
      segment.headerBytes === this.#headerBytes &&
      joinedBytes + segment.payloadBytes <= MAX_JOINED_BYTES &&
      (this.isUdp ||
        this.#continuesTcp(packet, packet.start + this.#ipHeaderBytes, joinedBytes)) &&
      (this.#ipHeaderBytes === IPV4_HEADER_BYTES
        ? this.#continuesIpv4(packet)
        : this.#continuesIpv6(packet));
  }

  /**
   * Hot. Completes the headers. The run is over then, until it begins anew.
   * @returns the vnet header with the superpacket behind it; borrowed until {@link begin}.
   */
  finish(): Packet {
    const slot = this.#slot;
    const ipBytes = this.#end - FIRST;
    const transportStart = FIRST + this.#ipHeaderBytes;
    const transportBytes = ipBytes - this.#ipHeaderBytes;
    const { view } = slot;
    if (this.#ipHeaderBytes === IPV4_HEADER_BYTES) {
      view.setUint16(FIRST + IPV4_TOTAL_LENGTH_OFFSET, ipBytes);
      view.setUint16(FIRST + IPV4_CHECKSUM_OFFSET, 0);
      const sum = addWords(slot, FIRST, transportStart, 0);
      view.setUint16(FIRST + IPV4_CHECKSUM_OFFSET, checksumOf(sum));
    } else view.setUint16(FIRST + IPV6_PAYLOAD_LENGTH_OFFSET, transportBytes);
    if (this.isUdp) view.setUint16(transportStart + UDP_LENGTH_OFFSET, transportBytes);
    // Both versions' addresses end where the IP header does. The pseudo-header's sum is folded, not inverted.
    const protocol = this.isUdp ? IpProtocol.UDP : IpProtocol.TCP;
    const addressesStart = FIRST + this.#addressesOffset();
    const pseudoSum = addWords(slot, addressesStart, transportStart, protocol) + transportBytes;
    const checksumOffset = this.isUdp ? UDP_CHECKSUM_OFFSET : TCP_CHECKSUM_OFFSET;
    view.setUint16(transportStart + checksumOffset, ~checksumOf(pseudoSum) & 0xffff);
    this.#writeVnetHeader(view, checksumOffset);
    slot.start = FIRST - VNET_HEADER_BYTES;
    slot.end = this.#end;
    return slot;
  }

  #writeVnetHeader(view: DataView, checksumOffset: number): void {
    header.reset();
    header.flags = VnetFlag.NEEDS_CSUM;
    header.headerBytes = this.#headerBytes;
    header.checksumStart = this.#ipHeaderBytes;
    header.checksumOffset = checksumOffset;
    if (this.pkts > 1) {
      header.gsoType = this.#gsoType();
      header.segmentBytes = this.#segmentBytes;
    }
    header.write(view, FIRST - VNET_HEADER_BYTES);
  }

  #gsoType(): number {
    if (this.isUdp) return GsoType.UDP_L4;
    return this.#ipHeaderBytes === IPV4_HEADER_BYTES ? GsoType.TCPV4 : GsoType.TCPV6;
  }

  #addressesOffset(): number {
    return this.#ipHeaderBytes === IPV4_HEADER_BYTES
      ? IPV4_ADDRESSES_OFFSET
      : IPV6_ADDRESSES_OFFSET;
  }

  /** Appends a packet from an offset on. */
  #append(packet: Packet, fromBytes: number): void {
    packet.copyTo(this.#slot.bytes, this.#end, fromBytes);
    this.#end += packet.end - packet.start - fromBytes;
    this.pkts++;
  }

  /** Flags need no look: a joinable segment has ACK only, and PSH ends a run. The header's length is known to be the same. */
  #continuesTcp(packet: Packet, tcpStart: number, joinedBytes: number): boolean {
    const { view } = packet;
    const mine = this.#slot.view;
    const mineStart = FIRST + this.#ipHeaderBytes;
    const nextSequence =
      mine.getInt32(mineStart + TCP_SEQUENCE_OFFSET) + joinedBytes - this.#headerBytes | 0;
    const optionsBytes = this.#headerBytes - this.#ipHeaderBytes - TCP_OPTIONS_OFFSET;
    return view.getInt32(tcpStart + TCP_SEQUENCE_OFFSET) === nextSequence &&
      view.getInt32(tcpStart + TCP_ACK_NUMBER_OFFSET) ===
        mine.getInt32(mineStart + TCP_ACK_NUMBER_OFFSET) &&
      view.getUint16(tcpStart + TCP_WINDOW_OFFSET) ===
        mine.getUint16(mineStart + TCP_WINDOW_OFFSET) &&
      view.getUint16(tcpStart + TCP_URGENT_OFFSET) ===
        mine.getUint16(mineStart + TCP_URGENT_OFFSET) &&
      isSame(
        packet,
        tcpStart + TCP_OPTIONS_OFFSET,
        this.#slot,
        mineStart + TCP_OPTIONS_OFFSET,
        optionsBytes,
      );
  }

  /** Ids must count up, as they do when the kernel cuts, unless DF is set: then they mean nothing (RFC 6864 §4). */
  #continuesIpv4({ view, start }: Packet): boolean {
    const mine = this.#slot.view;
    const fragment = view.getUint16(start + IPV4_FRAGMENT_OFFSET);
    const nextId = mine.getUint16(FIRST + IPV4_ID_OFFSET) + this.pkts & 0xffff;
    return view.getUint16(start) === mine.getUint16(FIRST) && // version, TOS
      view.getUint16(start + IPV4_TTL_OFFSET) === mine.getUint16(FIRST + IPV4_TTL_OFFSET) &&
      fragment === mine.getUint16(FIRST + IPV4_FRAGMENT_OFFSET) &&
      (fragment === IPV4_DONT_FRAGMENT || view.getUint16(start + IPV4_ID_OFFSET) === nextId);
  }

  #continuesIpv6({ view, start }: Packet): boolean {
    const mine = this.#slot.view;
    return view.getInt32(start) === mine.getInt32(FIRST) && // version, traffic class, flow label
      view.getUint16(start + IPV6_NEXT_HEADER_OFFSET) ===
        mine.getUint16(FIRST + IPV6_NEXT_HEADER_OFFSET);
  }
}

/** Compares whole 4-byte words. */
function isSame(
  a: Packet,
  aStart: number,
  b: Packet,
  bStart: number,
  lengthBytes: number,
): boolean {
  for (let at = 0; at < lengthBytes; at += 4) {
    if (a.view.getInt32(aStart + at) !== b.view.getInt32(bStart + at)) return false;
  }
  return true;
}
