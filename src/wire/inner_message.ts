/**
 * What stands inside a transport packet. The first byte says the kind; an unknown kind is skipped and counted. Pure.
 *
 * ```
 * DATA    kind 1 | flags 1 | order group 2 | send time, us 4 | group sequence number 4 | IP packet
 * REPORT  kind 1 | entries 1 | reserved 2 | sequence number 8 | entries x (link id 1 | bytes received 8) | zeros up to 32 bytes
 * NOTICE  kind 1 | code 1 | zeros up to 32 bytes
 * ```
 *
 * All numbers are big-endian. Flags, reserved bytes and padding are 0 when sent and not looked at when
 * received; what follows the last field is padding, however long it is: a later version may use both.
 *
 * Everything here was authenticated before it is read. It is checked all the same: the other end may
 * be another program, or one that was taken over.
 *
 * @module
 */

import type { ControlPacket } from "./control_packet.ts";
import { DropReason } from "./drop_reason.ts";
import { HEADROOM_BYTES, type Packet } from "./packet.ts";

/** The first byte. */
export const InnerKind = {
  DATA: 1,
  /** What was received on each link: the control packet. */
  REPORT: 2,
  NOTICE: 3,
} as const;

/** Bytes in front of the IP packet. */
export const DATA_HEADER_BYTES = 12;

/** What a notice says. */
export const NoticeCode = {
  /** The sender ends: the session is over. */
  CLOSING: 1,
  /** To a slave: another machine with this key has joined since; stay away until restarted. */
  REPLACED: 2,
  /** To a slave: its key was revoked. */
  REVOKED: 3,
} as const;

/** Some mobile carriers drop tiny datagrams: no message without an IP packet is shorter. A receiver refuses shorter ones. */
export const MIN_MESSAGE_BYTES = 32;

/** First four bytes of a data header: the kind; no flags, order group 0. */
const PLAIN_DATA = InnerKind.DATA << 24;

const REPORT_ENTRIES_OFFSET = 1;
const REPORT_SEQ_NO_OFFSET = 4;
const REPORT_FIRST_ENTRY_OFFSET = 12;
const REPORT_ENTRY_BYTES = 9;

const NOTICE_CODE_OFFSET = 1;

const TWO_TO_32 = 0x1_0000_0000;

/** Hot. The kind, or -1 when the message is empty. */
export function readInnerKind(inner: Packet): number {
  return inner.start < inner.end ? inner.bytes[inner.start]! : -1;
}

/** Hot. Writes the data header in front of the IP packet and moves `start` there; the caller moves it back. Group 0: unordered; its time and number are 0. */
export function prependDataHeader(packet: Packet): void {
  const start = packet.start - DATA_HEADER_BYTES;
  packet.view.setUint32(start, PLAIN_DATA);
  packet.view.setUint32(start + 4, 0);
  packet.view.setUint32(start + 8, 0);
  packet.start = start;
}

/** Hot. Moves `start` behind the data header. @returns 0, or TRUNCATED: then the packet is unchanged. */
export function stripDataHeader(inner: Packet): number {
  if (inner.end - inner.start < DATA_HEADER_BYTES) return DropReason.TRUNCATED;
  inner.start += DATA_HEADER_BYTES;
  return 0;
}

/**
 * Replaces the packet by a report.
 * @param controlPacket link ids 1..255, numbers 0..2^53 - 1
 * @param out holds 2,307 bytes or more: a report of all 255 links.
 *
 * @example
 * ```ts
 * import { decodeReport, encodeReport } from "./inner_message.ts";
 * import { Packet } from "./packet.ts";
 *
 * const packet = new Packet(2_500);
 * encodeReport({ seqNo: 7, received: new Map([[1, 1400]]) }, packet);
 * const report = { seqNo: 0, received: new Map<number, number>() };
 * const result = decodeReport(packet, report);
 * if (result !== 0 || report.received.get(1) !== 1400) throw new Error("not what was written");
 * ```
 */
export function encodeReport(controlPacket: Readonly<ControlPacket>, out: Packet): void {
  const { received } = controlPacket;
  const { view } = out;
  const end = REPORT_FIRST_ENTRY_OFFSET + received.size * REPORT_ENTRY_BYTES;
  const start = clear(out, end);
  view.setUint8(start, InnerKind.REPORT);
  view.setUint8(start + REPORT_ENTRIES_OFFSET, received.size);
  writeUint53(view, start + REPORT_SEQ_NO_OFFSET, controlPacket.seqNo);
  let at = start + REPORT_FIRST_ENTRY_OFFSET;
  for (const [linkId, receivedBytes] of received) {
    view.setUint8(at, linkId);
    writeUint53(view, at + 1, receivedBytes);
    at += REPORT_ENTRY_BYTES;
  }
}

/**
 * Reads a report into `out` (its map is cleared first). Borrows the message and leaves it as it was.
 *
 * Refused are: another kind, less than 32 bytes, fewer bytes than the entries need, link id 0 or one
 * that comes twice, numbers beyond 2^53 - 1 (a sender saturates).
 * @returns 0, or BAD_CONTROL: `out` then means nothing.
 */
export function decodeReport(inner: Packet, out: ControlPacket): number {
  const { view, start, end } = inner;
  out.received.clear();
  if (!isMessage(inner, InnerKind.REPORT)) return DropReason.BAD_CONTROL;
  const entries = view.getUint8(start + REPORT_ENTRIES_OFFSET);
  const entriesEnd = start + REPORT_FIRST_ENTRY_OFFSET + entries * REPORT_ENTRY_BYTES;
  const seqNo = readUint53(view, start + REPORT_SEQ_NO_OFFSET);
  if (entriesEnd > end || seqNo < 0) return DropReason.BAD_CONTROL;
  for (let at = start + REPORT_FIRST_ENTRY_OFFSET; at < entriesEnd; at += REPORT_ENTRY_BYTES) {
    const linkId = view.getUint8(at);
    const receivedBytes = readUint53(view, at + 1);
    if (linkId === 0 || receivedBytes < 0) return DropReason.BAD_CONTROL;
    out.received.set(linkId, receivedBytes);
  }
  if (out.received.size !== entries) return DropReason.BAD_CONTROL; // one id came twice
  out.seqNo = seqNo;
  return 0;
}

/** Replaces the packet by a notice. @param code one of {@link NoticeCode} */
export function encodeNotice(code: number, out: Packet): void {
  const start = clear(out, MIN_MESSAGE_BYTES);
  out.view.setUint8(start, InnerKind.NOTICE);
  out.view.setUint8(start + NOTICE_CODE_OFFSET, code);
}

/**
 * The notice's code, 0..255: one of {@link NoticeCode}, or one of a later version, which the caller skips.
 * TRUNCATED when the message is shorter than 32 bytes or no notice.
 */
export function decodeNotice(inner: Packet): number {
  if (!isMessage(inner, InnerKind.NOTICE)) return DropReason.TRUNCATED;
  return inner.view.getUint8(inner.start + NOTICE_CODE_OFFSET);
}

function isMessage(inner: Packet, kind: number): boolean {
  return inner.end - inner.start >= MIN_MESSAGE_BYTES && inner.bytes[inner.start] === kind;
}

/** Makes the packet that many zeros, 32 at least. @returns where it starts. */
function clear(out: Packet, lengthBytes: number): number {
  out.start = HEADROOM_BYTES;
  out.end = HEADROOM_BYTES + Math.max(lengthBytes, MIN_MESSAGE_BYTES);
  out.bytes.fill(0, out.start, out.end);
  return out.start;
}

function writeUint53(view: DataView<ArrayBuffer>, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / TWO_TO_32));
  view.setUint32(at + 4, value >>> 0);
}

/** @returns -1 when the u64 is beyond 2^53 - 1. */
function readUint53(view: DataView<ArrayBuffer>, at: number): number {
  const value = view.getUint32(at) * TWO_TO_32 + view.getUint32(at + 4);
  // Beyond 2^53 the sum is rounded, but never to below 2^53.
  return value <= Number.MAX_SAFE_INTEGER ? value : -1;
}
