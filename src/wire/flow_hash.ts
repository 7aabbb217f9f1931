/**
 * The keyed hash that flows are told apart by: HalfSipHash-1-3 over 32-bit words. Pure.
 *
 * Flows that share a hash share a queue and a place in the order, so whoever can aim collisions can slow a
 * flow of somebody else's down. Multiply-and-rotate hashes (Murmur, FNV) don't prevent that: their collisions
 * hold for every seed (Aumasson, Bernstein, Bosslet, "Hash-flooding DoS reloaded", 2012). Linux keys its own
 * flow hashes by SipHash for the same reason; the half-width one is made for 32-bit arithmetic (Linux,
 * lib/siphash.c, hsiphash).
 *
 * @module
 */

const TWO_TO_32 = 0x1_0000_0000;

/** One hash under way. All state are int32: small integers, so nothing is allocated. */
export class FlowHash {
  readonly #key0: number;
  readonly #key1: number;
  #v0 = 0;
  #v1 = 0;
  #v2 = 0;
  #v3 = 0;

  /** @param seed the key: a random integer, 0..2^53 - 1. */
  constructor(seed: number) {
    this.#key0 = seed | 0;
    this.#key1 = Math.floor(seed / TWO_TO_32) | 0;
  }

  /** Hot. Begins anew. */
  reset(): void {
    this.#v0 = this.#key0;
    this.#v1 = this.#key1;
    this.#v2 = 0x6c796765 ^ this.#key0;
    this.#v3 = 0x74656462 ^ this.#key1;
  }

  /** Hot. Takes one word: an int32. */
  add(word: number): void {
    this.#v3 ^= word;
    this.#round();
    this.#v0 ^= word;
  }

  /**
   * Hot. The hash: 31 bits, 0..2^31 - 1. (The top bit would make every second hash a number on the heap when it is
   * handed on.) All bits are equally good.
   */
  finish(): number {
    this.#v2 ^= 0xff;
    this.#round();
    this.#round();
    this.#round();
    return (this.#v1 ^ this.#v3) & 0x7fff_ffff;
  }

  #round(): void {
    let v0 = this.#v0;
    let v1 = this.#v1;
    let v2 = this.#v2;
    let v3 = this.#v3;
    v0 = (v0 + v1) | 0;
    v1 = (v1 << 5 | v1 >>> 27) ^ v0;
    v0 = v0 << 16 | v0 >>> 16;
    v2 = (v2 + v3) | 0;
    v3 = (v3 << 8 | v3 >>> 24) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = (v3 << 7 | v3 >>> 25) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = (v1 << 13 | v1 >>> 19) ^ v2;
    v2 = v2 << 16 | v2 >>> 16;
    this.#v0 = v0;
    this.#v1 = v1;
    this.#v2 = v2;
    this.#v3 = v3;
  }
}
