/**
 * A seeded mutation fuzzer: makes hostile bytes out of good ones, the same ones for the same seed.
 *
 * A mutation of a valid message gets deeper into a parser than random bytes, which mostly die at
 * the first check; the extremes written over bytes are those that length fields go wrong on.
 *
 * @module
 */

import { mulberry32 } from "./rng.ts";

/** Lengths and counts at which parsers break: signs, widths, Go's gob byte counts (0x80..0xff). */
const EXTREME_BYTES = Uint8Array.of(0x00, 0x01, 0x7f, 0x80, 0x81, 0xf7, 0xf8, 0xfe, 0xff);

/** Whole length fields, written over what is there: 64, 32 and 16 bits, plain and as gob counts. */
const EXTREME_FIELDS: readonly Uint8Array[] = [
  Uint8Array.of(0xff, 0xff),
  Uint8Array.of(0x7f, 0xff),
  Uint8Array.of(0x00, 0x00, 0x00, 0x00),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff),
  Uint8Array.of(0x7f, 0xff, 0xff, 0xff),
  Uint8Array.of(0xfc, 0xff, 0xff, 0xff, 0xff),
  Uint8Array.of(0xfe, 0x27, 0x10),
  Uint8Array.of(0xf8, 0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00),
  Uint8Array.of(0xf8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
];

/** Bytes of the longest purely random case; longer cases come from the corpus and its splices. */
const MAX_RANDOM_BYTES = 512;

/** At most this many mutations are put on one case. */
const MAX_MUTATIONS = 6;

/**
 * Makes fuzz cases for one target.
 *
 * @example
 * ```ts
 * const mutator = new Mutator(seed, [validMessage]);
 * const into = new Uint8Array(2048);
 * for (let i = 0; i < 1000; i++) parse(into.subarray(0, mutator.next(into)));
 * ```
 */
export class Mutator {
  readonly #random: () => number;
  readonly #corpus: readonly Uint8Array[];

  /**
   * @param seed the same seed and corpus give the same cases.
   * @param corpus valid messages; at least one, borrowed for the mutator's life, never written to.
   */
  constructor(seed: number, corpus: readonly Uint8Array[]) {
    if (corpus.length === 0) throw new RangeError("Cannot make a mutator: the corpus is empty");
    this.#random = mulberry32(seed);
    this.#corpus = corpus;
  }

  /**
   * Writes the next case to the beginning of `into`; what stands behind it is left as it was.
   * @returns the case's length in bytes, 0..into.length.
   */
  next(into: Uint8Array): number {
    const kind = this.#below(16);
    if (kind === 0) return this.#fillRandom(into);
    let length = kind <= 3 ? this.#fillSplice(into) : this.#fillCopy(into);
    // One case in sixteen is a corpus entry as it is: a fuzzer that never gets through tests little.
    if (kind === 4) return length;
    for (let n = 1 + this.#below(MAX_MUTATIONS); n > 0; n--) length = this.#mutate(into, length);
    return length;
  }

  #fillRandom(into: Uint8Array): number {
    const length = this.#below(Math.min(into.length, MAX_RANDOM_BYTES) + 1);
    for (let i = 0; i < length; i++) into[i] = this.#below(256);
    return length;
  }

  #fillCopy(into: Uint8Array): number {
    return copyInto(into, 0, this.#pick());
  }

  /** The beginning of one corpus entry, then the end of another. */
  #fillSplice(into: Uint8Array): number {
    const head = this.#pick();
    const tail = this.#pick();
    const length = copyInto(into, 0, head.subarray(0, this.#below(head.length + 1)));
    return copyInto(into, length, tail.subarray(this.#below(tail.length + 1)));
  }

  /** Puts one mutation on `into[0..length)`. @returns the new length. */
  #mutate(into: Uint8Array, length: number): number {
    if (length === 0) return this.#insert(into, length);
    const at = this.#below(length);
    switch (this.#below(8)) {
      case 0:
        into[at] = into[at]! ^ (1 << this.#below(8));
        return length;
      case 1:
        into[at] = this.#below(256);
        return length;
      case 2:
        into[at] = EXTREME_BYTES[this.#below(EXTREME_BYTES.length)]!;
        return length;
      case 3:
        into[at] = into[at]! + (this.#below(2) === 0 ? 1 : -1);
        return length;
      case 4:
        return Math.max(length, this.#overwrite(into, at));
      case 5:
        return at; // truncated
      case 6:
        return this.#remove(into, length, at);
      default:
        return this.#insert(into, length);
    }
  }

  #overwrite(into: Uint8Array, at: number): number {
    return copyInto(into, at, EXTREME_FIELDS[this.#below(EXTREME_FIELDS.length)]!);
  }

  /** Takes out up to 16 bytes. */
  #remove(into: Uint8Array, length: number, at: number): number {
    const count = Math.min(1 + this.#below(16), length - at);
    into.copyWithin(at, at + count, length);
    return length - count;
  }

  /** Puts in up to 16 bytes: random ones, or a piece of what is there once more. */
  #insert(into: Uint8Array, length: number): number {
    const count = Math.min(1 + this.#below(16), into.length - length);
    const at = this.#below(length + 1);
    into.copyWithin(at + count, at, length);
    if (length > 0 && this.#below(2) === 0) {
      const from = this.#below(length);
      into.copyWithin(at, from, Math.min(from + count, length));
    } else {
      for (let i = 0; i < count; i++) into[at + i] = this.#below(256);
    }
    return length + count;
  }

  #pick(): Uint8Array {
    return this.#corpus[this.#below(this.#corpus.length)]!;
  }

  /** An integer in 0..limit-1. */
  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

/** Copies as much of `src` as fits at `at`. @returns the offset behind the copy. */
function copyInto(into: Uint8Array, at: number, src: Uint8Array): number {
  const count = Math.min(src.length, into.length - at);
  into.set(count === src.length ? src : src.subarray(0, count), at);
  return at + count;
}
