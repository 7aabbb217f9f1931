/**
 * A rate of bytes that forgets what was longer ago than some hundred ms. Pure.
 *
 * @module
 */

/** Time constant. */
const MEMORY_MS = 300;

/** Exponentially smoothed rate. */
export class ByteRate {
  #bytes = 0.5;
  #updatedMs = 0;

  /** Hot. Counts bytes now. */
  add(bytes: number, now: number): void {
    if (now > this.#updatedMs) this.#decay(now);
    this.#bytes += bytes;
  }

  /** Bits per second. */
  bps(now: number): number {
    if (now > this.#updatedMs) this.#decay(now);
    return this.#bytes * 8_000 / MEMORY_MS;
  }

  #decay(now: number): void {
    this.#bytes *= Math.exp((this.#updatedMs - now) / MEMORY_MS);
    this.#updatedMs = now;
  }
}
