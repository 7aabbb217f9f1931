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

/** Words that a flow has: IPv6 addresses, protocol, ports. There is room for more. */
const FLOW_WORDS = 16;

/**
 * One hash under way. All state are int32: small integers, so nothing is allocated. Packets of one flow come in trains, so the words
 * are only noted as they come: the same ones as before have the hash that they had.
 */
export class FlowHash {
  readonly #key0: number;
  readonly #key1: number;
  #words = new Int32Array(FLOW_WORDS);
  #count = 0;
  /** Whether no word has changed since a hash was finished, and of how many words that was. */
  #isSame = false;
  #lastCount = -1;
  #lastHash = 0;
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
    this.#count = 0;
  }

  /** Hot. Takes one word: an int32. */
  add(word: number): void {
    const at = this.#count++;
    if (this.#words[at] === word) return;
    this.#isSame = false;
    if (at === this.#words.length) this.#grow();
    this.#words[at] = word;
  }

  /**
   * Hot. The hash: 31 bits, 0..2^31 - 1. (The top bit would make every second hash a number on the heap when it is
   * handed on.) All bits are equally good.
   */
  finish(): number {
    if (this.#isSame && this.#count === this.#lastCount) return this.#lastHash;
    this.#isSame = true;
    this.#lastCount = this.#count;
    return this.#lastHash = this.#hash();
  }

  #hash(): number {
    this.#v0 = this.#key0;
    this.#v1 = this.#key1;
    this.#v2 = 0x6c796765 ^ this.#key0;
    this.#v3 = 0x74656462 ^ this.#key1;
    for (let i = 0; i < this.#count; i++) {
      const word = this.#words[i]!;
      this.#v3 ^= word;
      this.#round();
      this.#v0 ^= word;
    }
    this.#v2 ^= 0xff;
    this.#round();
    this.#round();
    this.#round();
    return (this.#v1 ^ this.#v3) & 0x7fff_ffff;
  }

  #grow(): void {
    const words = new Int32Array(2 * this.#words.length);
    words.set(this.#words);
    this.#words = words;
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
