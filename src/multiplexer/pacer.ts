/**
 * When a link may send next: bytes of credit that grow with time. So a queue stands in the daemon, where flows
 * are told apart, and not in a phone. Pure.
 *
 * @module
 */

/** Credit that is not used is kept for this long, and for as long as timers are late: see {@link Pacer.lateMs}. */
const BURST_MS = 4;

/** The least burst: two full packets, or a slow link could never send one. */
const MIN_BURST_BYTES = 3_000;

/** Debt is forgiven beyond this: what was sent without credit must not silence a link for long. */
const MAX_DEBT_MS = 100;

/** Credit of one link. */
export class Pacer {
  /** How late the program looks at what is due, ms: what a link earns meanwhile is not lost. */
  lateMs = 0;
  /** Bytes a ms. */
  #bytesPerMs = 0;
  #creditBytes = MIN_BURST_BYTES;
  #updatedMs = Number.NEGATIVE_INFINITY;

  get rateBps(): number {
    return this.#bytesPerMs * 8_000;
  }

  /** Sets the rate from `now` on. */
  setRate(rateBps: number, now: number): void {
    this.#update(now);
    this.#bytesPerMs = rateBps / 8_000;
  }

  /** Hot. Whether a packet may go now. The last one may be larger than what credit is left. */
  hasCredit(now: number): boolean {
    if (now > this.#updatedMs) this.#update(now);
    return this.#creditBytes > 0;
  }

  /** Hot. Takes what was sent, whether there was credit or not. */
  take(bytes: number, now: number): void {
    if (now > this.#updatedMs) this.#update(now);
    this.#creditBytes -= bytes;
  }

  /** Monotonic ms from which there is credit. */
  nextCreditMs(now: number): number {
    if (this.hasCredit(now)) return now;
    return this.#updatedMs + (1 - this.#creditBytes) / this.#bytesPerMs;
  }

  #update(now: number): void {
    const elapsedMs = now - this.#updatedMs;
    this.#updatedMs = now;
    const burstBytes = Math.max(MIN_BURST_BYTES, (BURST_MS + this.lateMs) * this.#bytesPerMs);
    const credit = elapsedMs === Infinity
      ? burstBytes
      : this.#creditBytes + elapsedMs * this.#bytesPerMs;
    this.#creditBytes = Math.max(
      Math.min(credit, burstBytes),
      -Math.max(MIN_BURST_BYTES, MAX_DEBT_MS * this.#bytesPerMs),
    );
  }
}
