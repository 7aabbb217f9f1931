/**
 * Reads the feedback message (feedback.ts has its layout). Pure.
 *
 * It was authenticated before it is read. It is checked all the same: the other end may be another
 * program, or one that was taken over.
 *
 * @module
 */

import { DropReason } from "./drop_reason.ts";
import { FEEDBACK_KIND, FeedbackOffset, MAX_VARINT, MAX_VARINT_BYTES } from "./feedback.ts";
import { MIN_MESSAGE_BYTES } from "./inner_message.ts";
import type { Packet } from "./packet.ts";

const TWO_TO_32 = 0x1_0000_0000;

/**
 * Reads feedback: `begin`, then `nextLink` until it is false, and `nextRange` as often as wanted for each. `begin`
 * walks through all of it, so that nothing after it can fail.
 */
export class FeedbackReader {
  /** Feedback number, u32. */
  number = 0;
  /** When the message was sent: u32, us of the other end's clock. */
  sentUs = 0;
  /** Of the current link, 1..255. */
  linkId = 0;
  /** Highest link sequence number that arrived, below 2^48. */
  newestSeqNo = 0;
  /** When it arrived: u32, us of the other end's clock. */
  newestReceivedUs = 0;
  /** u32: compare as signed differences. */
  minTransitUs = 0;
  /** Modulo 2^48. */
  receivedBytes = 0;
  /** Ranges of the current link in this message, at least 1. */
  rangeCount = 0;
  /** Of the current range. */
  rangeFirst = 0;
  /** Of the current range. */
  rangeLast = 0;

  #view: DataView<ArrayBuffer> | null = null;
  #at = 0;
  #end = 0;
  #linksLeft = 0;
  #rangesLeft = 0;
  readonly #seenLinks = new Uint32Array(8);

  /**
   * Checks a message and stands in front of its first link.
   *
   * Refused are: another kind, less than 32 bytes, fewer bytes than the entries need, link id 0 or one that comes
   * twice, a link without ranges, a length or gap of 0 or of 8 bytes, ranges that reach below number 0.
   * @param packet borrowed until the last link was read
   * @returns 0, or BAD_CONTROL: then there are no links.
   */
  begin(packet: Packet): number {
    const { start, end, view } = packet;
    this.#linksLeft = 0;
    this.#rangesLeft = 0;
    if (end - start < MIN_MESSAGE_BYTES || view.getUint8(start) !== FEEDBACK_KIND) {
      return DropReason.BAD_CONTROL;
    }
    this.#view = view;
    this.#end = end;
    this.#rewind(start);
    if (!this.#isValid()) {
      this.#linksLeft = 0;
      this.#rangesLeft = 0;
      return DropReason.BAD_CONTROL;
    }
    this.#rewind(start);
    this.number = view.getUint32(start + FeedbackOffset.NUMBER);
    this.sentUs = view.getUint32(start + FeedbackOffset.SENT_US);
    return 0;
  }

  /** Goes to the next link, whether or not all ranges of this one were read. @returns false: there is none. */
  nextLink(): boolean {
    while (this.nextRange());
    return this.#linksLeft > 0 && this.#readLink();
  }

  /** Goes to the link's next range, the next older one. @returns false: there is none. */
  nextRange(): boolean {
    return this.#rangesLeft > 0 && this.#readRange();
  }

  #rewind(start: number): void {
    this.#linksLeft = this.#view!.getUint8(start + FeedbackOffset.LINKS);
    this.#rangesLeft = 0;
    this.#at = start + FeedbackOffset.FIRST_LINK;
  }

  #isValid(): boolean {
    const seen = this.#seenLinks;
    seen.fill(0);
    while (this.#linksLeft > 0) {
      if (!this.#readLink()) return false;
      const { linkId } = this;
      const word = linkId >>> 5;
      const bit = 1 << (linkId & 31);
      if (linkId === 0 || (seen[word]! & bit) !== 0) return false;
      seen[word] = seen[word]! | bit;
      while (this.#rangesLeft > 0) {
        if (!this.#readRange()) return false;
      }
    }
    return true;
  }

  /** @returns false: it is truncated or has no ranges. */
  #readLink(): boolean {
    const view = this.#view!;
    const at = this.#at;
    if (at + FeedbackOffset.FIRST_RANGE > this.#end) return false;
    this.linkId = view.getUint8(at);
    this.rangeCount = view.getUint8(at + FeedbackOffset.RANGES);
    this.newestSeqNo = readUint48(view, at + FeedbackOffset.NEWEST_SEQ_NO);
    this.newestReceivedUs = view.getUint32(at + FeedbackOffset.RECEIVED_US);
    this.minTransitUs = view.getUint32(at + FeedbackOffset.MIN_TRANSIT_US);
    this.receivedBytes = readUint48(view, at + FeedbackOffset.RECEIVED_BYTES);
    this.rangeFirst = this.newestSeqNo + 1; // as if a range began above the newest: the first has no gap
    this.#at = at + FeedbackOffset.FIRST_RANGE;
    this.#rangesLeft = this.rangeCount;
    this.#linksLeft--;
    return this.rangeCount > 0;
  }

  /** @returns false: it is truncated, or its numbers can't be. */
  #readRange(): boolean {
    const isFirst = this.#rangesLeft === this.rangeCount;
    const gap = isFirst ? 0 : this.#readVarint();
    const length = this.#readVarint();
    if (length < 1 || gap < (isFirst ? 0 : 1)) return false;
    this.rangeLast = this.rangeFirst - gap - 1;
    this.rangeFirst = this.rangeLast - length + 1;
    this.#rangesLeft--;
    return this.rangeFirst >= 0;
  }

  /** @returns -1: it is truncated or of 8 bytes. */
  #readVarint(): number {
    const view = this.#view!;
    const at = this.#at;
    if (at >= this.#end) return -1;
    const first = view.getUint8(at);
    const bytes = 1 << (first >>> 6);
    if (bytes > MAX_VARINT_BYTES || at + bytes > this.#end) return -1;
    this.#at = at + bytes;
    if (bytes === 1) return first;
    return bytes === 2 ? view.getUint16(at) & 0x3fff : view.getUint32(at) & MAX_VARINT;
  }
}

function readUint48(view: DataView<ArrayBuffer>, at: number): number {
  return view.getUint16(at) * TWO_TO_32 + view.getUint32(at + 2);
}
