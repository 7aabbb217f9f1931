/**
 * Counts what arrives at the far end of the tunnel, and the pauses between. Pure.
 *
 * @module
 */

/** Counts bytes and the longest pause. */
export class GoodputMeter {
  /** Bytes so far. */
  receivedBytes = 0;
  #lastArrivalMs: number;
  #longestGapMs = 0;

  /** @param now monotonic ms; pauses count from here. */
  constructor(now: number) {
    this.#lastArrivalMs = now;
  }

  /** Hot. */
  add(bytes: number, now: number): void {
    this.receivedBytes += bytes;
    const gapMs = now - this.#lastArrivalMs;
    if (gapMs > this.#longestGapMs) this.#longestGapMs = gapMs;
    this.#lastArrivalMs = now;
  }

  /** The longest pause since the last call, one that still goes on included, in ms. */
  takeLongestGapMs(now: number): number {
    const longestGapMs = Math.max(this.#longestGapMs, now - this.#lastArrivalMs);
    this.#longestGapMs = 0;
    return longestGapMs;
  }
}
