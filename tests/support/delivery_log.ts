/**
 * When the application of a simulated transfer got its data.
 *
 * @module
 */

/** Deliveries in the order of time, all multiples of one segment's payload. */
export class DeliveryLog {
  readonly #mssBytes: number;
  readonly #timesMs: number[] = [];
  /** Delivered in all, up to and with each of these times. */
  readonly #totals: number[] = [];
  #total = 0;

  /** @param mssBytes payload of a segment. */
  constructor(mssBytes: number) {
    this.#mssBytes = mssBytes;
  }

  /** Hot. Segments were delivered. */
  add(segments: number, now: number): void {
    this.#total += segments;
    this.#timesMs.push(now);
    this.#totals.push(this.#total);
  }

  /** In all. */
  get deliveredBytes(): number {
    return this.#total * this.#mssBytes;
  }

  /** Bits per second delivered in a span of time, from after `fromMs` up to `toMs`. */
  goodputBps(fromMs: number, toMs: number): number {
    const segments = this.#totalAt(toMs) - this.#totalAt(fromMs);
    return segments * this.#mssBytes * 8000 / (toMs - fromMs);
  }

  /** The longest time without a delivery in a span, in ms; its ends bound it. */
  longestStallMs(fromMs: number, toMs: number): number {
    let longestMs = 0;
    let lastMs = fromMs;
    for (let i = this.#countUpTo(fromMs); i < this.#timesMs.length; i++) {
      const timeMs = this.#timesMs[i]!;
      if (timeMs > toMs) break;
      longestMs = Math.max(longestMs, timeMs - lastMs);
      lastMs = timeMs;
    }
    return Math.max(longestMs, toMs - lastMs);
  }

  #totalAt(timeMs: number): number {
    const count = this.#countUpTo(timeMs);
    return count === 0 ? 0 : this.#totals[count - 1]!;
  }

  /** Deliveries at or before a time, by bisection. */
  #countUpTo(timeMs: number): number {
    let low = 0;
    let high = this.#timesMs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#timesMs[middle]! <= timeMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
