/**
 * How many bytes passed in the last five seconds, in buckets of 100 ms: what a control packet
 * reports of each link.
 *
 * @module
 */

/** Width of a bucket. The original's; a control packet's figure moves by steps of this. */
const BUCKET_MS = 100;
/** Buckets in the window: 50 × 100 ms = 5 s, the original's window. */
const BUCKETS = 50;

/** The window over which a tallier counts, in milliseconds. */
export const TALLIER_WINDOW_MS = BUCKET_MS * BUCKETS;

/**
 * Counts bytes over a sliding window.
 *
 * @example
 * ```ts
 * import { Tallier } from "./tallier.ts";
 *
 * const tallier = new Tallier();
 * tallier.add(1500, 0);
 * tallier.add(500, 4_000);
 * if (tallier.total(4_900) !== 2_000) throw new Error("both are within five seconds");
 * if (tallier.total(5_000) !== 500) throw new Error("the first has left the window");
 * ```
 */
export class Tallier {
  readonly #buckets = new Float64Array(BUCKETS);
  /** Number of the newest bucket: time / 100 ms, rounded down. */
  #newest = Number.NEGATIVE_INFINITY;
  #total = 0;

  /** Hot. Counts bytes at a time that is not before any earlier one (an earlier one counts as the latest). */
  add(bytes: number, now: number): void {
    this.#advance(now);
    this.#buckets[this.#newest % BUCKETS]! += bytes;
    this.#total += bytes;
  }

  /** Bytes in the window that ends now. */
  total(now: number): number {
    this.#advance(now);
    return this.#total;
  }

  /** Empties the buckets that have left the window. At most one pass over all of them, however long the pause. */
  #advance(now: number): void {
    const bucket = Math.floor(now / BUCKET_MS);
    if (bucket <= this.#newest) return;
    if (bucket - this.#newest >= BUCKETS) {
      this.#buckets.fill(0);
      this.#total = 0;
    } else {
      for (let i = this.#newest + 1; i <= bucket; i++) {
        this.#total -= this.#buckets[i % BUCKETS]!;
        this.#buckets[i % BUCKETS] = 0;
      }
    }
    this.#newest = bucket;
  }
}
