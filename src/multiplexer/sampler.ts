/**
 * Random choice by weight: the original's way to spread packets over links.
 *
 * @module
 */

/**
 * Draws an index with a probability proportional to its weight.
 *
 * @example
 * ```ts
 * import { Sampler } from "./sampler.ts";
 *
 * const sampler = new Sampler(4);
 * sampler.setWeights([1, 0, 3], 3);
 * if (sampler.draw(0.2) !== 0) throw new Error("a quarter of the draws gives index 0");
 * if (sampler.draw(0.9) !== 2) throw new Error("the rest gives index 2; weight 0 is never drawn");
 * ```
 */
export class Sampler {
  readonly #cumulative: Float64Array;
  #count = 0;

  /** @param capacity the most weights it will hold. */
  constructor(capacity: number) {
    this.#cumulative = new Float64Array(capacity);
  }

  /**
   * Takes the first `count` weights (each >= 0).
   * @throws RangeError when `count` exceeds the capacity: our own bug, never a packet's doing.
   */
  setWeights(weights: ArrayLike<number>, count: number): void {
    if (count > this.#cumulative.length) {
      throw new RangeError(
        `Invariant: ${count} weights in a sampler of ${this.#cumulative.length}`,
      );
    }
    let sum = 0;
    for (let i = 0; i < count; i++) {
      sum += weights[i]!;
      this.#cumulative[i] = sum;
    }
    this.#count = count;
  }

  /** The sum of all weights. */
  get total(): number {
    return this.#count === 0 ? 0 : this.#cumulative[this.#count - 1]!;
  }

  /**
   * Hot. @param random in [0, 1). @returns the index drawn, or -1 when no weight is above zero.
   *
   * A linear walk: a slave has a handful of links, and for those it beats alias tables and
   * binary search.
   */
  draw(random: number): number {
    const count = this.#count;
    const cumulative = this.#cumulative;
    if (count === 0) return -1;
    const point = random * cumulative[count - 1]!;
    for (let i = 0; i < count; i++) {
      if (point < cumulative[i]!) return i;
    }
    return -1;
  }
}
