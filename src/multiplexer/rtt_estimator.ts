/**
 * Round trip of one link, as RFC 6298 smooths it. With feedback it is the forward link and the way the feedback
 * took, which may be another link; with an echo it is the link's own. Pure.
 *
 * @module
 */

import { WindowedMin } from "./windowed_min.ts";

/** RFC 6298 §2.3: gains of the smoothed round trip and of its variation. */
const SRTT_GAIN = 1 / 8;
const RTTVAR_GAIN = 1 / 4;

/** How long the least round trip is believed. */
const MIN_WINDOW_MS = 10_000;

/** See {@link RttEstimator.tailMs}: the margin is the time that feedback may be put off, and some. */
const TAIL_DEVIATIONS = 2;
const TAIL_MARGIN_MS = 15;

/** Used before anything was measured: a phone's radio that wakes up. */
const INITIAL_SRTT_MS = 200;

/** Smoothed round trip. */
export class RttEstimator {
  /** Smoothed round trip, ms. */
  srttMs = INITIAL_SRTT_MS;
  /** Its mean deviation, ms. */
  rttvarMs = INITIAL_SRTT_MS / 2;
  hasSample = false;
  readonly #min = new WindowedMin(MIN_WINDOW_MS);

  /** Least round trip of the last ten seconds, ms. */
  get minMs(): number {
    return this.hasSample ? Math.min(this.#min.value, this.srttMs) : this.srttMs;
  }

  /** By then most of what comes has come, and has been told of. */
  get tailMs(): number {
    return this.srttMs + TAIL_DEVIATIONS * this.rttvarMs + TAIL_MARGIN_MS;
  }

  /** srtt and four deviations: later than that hardly anything comes that comes at all. */
  get lateMs(): number {
    return this.srttMs + 4 * this.rttvarMs;
  }

  /** Takes a sample, ms >= 0. */
  handleSample(rttMs: number, now: number): void {
    this.#min.add(rttMs, now);
    if (!this.hasSample) {
      this.hasSample = true;
      this.srttMs = rttMs;
      this.rttvarMs = rttMs / 2;
      return;
    }
    this.rttvarMs += RTTVAR_GAIN * (Math.abs(this.srttMs - rttMs) - this.rttvarMs);
    this.srttMs += SRTT_GAIN * (rttMs - this.srttMs);
  }

  /** The way has become longer: the least round trip is not to be had any more. */
  forgetLeast(): void {
    this.#min.reset();
  }

  /** The link goes another way now: what was measured means nothing. */
  reset(): void {
    this.srttMs = INITIAL_SRTT_MS;
    this.rttvarMs = INITIAL_SRTT_MS / 2;
    this.hasSample = false;
    this.#min.reset();
  }
}
