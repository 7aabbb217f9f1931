/**
 * How late the event loop's own timers fire while packets flow: what is left of it for metrics, commands and SOCKS5 control
 * connections when one thread does all.
 *
 * A timer of its own, and only under load: at rest ten wake-ups a second would be a tenth of all that the daemon uses, to say
 * nothing that a timer of a sleeping program could.
 *
 * @module
 */

import type { DelayHistogram } from "./snapshot.ts";

/** The timer that is looked at, ms. */
const PERIOD_MS = 100;

/** So many periods without a packet are the end of load. */
const REST_PERIODS = 10;

/** In seconds, as in the exposition. Deno counts whole ms, so 1 ms is as good as on time. */
const BOUNDS_SECONDS: readonly number[] = [
  0.001,
  0.002,
  0.005,
  0.01,
  0.02,
  0.05,
  0.1,
  0.2,
  0.5,
  1,
  5,
];

/** Measures it. */
export class TimerDelay {
  readonly #clock: () => number;
  /** By bound, and those beyond the last one. */
  readonly #counts = new Array<number>(BOUNDS_SECONDS.length + 1).fill(0);
  #sumSeconds = 0;
  #pkts = 0;
  /** Periods since a packet was seen. */
  #restPeriods = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** When the timer is due; NaN: none runs. */
  #dueMs = NaN;
  #isStopped = false;

  /** @param clock monotonic ms */
  constructor(clock: () => number) {
    this.#clock = clock;
  }

  /** So many packets have come and gone in all: more than before begins the measurement, or keeps it going. Call it often. */
  handleLoad(pkts: number): void {
    if (pkts === this.#pkts) return;
    this.#pkts = pkts;
    this.#restPeriods = 0;
    if (Number.isNaN(this.#dueMs) && !this.#isStopped) this.#setTimer();
  }

  /** What was measured so far: a copy. */
  snapshot(): DelayHistogram {
    return {
      boundsSeconds: BOUNDS_SECONDS,
      counts: this.#counts.slice(),
      sumSeconds: this.#sumSeconds,
    };
  }

  /** Idempotent. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #setTimer(): void {
    this.#dueMs = this.#clock() + PERIOD_MS;
    this.#timer = setTimeout(this.#handleTimer, PERIOD_MS);
  }

  readonly #handleTimer = (): void => {
    const delaySeconds = Math.max(0, this.#clock() - this.#dueMs) / 1_000;
    const bound = BOUNDS_SECONDS.findIndex((each) => delaySeconds <= each);
    this.#counts[bound < 0 ? BOUNDS_SECONDS.length : bound]!++;
    this.#sumSeconds += delaySeconds;
    if (++this.#restPeriods <= REST_PERIODS) this.#setTimer();
    else this.#dueMs = NaN;
  };
}
