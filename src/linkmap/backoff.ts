/**
 * How long to wait before the next attempt: growing, with jitter, for ever.
 *
 * @module
 */

/** First wait. Short: most failures on a phone are over at once. */
const FIRST_MS = 500;
/** Longest wait before jitter: someone who switches a phone's proxy on again should not wait longer. */
const LONGEST_MS = 10_000;
const GROWTH = 1.7;
/** A wait is spread over ± this fraction, so that links that failed together do not retry together. */
const JITTER_FRACTION = 0.25;

/**
 * Exponential backoff with jitter.
 *
 * @example
 * ```ts
 * import { Backoff } from "./backoff.ts";
 *
 * const backoff = new Backoff();
 * if (backoff.nextMs(0.5) !== 500) throw new Error("0.5 is no jitter");
 * if (backoff.nextMs(0.5) !== 850) throw new Error("grows");
 * backoff.reset();
 * if (backoff.nextMs(0.5) !== 500) throw new Error("begins anew");
 * ```
 */
export class Backoff {
  #waitMs = FIRST_MS;

  /** @param random uniform in [0, 1). @returns milliseconds to wait before the next attempt. */
  nextMs(random: number): number {
    const waitMs = this.#waitMs * (1 + JITTER_FRACTION * (2 * random - 1));
    this.#waitMs = Math.min(LONGEST_MS, this.#waitMs * GROWTH);
    return waitMs;
  }

  /** The attempt succeeded: the next failure waits the shortest time again. */
  reset(): void {
    this.#waitMs = FIRST_MS;
  }
}
