/**
 * The least of the samples of the last seconds, in a few buckets: no list of samples, and what is old goes
 * a bucket at a time. Pure.
 *
 * @module
 */

/** More buckets follow more closely and cost more to ask. */
const BUCKETS = 5;

/** A sliding minimum. */
export class WindowedMin {
  readonly #bucketMs: number;
  readonly #mins = new Float64Array(BUCKETS).fill(Number.POSITIVE_INFINITY);
  #bucket = 0;
  #bucketEndMs = Number.NEGATIVE_INFINITY;
  #min = Number.POSITIVE_INFINITY;

  /** @param windowMs how far back it looks; up to a fifth less. */
  constructor(windowMs: number) {
    this.#bucketMs = windowMs / BUCKETS;
  }

  /** The least sample; Infinity when there is none. */
  get value(): number {
    return this.#min;
  }

  /** Hot. Takes a sample. */
  add(sample: number, now: number): void {
    if (now >= this.#bucketEndMs) this.#turn(now);
    if (sample < this.#mins[this.#bucket]!) this.#mins[this.#bucket] = sample;
    if (sample < this.#min) this.#min = sample;
  }

  /** Forgets all; what comes next is the least. */
  reset(): void {
    this.#mins.fill(Number.POSITIVE_INFINITY);
    this.#min = Number.POSITIVE_INFINITY;
    this.#bucketEndMs = Number.NEGATIVE_INFINITY;
  }

  #turn(now: number): void {
    const isFarBehind = now >= this.#bucketEndMs + BUCKETS * this.#bucketMs;
    if (isFarBehind) this.#mins.fill(Number.POSITIVE_INFINITY);
    else {
      while (now >= this.#bucketEndMs) {
        this.#bucket = (this.#bucket + 1) % BUCKETS;
        this.#mins[this.#bucket] = Number.POSITIVE_INFINITY;
        this.#bucketEndMs += this.#bucketMs;
      }
    }
    if (isFarBehind) this.#bucketEndMs = now + this.#bucketMs;
    let min = Number.POSITIVE_INFINITY;
    for (let i = 0; i < BUCKETS; i++) min = Math.min(min, this.#mins[i]!);
    this.#min = min;
  }
}
