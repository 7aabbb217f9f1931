/**
 * The receiving direction of one stream: puts chunks in order, hands them to the reader, and opens
 * the window as the reader takes them.
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import { ByteRing } from "./stream_byte_ring.ts";
import { RangeSet } from "./stream_range_set.ts";

/** Window of a new stream, in bytes: both ends know it (protocol constant). */
export const INITIAL_WINDOW_BYTES = 256 * 1024;

/**
 * Widest window of a stream, in bytes: 31 Mbit/s for a second. It must hold what arrives on the
 * fast links while a packet lost on the slow one is missed, resent and missed again.
 */
export const MAX_WINDOW_BYTES = 4 * 1024 * 1024;

/** What all streams of one end may have in windows above the initial one, in bytes. */
const WINDOW_BUDGET_BYTES = 64 * 1024 * 1024;

/** A window that is used up faster than this is doubled, in ms: two round trips over bad links. */
const WINDOW_GROW_MS = 500;

/** Holes in a window; a sender that makes more is not one of ours (memory bound). */
const MAX_HOLES = 8192;

/** What windows may still grow by: shared by all streams of one end. */
export class WindowBudget {
  /** Bytes left. */
  leftBytes: number;

  /** @param leftBytes to begin with. */
  constructor(leftBytes: number = WINDOW_BUDGET_BYTES) {
    this.leftBytes = leftBytes;
  }
}

/** The receiving direction of a stream. */
export class ReceiveHalf {
  readonly #budget: WindowBudget;
  readonly #ring = new ByteRing(MAX_WINDOW_BYTES);
  readonly #received = new RangeSet();
  #receivedTo = 0;
  #readTo = 0;
  #limit = INITIAL_WINDOW_BYTES;
  #windowBytes = INITIAL_WINDOW_BYTES;
  #windowOpenedMs = 0;
  #finalOffset = -1;
  #highest = 0;

  /** @param budget shared by all streams of this end. */
  constructor(budget: WindowBudget) {
    this.#budget = budget;
  }

  /** Bytes in order that the reader has not taken. */
  get readableBytes(): number {
    return this.#receivedTo - this.#readTo;
  }

  /** Whether the reader has everything, and the stream ended. */
  get isAtEnd(): boolean {
    return this.#finalOffset >= 0 && this.#readTo === this.#finalOffset;
  }

  /** Memory held, in bytes. */
  get bufferBytes(): number {
    return this.#ring.capacityBytes;
  }

  /** The offset up to which the other end may send. */
  get limit(): number {
    return this.#limit;
  }

  /**
   * Hot. Takes a chunk, copying what is new of `src[start, end)`.
   * @returns 0, or BAD_STREAM when it breaks the window or contradicts the stream's end.
   */
  handleData(offset: number, src: Uint8Array, start: number, end: number, ends: boolean): number {
    const last = offset + (end - start);
    if (last > this.#limit) return DropReason.BAD_STREAM;
    if (this.#finalOffset >= 0 && last > this.#finalOffset) return DropReason.BAD_STREAM;
    if (ends) {
      if (this.#finalOffset >= 0 ? last !== this.#finalOffset : last < this.#highest) {
        return DropReason.BAD_STREAM;
      }
      this.#finalOffset = last;
    }
    if (last > this.#highest) this.#highest = last;
    const from = Math.max(offset, this.#receivedTo);
    if (from >= last) return 0;
    if (this.#received.count >= MAX_HOLES && from > this.#receivedTo) return DropReason.BAD_STREAM;
    this.#ring.write(from, src, start + (from - offset), end);
    this.#received.add(from, last);
    if (this.#received.startAt(0) === this.#receivedTo) {
      this.#receivedTo = this.#received.endAt(0);
      this.#received.removeBelow(this.#receivedTo);
    }
    return 0;
  }

  /** Bytes to read that lie together; valid until they are consumed. Empty when there are none. */
  view(): Uint8Array<ArrayBuffer> {
    return this.#ring.view(this.#readTo, this.#receivedTo - this.#readTo);
  }

  /** The reader has taken `bytes` of what it could. */
  consume(bytes: number): void {
    this.#readTo = Math.min(this.#receivedTo, this.#readTo + bytes);
    this.#ring.discardTo(this.#readTo);
  }

  /** Opens the window when a quarter of it was read. @returns whether the other end must be told. */
  openWindow(now: number): boolean {
    if (this.#finalOffset >= 0) return false;
    if (this.#readTo + this.#windowBytes - this.#limit < this.#windowBytes / 4) return false;
    const grow = Math.min(this.#windowBytes, MAX_WINDOW_BYTES - this.#windowBytes);
    if (now - this.#windowOpenedMs < WINDOW_GROW_MS && grow <= this.#budget.leftBytes) {
      this.#windowBytes += grow;
      this.#budget.leftBytes -= grow;
    }
    this.#windowOpenedMs = now;
    this.#limit = this.#readTo + this.#windowBytes;
    return true;
  }

  /** Gives all memory back. */
  release(): void {
    this.#ring.release();
    this.#received.clear();
    this.#receivedTo = this.#readTo;
    this.#budget.leftBytes += this.#windowBytes - INITIAL_WINDOW_BYTES;
    this.#windowBytes = INITIAL_WINDOW_BYTES;
  }
}
