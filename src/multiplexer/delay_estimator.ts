/**
 * One-way delay of one link and direction: what of it is the way itself, what a queue, what jitter. Pure.
 *
 * A transit time is the receiver's clock less the sender's: it holds an offset that nobody knows, the same for all
 * links of a peer. So transits of two links can be compared, and differences of one link mean what they say.
 *
 * @module
 */

import { WindowedMin } from "./windowed_min.ts";

/** How long the least transit is believed to be the way's own. Longer: a route that got longer looks like a queue. */
const BASE_WINDOW_MS = 10_000;

/**
 * Jitter is taken from how much one transit time is off the line through its neighbours: a queue that grows or shrinks
 * steadily is none. Smoothed by this gain, and scaled so that a uniform jitter of +-j comes out as about j.
 */
const JITTER_GAIN = 1 / 16;
/** More jitter is believed sooner than less: a link that gets bad does harm at once. */
const MORE_JITTER_GAIN = 1 / 8;
/** What was measured falls to half in this time on a link that is only pinged. */
const JITTER_HALF_LIFE_MS = 1_000;
const JITTER_SCALE = 1.8;

/** The usual jitter is that of so many ms of traffic: what a moment of crowding adds hardly counts. */
const USUAL_MS = 5_000;

/** Samples that are further apart are pings. */
const RARE_MS = 200;
/** A jump of the delay by more is bad whatever the jitter was. */
const WORSE_MS = 40;

/** What is assumed of a link of which nothing is known: else its first jitter would pass for a queue. */
const INITIAL_JITTER_MS = 8;

/** A queue is what is left in the least transit of so long, in jitters: some of the packets of that time were not held up. */
const QUEUE_WINDOW_JITTERS = 8;
const MAX_QUEUE_WINDOW_MS = 200;

/** Samples kept for that. */
const SAMPLES = 16;

/**
 * A queue that we have, by our own count, sent little enough to empty this many times over and that is as long as
 * before is none: the way has become longer (a handover, another route).
 */
const EMPTIED_TIMES = 1.5;

/** A believed queue that has fallen by this share is one. */
const EMPTYING_FRACTION = 0.35;

/** Splits transit times. All in ms. */
export class DelayEstimator {
  /** The way's own transit; NaN before the first sample. */
  baseMs = Number.NaN;
  /** The queue now: least transit of the last 50 ms, or longer where there is jitter, over the base. */
  queueMs = 0;
  /** How much the delay changes from one few tens of ms to the next, but for what a queue does. */
  jitterMs = INITIAL_JITTER_MS;
  /** The jitter of the last many seconds with traffic, and how many there were. */
  #usualMs = 0;
  #trafficMs = 0;
  readonly #base = new WindowedMin(BASE_WINDOW_MS);
  #sampledMs = Number.NEGATIVE_INFINITY;
  readonly #atMs = new Float64Array(SAMPLES).fill(Number.NaN);
  readonly #leastMs = new Float64Array(SAMPLES);
  #next = 0;
  #lastMs = Number.NaN;
  #lastButOneMs = Number.NaN;
  /** The queue when the draining began, and what should have been drained since, ms. */
  #queueAtDrainMs = 0;
  #drainedMs = 0;

  /** How much later than the least the newest packet came, ms; NaN before the first. */
  get excessMs(): number {
    return this.#lastMs - this.baseMs;
  }

  /** What jitter is to be expected under traffic, ms; NaN until there was enough of it to tell. */
  get usualJitterMs(): number {
    return this.#trafficMs < USUAL_MS ? Number.NaN : this.#usualMs;
  }

  get hasSample(): boolean {
    return !Number.isNaN(this.baseMs);
  }

  /**
   * Takes what one feedback says.
   * @param leastMs least transit of the last 50 ms
   * @param newestMs transit of the newest packet
   * @param drainFraction part of the link's capacity that was left unused to drain the queue since the last sample; 0: none.
   * @returns whether the way has been found to be longer than it was: round trips are, too.
   */
  handleSample(leastMs: number, newestMs: number, drainFraction: number, now: number): boolean {
    const elapsedMs = Math.min(1_000, now - this.#sampledMs);
    this.#sampledMs = now;
    this.#base.add(leastMs, now);
    this.baseMs = this.#base.value;
    this.queueMs = this.#leastOf(leastMs, now) - this.baseMs;
    if (elapsedMs <= RARE_MS) this.#addUsual(elapsedMs);
    else this.jitterMs *= 2 ** (-elapsedMs / JITTER_HALF_LIFE_MS);
    this.#addJitter(newestMs);
    return this.#checkDrain(leastMs, drainFraction * elapsedMs, now);
  }

  /** The link goes another way now. */
  reset(): void {
    this.#base.reset();
    this.baseMs = Number.NaN;
    this.queueMs = 0;
    this.jitterMs = INITIAL_JITTER_MS;
    this.#trafficMs = 0;
    this.#lastMs = Number.NaN;
    this.#atMs.fill(Number.NaN);
    this.#drainedMs = 0;
  }

  /** The least transit over a time that follows from the jitter. */
  #leastOf(leastMs: number, now: number): number {
    this.#next = (this.#next + 1) % SAMPLES;
    this.#atMs[this.#next] = now;
    this.#leastMs[this.#next] = leastMs;
    const sinceMs = now - Math.min(MAX_QUEUE_WINDOW_MS, QUEUE_WINDOW_JITTERS * this.jitterMs);
    let least = leastMs;
    for (let back = 1; back < SAMPLES; back++) {
      const at = (this.#next + SAMPLES - back) % SAMPLES;
      if (!(this.#atMs[at]! >= sinceMs)) break;
      least = Math.min(least, this.#leastMs[at]!);
    }
    return least;
  }

  /** A mean of all at first, then one that forgets. */
  #addUsual(elapsedMs: number): void {
    this.#trafficMs += elapsedMs;
    const gain = Math.min(1, elapsedMs / Math.min(this.#trafficMs, USUAL_MS));
    this.#usualMs += (this.jitterMs - this.#usualMs) * gain;
  }

  #addJitter(newestMs: number): void {
    const bendMs = Math.abs(newestMs - 2 * this.#lastMs + this.#lastButOneMs) / 2;
    this.#lastButOneMs = this.#lastMs;
    this.#lastMs = newestMs;
    if (!Number.isNaN(bendMs)) {
      const differenceMs = JITTER_SCALE * bendMs - this.jitterMs;
      const isWorse = differenceMs > WORSE_MS;
      this.jitterMs += (isWorse ? MORE_JITTER_GAIN : JITTER_GAIN) * differenceMs;
    }
  }

  /** Takes a queue that does not drain for what it is: a longer way. */
  #checkDrain(leastMs: number, drainedMs: number, now: number): boolean {
    // Not smoothed: a queue that shrinks is to be seen while it does.
    const queueMs = leastMs - this.baseMs;
    if (drainedMs <= 0 || queueMs < this.#queueAtDrainMs * (1 - EMPTYING_FRACTION)) {
      this.#drainedMs = 0;
      this.#queueAtDrainMs = queueMs;
      return false;
    }
    if (this.#drainedMs === 0) this.#queueAtDrainMs = queueMs;
    this.#drainedMs += drainedMs;
    if (this.#drainedMs < EMPTIED_TIMES * this.#queueAtDrainMs) return false;
    this.#base.reset();
    this.#base.add(leastMs, now);
    this.#atMs.fill(Number.NaN); // What came the shorter way would be less than no queue.
    this.baseMs = leastMs;
    this.queueMs = 0;
    this.#drainedMs = 0;
    return true;
  }
}
