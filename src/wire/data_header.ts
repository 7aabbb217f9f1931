/**
 * The header in front of an inner IP packet. Pure.
 *
 * ```
 * DATA    kind 1 | flags 1 | order group 2 | send time, us 4 | group sequence number 4 | IP packet
 * ```
 *
 * Packets of one order group are delivered in the order of their numbers; group 0 is not ordered, and its
 * numbers mean nothing. The time is the sender's monotonic clock, modulo 2^32 µs.
 *
 * @module
 */

import { DropReason } from "./drop_reason.ts";
import { InnerKind } from "./inner_message.ts";
import type { Packet } from "./packet.ts";

/** Bytes in front of the IP packet. */
export const DATA_HEADER_BYTES = 12;

/** Bits of the flags. A receiver does not look at others. */
export const DataFlag = {
  /** Of a thin flow that would rather lose a packet than wait for it: ordering holds it only shortly. */
  REALTIME: 1,
  /** Sent before, over this link or another. */
  RESENT: 2,
  /** The TCP or UDP checksum is left to the receiver's kernel: the field means nothing. */
  PARTIAL_CHECKSUM: 4,
} as const;

/** Order groups, the one without order included: one byte of the field is used. */
export const ORDER_GROUPS = 256;

const GROUP_OFFSET = 2;
const SENT_OFFSET = 4;
const SEQ_NO_OFFSET = 8;

/**
 * Hot. Writes the data header in front of the IP packet and moves `start` there; the caller moves it back.
 * @param group 0..255
 * @param sentUs u32
 * @param groupSeqNo u32
 */
export function prependDataHeader(
  packet: Packet,
  flags: number,
  group: number,
  sentUs: number,
  groupSeqNo: number,
): void {
  const start = packet.start - DATA_HEADER_BYTES;
  packet.view.setUint32(start, InnerKind.DATA << 24 | flags << 16 | group);
  packet.view.setUint32(start + SENT_OFFSET, sentUs);
  packet.view.setUint32(start + SEQ_NO_OFFSET, groupSeqNo);
  packet.start = start;
}

/** Hot. Moves `start` behind the data header; the fields stay readable in front. @returns 0, or TRUNCATED: then the packet is unchanged. */
export function stripDataHeader(inner: Packet): number {
  if (inner.end - inner.start < DATA_HEADER_BYTES) return DropReason.TRUNCATED;
  inner.start += DATA_HEADER_BYTES;
  return 0;
}

/** Hot. Flags of a packet whose data header was stripped. */
export function readDataFlags(packet: Packet): number {
  return packet.bytes[packet.start - DATA_HEADER_BYTES + 1]!;
}

/** Hot. Order group of a packet whose data header was stripped: 0..255, of whatever else it says. */
export function readOrderGroup(packet: Packet): number {
  return packet.view.getUint16(packet.start - DATA_HEADER_BYTES + GROUP_OFFSET) & 0xff;
}

/** Hot. The sender's clock, u32 µs, of a packet whose data header was stripped. */
export function readSentUs(packet: Packet): number {
  return packet.view.getUint32(packet.start - DATA_HEADER_BYTES + SENT_OFFSET);
}

/** Hot. Number in the order group, u32, of a packet whose data header was stripped. */
export function readGroupSeqNo(packet: Packet): number {
  return packet.view.getUint32(packet.start - DATA_HEADER_BYTES + SEQ_NO_OFFSET);
}

/** Hot. Monotonic ms as the wire has it: µs modulo 2^32. */
export function toWireUs(now: number): number {
  return Math.floor(now * 1_000) >>> 0;
}
