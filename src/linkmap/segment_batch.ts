/**
 * Datagrams of one length, side by side, on their way to one call of the system (UDP_SEGMENT): all are equally long but the
 * last, which may be shorter and ends the batch.
 *
 * @module
 */

import { MAX_SEGMENTS, MAX_SEND_BYTES } from "../../ffi/udp_file.ts";

/** Copying by a kept view costs a third of copying by a new one; so many lengths have one. */
const EMPTY: Uint8Array = new Uint8Array(0);

/** Bytes that wait. */
export class SegmentBatch {
  /** The batch is `bytes[offset..offset + bytesUsed)`. */
  readonly bytes = new Uint8Array(MAX_SEND_BYTES);
  offset = 0;
  bytesUsed = 0;
  /** Length of each datagram but the last. */
  segmentBytes = 0;
  /** Datagrams. */
  segments = 0;
  #isEnded = false;
  #source = EMPTY;
  #sourceStart = 0;
  #view = EMPTY;

  /** Hot. Whether a datagram may join. An empty batch takes any. */
  fits(lengthBytes: number): boolean {
    if (this.segments === 0) return true;
    return !this.#isEnded && lengthBytes <= this.segmentBytes && lengthBytes > 0 &&
      this.segments < MAX_SEGMENTS && this.offset + this.bytesUsed + lengthBytes <= MAX_SEND_BYTES;
  }

  /** Hot. Puts a copy of `bytes[start..end)` behind the others; {@link fits} has said yes. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const lengthBytes = end - start;
    if (this.segments === 0) this.segmentBytes = lengthBytes;
    else if (lengthBytes < this.segmentBytes) this.#isEnded = true;
    this.bytes.set(this.#viewOf(bytes, start, lengthBytes), this.offset + this.bytesUsed);
    this.bytesUsed += lengthBytes;
    this.segments++;
  }

  /** Hot. The first `sentBytes`, whole datagrams, are gone. */
  drop(sentBytes: number): void {
    this.bytesUsed -= sentBytes;
    if (this.bytesUsed <= 0) {
      this.offset = 0;
      this.bytesUsed = 0;
      this.segments = 0;
      this.#isEnded = false;
      return;
    }
    this.offset += sentBytes;
    this.segments -= Math.ceil(sentBytes / this.segmentBytes);
  }

  /** Hot. Sealed datagrams come from one and the same place, and most are as long as the one before: that view is kept. */
  #viewOf(bytes: Uint8Array, start: number, lengthBytes: number): Uint8Array {
    if (
      this.#source === bytes && this.#sourceStart === start && this.#view.length === lengthBytes
    ) return this.#view;
    this.#source = bytes;
    this.#sourceStart = start;
    return this.#view = bytes.subarray(start, start + lengthBytes);
  }
}
