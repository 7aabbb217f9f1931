/**
 * How late the program looks at what is due: a reactor that sleeps through a transfer is late by some, again and again. Pure.
 *
 * @module
 */

/** A timer is late by so much anyhow, ms. */
const USUAL_LATE_MS = 1;

/** Links keep what they earn meanwhile, but not more than of this time: a queue in a phone is out of our hands. */
const MAX_LATE_MS = 6;

/** What is left of an earlier lateness at each look. */
const DECAY = 0.9;

/** Less is none, ms. */
const LEAST_MS = 0.1;

/** Of one multiplexer; its links' pacers read it. */
export class Lateness {
  /** Beyond the usual. */
  ms = 0;

  /** What was due is done so much later, ms; negative: before its time, Infinity: nothing was ever due. */
  note(lateMs: number): void {
    const excessMs = lateMs === Infinity ? 0 : Math.min(MAX_LATE_MS, lateMs - USUAL_LATE_MS);
    const decayedMs = DECAY * this.ms;
    this.ms = Math.max(excessMs, decayedMs < LEAST_MS ? 0 : decayedMs);
  }
}
