/**
 * Datagrams of one length, side by side, on their way to one call of the system (UDP_SEGMENT): all are equally long but the
 * last, which may be shorter and ends the batch.
 *
 * @module
 */

import { MAX_SEGMENTS, MAX_SEND_BYTES } from "../../ffi/udp_file.ts";
import { Packet, PacketMemory } from "../wire/packet.ts";

/** Copying by a kept view costs a third of copying by a new one: this is none. */
const EMPTY: Uint8Array = new Uint8Array(0);

/** Bytes that wait. */
export class SegmentBatch {
  /** The batch is `bytes[offset..offset + bytesUsed)`. */
  readonly bytes: Uint8Array<ArrayBuffer>;
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
  /** The free place, as a slot. */
  readonly #place: Packet;

  constructor() {
    const memory = new PacketMemory(MAX_SEND_BYTES);
    this.bytes = memory.bytes;
    this.#place = new Packet(0, memory);
  }

  /** Hot. Whether a datagram may join. An empty batch takes any. */
  fits(lengthBytes: number): boolean {
    if (this.segments === 0) return true;
    return !this.#isEnded && lengthBytes <= this.segmentBytes && lengthBytes > 0 &&
      this.segments < MAX_SEGMENTS && this.offset + this.bytesUsed + lengthBytes <= MAX_SEND_BYTES;
  }

  /** Hot. Where the next datagram is to stand; {@link fits} has said yes. To be given to {@link add} before anything else is. */
  lend(lengthBytes: number): Packet {
    const start = this.offset + this.bytesUsed;
    this.#place.place(start, start + lengthBytes);
    return this.#place;
  }

  /** Hot. Puts a copy of `bytes[start..end)` behind the others, if it does not stand there already; {@link fits} has said yes. */
  add(bytes: Uint8Array, start: number, end: number): void {
    const lengthBytes = end - start;
    if (this.segments === 0) this.segmentBytes = lengthBytes;
    else if (lengthBytes < this.segmentBytes) this.#isEnded = true;
    if (bytes !== this.bytes) {
      this.bytes.set(this.#viewOf(bytes, start, lengthBytes), this.offset + this.bytesUsed);
    }
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
