/**
 * A buffer addressed by stream offset: holds the bytes of one window of a stream, wherever in it
 * they arrived.
 *
 * @module
 */

/**
 * Bytes `[base, base + maxBytes)` of a stream, in a ring that grows as needed. Which of them are
 * filled is the owner's knowledge.
 */
export class ByteRing {
  readonly #maxBytes: number;
  #bytes: Uint8Array<ArrayBuffer> = EMPTY;
  #base = 0;

  /** @param maxBytes the widest window, in bytes. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Memory held now, in bytes. */
  get capacityBytes(): number {
    return this.#bytes.length;
  }

  /** Hot. Stores `src[start, end)` at a stream offset at or above the base, inside the window. */
  write(offset: number, src: Uint8Array, start: number, end: number): void {
    const length = end - start;
    this.#reserve(offset + length - this.#base);
    const capacity = this.#bytes.length;
    const at = offset % capacity;
    const first = Math.min(length, capacity - at);
    this.#bytes.set(src.subarray(start, start + first), at);
    if (first < length) this.#bytes.set(src.subarray(start + first, end), 0);
  }

  /** Hot. Copies `length` bytes from a stream offset to `dst[at...)`. */
  copyTo(offset: number, length: number, dst: Uint8Array, at: number): void {
    const capacity = this.#bytes.length;
    const from = offset % capacity;
    const first = Math.min(length, capacity - from);
    dst.set(this.#bytes.subarray(from, from + first), at);
    if (first < length) dst.set(this.#bytes.subarray(0, length - first), at + first);
  }

  /**
   * As many of `maxBytes` bytes from a stream offset as lie together. The view stays valid until
   * the base moves past them, even when the ring grows meanwhile (growing copies).
   */
  view(offset: number, maxBytes: number): Uint8Array<ArrayBuffer> {
    if (maxBytes <= 0) return EMPTY;
    const from = offset % this.#bytes.length;
    return this.#bytes.subarray(from, Math.min(this.#bytes.length, from + maxBytes));
  }

  /** Hot. Moves the base up: bytes below it are no longer needed. */
  discardTo(offset: number): void {
    if (offset > this.#base) this.#base = offset;
  }

  /** Gives the memory back; nothing may be read any more. */
  release(): void {
    this.#bytes = EMPTY;
  }

  #reserve(bytes: number): void {
    const old = this.#bytes;
    if (bytes <= old.length) return;
    if (bytes > this.#maxBytes) throw new Error(`Invariant: ${bytes} bytes exceed the window`);
    let capacity = Math.max(old.length, MIN_RING_BYTES);
    while (capacity < bytes) capacity *= 2;
    const next = new Uint8Array(capacity);
    // Both rings map an offset to offset modulo capacity: copy in pieces that wrap in neither.
    for (let offset = this.#base, end = this.#base + old.length; offset < end;) {
      const from = offset % old.length;
      const to = offset % capacity;
      const piece = Math.min(end - offset, old.length - from, capacity - to);
      next.set(old.subarray(from, from + piece), to);
      offset += piece;
    }
    this.#bytes = next;
  }
}

/** First size of a ring: many streams carry a few requests only. */
const MIN_RING_BYTES = 4096;
const EMPTY = new Uint8Array(0);
