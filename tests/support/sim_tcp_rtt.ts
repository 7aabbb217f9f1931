/**
 * Round-trip times of the simulator's TCP sender: Linux's estimator (tcp_rtt_estimator) with the
 * timeout made from it.
 *
 * @module
 */

/** Linux's least variance in the timeout, TCP_RTO_MIN; so the timeout is never below srtt + 200 ms. */
const RTO_MIN_MS = 200;
/** TCP_RTO_MAX. */
const RTO_MAX_MS = 120_000;
/** TCP_TIMEOUT_INIT (RFC 6298 §2.1). */
const RTO_INITIAL_MS = 1000;

/** Smoothed round-trip time, the shortest one, and the timeout. All in ms. */
export class SimTcpRtt {
  /** 0 before the first sample. */
  srttMs = 0;
  /** The shortest of the run (Linux: of the last 300 s); Infinity before the first sample. */
  minRttMs = Infinity;
  rtoMs = RTO_INITIAL_MS;
  /** Four times the mean deviation, its highest value of this round, and the one that counts. */
  #deviationMs = 0;
  #roundDeviationMs = RTO_MIN_MS;
  #variationMs = RTO_MIN_MS;
  #roundEndSeg = 0;

  /** Hot. A sample of whatever kind, for the shortest. */
  noteShortest(sampleMs: number): void {
    if (sampleMs < this.minRttMs) this.minRttMs = sampleMs;
  }

  /** Hot. A sample; takes the timeout's backing off back. */
  add(sampleMs: number, una: number, nxt: number): void {
    if (this.srttMs === 0) {
      this.srttMs = sampleMs;
      this.#deviationMs = 2 * sampleMs;
      this.#variationMs = Math.max(this.#deviationMs, RTO_MIN_MS);
      this.#roundDeviationMs = this.#variationMs;
      this.#roundEndSeg = nxt;
    } else {
      this.#smooth(sampleMs);
      if (una > this.#roundEndSeg) {
        if (this.#roundDeviationMs < this.#variationMs) {
          this.#variationMs -= (this.#variationMs - this.#roundDeviationMs) / 4;
        }
        this.#roundEndSeg = nxt;
        this.#roundDeviationMs = RTO_MIN_MS;
      }
    }
    this.rtoMs = Math.min(RTO_MAX_MS, this.srttMs + this.#variationMs);
  }

  /** The timeout struck. */
  backOff(): void {
    this.rtoMs = Math.min(RTO_MAX_MS, this.rtoMs * 2);
  }

  #smooth(sampleMs: number): void {
    const error = sampleMs - this.srttMs;
    this.srttMs += error / 8;
    let step = Math.abs(error) - this.#deviationMs / 4;
    if (error < 0 && step > 0) step /= 8; // a sudden drop must not raise the timeout
    this.#deviationMs += step;
    if (this.#deviationMs > this.#roundDeviationMs) {
      this.#roundDeviationMs = this.#deviationMs;
      if (this.#roundDeviationMs > this.#variationMs) this.#variationMs = this.#roundDeviationMs;
    }
  }
}
