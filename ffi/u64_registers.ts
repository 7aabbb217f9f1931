/**
 * Numbers on their way into `u64` parameters of hot calls.
 *
 * A call with a plain number for a `u64` leaves V8's fast path, 300 to 500 ns each; a BigInt that is made from a number is an
 * object. An element of a BigUint64Array that is loaded right in the call stays a machine word in optimized code
 * (measured: evp_context.ts).
 *
 * @module
 */

/** A few words. */
export class U64Registers {
  /** To be read right in the call. */
  readonly words: BigUint64Array;
  readonly #halves: Uint32Array;

  constructor(count: number) {
    this.words = new BigUint64Array(count);
    this.#halves = new Uint32Array(this.words.buffer);
  }

  /** Hot. @param value an integer, 0..2^53 - 1. Little-endian, as the machines here are. */
  set(register: number, value: number): void {
    this.#halves[2 * register] = value;
    this.#halves[2 * register + 1] = value / 0x1_0000_0000;
  }
}
