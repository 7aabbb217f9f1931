/**
 * The feedback message: what arrived over each link, so that the sender sees what its links carry, how
 * long it takes and what was lost. Cumulative: what one message says that was lost, the next says again. Pure.
 *
 * ```
 * FEEDBACK  kind 1 | links 1 | reserved 2 | feedback number 4 | send time, us 4 | links x link | zeros up to 32 bytes
 * link      link id 1 | ranges 1 | newest sequence number 6 | receive time of the newest, us 4
 *           | lowest transit time, us 4 | bytes received 6 | ranges
 * ranges    length | (ranges - 1) x (gap | length), from the newest down
 * ```
 *
 * Numbers are big-endian; times and bytes received wrap around. A length counts the numbers of a range, the
 * first range ending at the newest number; a gap counts the missing numbers between two ranges: both
 * are at least 1, and variable-length integers as QUIC has them (RFC 9000 §16), of 1, 2 or 4 bytes.
 * Reserved bytes and padding are 0 when sent and not looked at when received.
 *
 * @module
 */

import { InnerKind, MIN_MESSAGE_BYTES } from "./inner_message.ts";
import { HEADROOM_BYTES, type Packet } from "./packet.ts";

/** The first byte. */
export const FEEDBACK_KIND = InnerKind.FEEDBACK;

/** Longest message by default: with all headers it fits any link (IPv6 promises 1280). Six links with 32 ranges each, or fifty with few. */
export const MAX_FEEDBACK_BYTES = 1_200;

/** What a link can say of what arrived. Ranges: newest first, none empty, at least one number missing between two. */
export interface FeedbackSource {
  /** Below 2^48; -1: nothing arrived. */
  readonly newestSeqNo: number;
  /** Monotonic ms of the receiver's clock. */
  readonly newestReceivedMs: number;
  readonly receivedBytes: number;
  readonly rangeCount: number;
  rangeFirst(index: number): number;
  /** That of range 0 is newestSeqNo. */
  rangeLast(index: number): number;
  /** Lowest receive time - send time of late, us modulo 2^32. */
  minTransitUs(now: number): number;
}

/** Where fields stand: in the message up to the first link, and in a link's entry. */
export const FeedbackOffset = {
  LINKS: 1,
  NUMBER: 4,
  SENT_US: 8,
  FIRST_LINK: 12,
  /** In a link's entry. */
  RANGES: 1,
  NEWEST_SEQ_NO: 2,
  RECEIVED_US: 8,
  MIN_TRANSIT_US: 12,
  RECEIVED_BYTES: 16,
  FIRST_RANGE: 22,
} as const;

/** Largest variable-length integer here, of {@link MAX_VARINT_BYTES}: two bits say how long it is. */
export const MAX_VARINT = 0x3fff_ffff;

/** Those of 8 bytes are refused. */
export const MAX_VARINT_BYTES = 4;

const MAX_LINKS = 255;
const MAX_RANGES = 255;

const TWO_TO_32 = 0x1_0000_0000;
const TWO_TO_48 = 0x1_0000_0000_0000;

/** Writes feedback: begin, addLink for each link, finish. */
export class FeedbackWriter {
  readonly #maxBytes: number;
  #out: Packet | null = null;
  /** Offset in the slot behind what is written. */
  #at = 0;
  #links = 0;
  /** Links to come: each leaves the others their share of the room. */
  #expectedLinks = 0;

  /** @param maxBytes longest message */
  constructor(maxBytes: number = MAX_FEEDBACK_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /**
   * Begins a message in place of the packet's bytes.
   * @param out holds maxBytes or more; kept until {@link finish}
   * @param number u32
   * @param expectedLinks links that will be added: none then uses more than its share of what room is left
   */
  begin(out: Packet, number: number, expectedLinks: number, now: number): void {
    this.#out = out;
    this.#links = 0;
    this.#expectedLinks = expectedLinks;
    const start = HEADROOM_BYTES;
    out.start = start;
    this.#at = start + FeedbackOffset.FIRST_LINK;
    out.view.setUint32(start, FEEDBACK_KIND << 24);
    out.view.setUint32(start + FeedbackOffset.NUMBER, number);
    out.view.setUint32(start + FeedbackOffset.SENT_US, Math.floor(now * 1_000));
  }

  /**
   * Adds a link, with its newest ranges only when room is short. A link over which nothing came has nothing to say.
   * @param linkId 1..255, each once
   * @returns false: there is no room for it.
   */
  addLink(linkId: number, log: FeedbackSource, now: number): boolean {
    const { view } = this.#out!;
    const at = this.#at;
    const roomBytes = HEADROOM_BYTES + this.#maxBytes - at;
    const shareBytes = Math.floor(roomBytes / Math.max(this.#expectedLinks, 1));
    this.#expectedLinks--;
    if (log.newestSeqNo < 0 || log.newestSeqNo >= TWO_TO_48) return true;
    if (roomBytes < FeedbackOffset.FIRST_RANGE + MAX_VARINT_BYTES || this.#links === MAX_LINKS) {
      return false;
    }
    view.setUint8(at, linkId);
    writeUint48(view, at + FeedbackOffset.NEWEST_SEQ_NO, log.newestSeqNo);
    view.setUint32(at + FeedbackOffset.RECEIVED_US, Math.floor(log.newestReceivedMs * 1_000));
    view.setUint32(at + FeedbackOffset.MIN_TRANSIT_US, log.minTransitUs(now));
    writeUint48(view, at + FeedbackOffset.RECEIVED_BYTES, log.receivedBytes);
    view.setUint8(at + FeedbackOffset.RANGES, this.#writeRanges(log, at + shareBytes));
    this.#links++;
    return true;
  }

  /** The message is complete: the packet's bytes. */
  finish(): void {
    const out = this.#out!;
    out.view.setUint8(out.start + FeedbackOffset.LINKS, this.#links);
    out.end = Math.max(this.#at, out.start + MIN_MESSAGE_BYTES);
    out.bytes.fill(0, this.#at, out.end);
    this.#out = null;
  }

  /** @returns how many ranges there was room for below the limit: one at least. */
  #writeRanges(log: FeedbackSource, limit: number): number {
    const { view } = this.#out!;
    const ranges = Math.min(log.rangeCount, MAX_RANGES);
    let first = log.rangeFirst(0);
    let length = log.newestSeqNo - first + 1;
    let at = writeVarint(view, this.#at + FeedbackOffset.FIRST_RANGE, Math.min(length, MAX_VARINT));
    let written = 1;
    // What is behind a range that is too long for its length can't be said: it is old.
    while (written < ranges && length <= MAX_VARINT) {
      const gap = first - log.rangeLast(written) - 1;
      first = log.rangeFirst(written);
      length = log.rangeLast(written) - first + 1;
      if (gap > MAX_VARINT) break;
      const told = Math.min(length, MAX_VARINT);
      if (at + varintBytes(gap) + varintBytes(told) > limit) break;
      at = writeVarint(view, writeVarint(view, at, gap), told);
      written++;
    }
    this.#at = at;
    return written;
  }
}

function varintBytes(value: number): number {
  if (value < 0x40) return 1;
  return value < 0x4000 ? 2 : 4;
}

/** @returns the offset behind it. */
function writeVarint(view: DataView<ArrayBuffer>, at: number, value: number): number {
  const bytes = varintBytes(value);
  if (bytes === 1) view.setUint8(at, value);
  else if (bytes === 2) view.setUint16(at, 0x4000 | value);
  else view.setUint32(at, 0x8000_0000 + value);
  return at + bytes;
}

/** Hot. The low 48 bits. */
function writeUint48(view: DataView<ArrayBuffer>, at: number, value: number): void {
  view.setUint16(at, Math.floor(value / TWO_TO_32)); // takes the low 16 bits itself
  view.setUint32(at + 2, value);
}
