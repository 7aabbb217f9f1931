/**
 * What the kernel's bytes mean, made once for each: a master hears the same few addresses a hundred thousand times a second, and text
 * costs a microsecond and an allocation.
 *
 * @module
 */

/** Slots in which one key may be: with 64 keys in 256 slots, chances are that none ever pushes another out. */
const WAYS = 4;

/** 2^32 divided by the golden ratio, odd: Knuth, The Art of Computer Programming 3, section 6.4. */
const GOLDEN_RATIO = 0x9e3779b1;

/** What a {@link BytesCache} works with. */
export interface BytesCacheOptions<T> {
  /** A power of two, 4 or more. */
  readonly slots: number;
  /** What a slot holds while it is empty. */
  readonly nothing: T;
  /** Makes what the bytes mean; `view` at `at`. */
  readonly create: (view: DataView<ArrayBuffer>, at: number) => T;
}

/**
 * Remembers things by the kernel's bytes, some words of 32 bits that are never all zero. Bounded: foreign datagrams may carry
 * anything, and push out what is there; a thing is then made anew when its bytes come again.
 */
export class BytesCache<T> {
  /** The bytes of each slot, as words; all zero while it is empty. */
  readonly #words: Int32Array;
  readonly #things: T[];
  readonly #keyWords: number;
  readonly #slots: number;
  readonly #nothing: T;
  readonly #create: (view: DataView<ArrayBuffer>, at: number) => T;
  #last = 0;
  #victim = 0;

  /** @param keyWords how long the bytes are, in words. */
  constructor(keyWords: number, { slots, nothing, create }: BytesCacheOptions<T>) {
    this.#keyWords = keyWords;
    this.#slots = slots;
    this.#nothing = nothing;
    this.#create = create;
    this.#words = new Int32Array(slots * keyWords);
    this.#things = new Array<T>(slots).fill(nothing);
  }

  /** Hot. What the bytes of `view` from `at` on mean: the same object while they stay the same. */
  find(view: DataView<ArrayBuffer>, at: number): T {
    if (!this.#isAt(this.#last, view, at)) this.#last = this.#search(view, at);
    return this.#things[this.#last]!;
  }

  #search(view: DataView<ArrayBuffer>, at: number): number {
    const first = this.#hash(view, at);
    for (let i = 0; i < WAYS; i++) {
      const slot = (first + i) & (this.#slots - 1);
      if (this.#isAt(slot, view, at)) return slot;
    }
    return this.#put(first, view, at);
  }

  /** Takes an empty one of the few slots where these bytes may be, else each in turn. */
  #put(first: number, view: DataView<ArrayBuffer>, at: number): number {
    const mask = this.#slots - 1;
    let slot = first;
    for (let i = 0; i < WAYS && this.#things[slot] !== this.#nothing; i++) {
      slot = (first + i) & mask;
    }
    if (this.#things[slot] !== this.#nothing) slot = (first + this.#victim++ % WAYS) & mask;
    for (let i = 0; i < this.#keyWords; i++) {
      this.#words[slot * this.#keyWords + i] = view.getInt32(at + 4 * i, true);
    }
    this.#things[slot] = this.#create(view, at);
    return slot;
  }

  #isAt(slot: number, view: DataView<ArrayBuffer>, at: number): boolean {
    const start = slot * this.#keyWords;
    for (let i = 0; i < this.#keyWords; i++) {
      if (this.#words[start + i] !== view.getInt32(at + 4 * i, true)) return false;
    }
    return true;
  }

  #hash(view: DataView<ArrayBuffer>, at: number): number {
    let value = 0;
    for (let i = 0; i < this.#keyWords; i++) {
      value = Math.imul(value ^ view.getInt32(at + 4 * i, true), GOLDEN_RATIO);
      value ^= value >>> 15; // a product's low bits know nothing of its factors' high ones
    }
    return value & (this.#slots - 1);
  }
}
