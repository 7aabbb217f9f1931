/**
 * The sending direction of one stream: what is written and not yet acknowledged, and which part of
 * it goes out next.
 *
 * Offsets count the stream's bytes; the end of the stream (FIN) takes the one number behind the
 * last byte, so that it is acknowledged and lost like a byte.
 *
 * @module
 */

import { ByteRing } from "./stream_byte_ring.ts";
import { RangeSet } from "./stream_range_set.ts";

/**
 * Bytes taken from the writer ahead of what was sent. Enough for 50 ms at 40 Mbit/s; more would
 * only move the queue from the writing program, which can react to it, into here.
 */
export const MAX_UNSENT_BYTES = 256 * 1024;

/** The sending direction of a stream. */
export class SendHalf {
  /** Offset of the chunk that {@link takeChunk} chose. */
  chunkOffset = 0;
  /** Its bytes. */
  chunkBytes = 0;
  /** Whether the stream ends behind it. */
  chunkEnds = false;

  readonly #ring: ByteRing;
  readonly #acked = new RangeSet();
  readonly #lost = new RangeSet();
  #ackedTo = 0;
  #nextOffset = 0;
  #writtenTo = 0;
  #isFinished = false;
  #limit: number;

  /**
   * @param initialWindowBytes what the other end takes unasked.
   * @param maxWindowBytes what it may ever have outstanding here.
   */
  constructor(initialWindowBytes: number, maxWindowBytes: number) {
    this.#limit = initialWindowBytes;
    this.#ring = new ByteRing(maxWindowBytes + MAX_UNSENT_BYTES);
    this.#maxAheadBytes = maxWindowBytes;
  }

  readonly #maxAheadBytes: number;

  /** Bytes the writer may hand over now. */
  get writableBytes(): number {
    if (this.#isFinished) return 0;
    return Math.max(0, MAX_UNSENT_BYTES - (this.#writtenTo - this.#nextOffset));
  }

  /** Whether the end was sent and everything is acknowledged. */
  get isDone(): boolean {
    return this.#isFinished && this.#ackedTo > this.#writtenTo;
  }

  /** Hot. Whether a chunk could go out now, as far as this stream is concerned. */
  get hasChunk(): boolean {
    if (this.#lost.count > 0) return true;
    if (this.#nextOffset < this.#writtenTo) return this.#nextOffset < this.#sendLimit();
    return this.#isFinished && this.#nextOffset === this.#writtenTo;
  }

  /** Takes bytes, copying them. @returns how many: at most `writableBytes`. */
  write(src: Uint8Array): number {
    const bytes = Math.min(src.length, this.writableBytes);
    if (bytes > 0) this.#ring.write(this.#writtenTo, src, 0, bytes);
    this.#writtenTo += bytes;
    return bytes;
  }

  /** The stream ends behind what was written. */
  finish(): void {
    this.#isFinished = true;
  }

  /** The other end takes bytes up to `limit`; limits never go back. */
  raiseLimit(limit: number): void {
    if (limit > this.#limit) this.#limit = limit;
  }

  /** Hot. Chooses the next chunk, lost ones first. @returns false when there is none. */
  takeChunk(maxBytes: number): boolean {
    if (!this.hasChunk || maxBytes < 1) return false;
    const isLost = this.#lost.count > 0;
    const offset = isLost ? this.#lost.startAt(0) : this.#nextOffset;
    const until = isLost ? this.#lost.endAt(0) : Math.min(this.#writtenTo, this.#sendLimit());
    this.chunkOffset = offset;
    this.chunkBytes = Math.max(0, Math.min(maxBytes, until - offset, this.#writtenTo - offset));
    const end = offset + this.chunkBytes;
    this.chunkEnds = this.#isFinished && end === this.#writtenTo && (!isLost || until > end);
    if (isLost) this.#lost.remove(offset, this.chunkEnd);
    else this.#nextOffset = this.chunkEnd;
    return true;
  }

  /** Number behind the chunk, the end of the stream counted. */
  get chunkEnd(): number {
    return this.chunkOffset + this.chunkBytes + (this.chunkEnds ? 1 : 0);
  }

  /** Hot. Copies the chunk's bytes to `dst[at...)`. */
  copyChunk(dst: Uint8Array, at: number): void {
    if (this.chunkBytes > 0) this.#ring.copyTo(this.chunkOffset, this.chunkBytes, dst, at);
  }

  /** Hot. `[start, end)` arrived at the other end. */
  handleAcked(start: number, end: number): void {
    if (end <= this.#ackedTo) return;
    this.#acked.add(Math.max(start, this.#ackedTo), end);
    this.#lost.remove(start, end);
    if (this.#acked.startAt(0) !== this.#ackedTo) return;
    this.#ackedTo = this.#acked.endAt(0);
    this.#acked.removeBelow(this.#ackedTo);
    this.#ring.discardTo(Math.min(this.#ackedTo, this.#writtenTo));
  }

  /** `[start, end)` has to be sent again, but for what arrived by another packet. */
  handleLost(start: number, end: number): void {
    const from = Math.max(start, this.#ackedTo);
    if (from >= end) return;
    this.#lost.add(from, end);
    for (let i = this.#acked.indexOf(from + 1); i < this.#acked.count; i++) {
      if (this.#acked.startAt(i) >= end) break;
      this.#lost.remove(this.#acked.startAt(i), this.#acked.endAt(i));
    }
  }

  /** Gives all memory back. */
  release(): void {
    this.#ring.release();
    this.#acked.clear();
    this.#lost.clear();
    this.#isFinished = true;
    this.#nextOffset = this.#writtenTo + 1;
    this.#ackedTo = this.#writtenTo + 1;
  }

  /** New data end here: at the other end's window, and at what this end is ready to remember. */
  #sendLimit(): number {
    return Math.min(this.#limit, this.#ackedTo + this.#maxAheadBytes);
  }
}
