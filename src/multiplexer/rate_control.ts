/**
 * How fast one link may send in one direction: the capacity that was measured, times a factor that keeps a short queue
 * at the bottleneck. Pure.
 *
 * A link that always has a few ms of queue is always busy, and what it delivers then is its capacity, up as well as
 * down: no probing is needed that would first leave a part unused and then overshoot. Every few seconds the queue is
 * let run empty once, or after a while nobody would know how long the way is without one.
 *
 * @module
 */

import type { CapacityEstimator } from "./capacity_estimator.ts";
import type { DelayEstimator } from "./delay_estimator.ts";
import type { RttEstimator } from "./rtt_estimator.ts";

/** The queue to keep at the bottleneck: enough to be seen above the jitter, at most what a call does not mind. ms */
const TARGET_BASE_MS = 12;
const MIN_TARGET_MS = 16;
const MAX_TARGET_MS = 60;

/** A queue of this share of the target, for the whole window of a rate sample, means the link was busy. */
const BUSY_FRACTION = 0.25;
const BUSY_MIN_MS = 3;
/** And is above what jitter leaves in the least transit. */
const BUSY_JITTERS = 0.6;

/** The error is corrected within this time at least, and within so many round trips: a faster loop overshoots. */
const CORRECT_MS = 100;
const CORRECT_ROUND_TRIPS = 1.5;
const MIN_FACTOR = 0.6;
const MAX_FACTOR = 1.25;

/** Without any queue for some round trips, the capacity has grown: so it is looked for in larger steps. */
const HUNT_FACTOR = 1.25;
const FAST_HUNT_FACTOR = 1.5;
const HUNT_AFTER_ROUND_TRIPS = 1.5;
const FAST_HUNT_AFTER_ROUND_TRIPS = 4;

/** A mean queue below this share of the target is none. */
const IDLE_FRACTION = 0.45;

/** The least time over which a queue is judged. */
const PATIENCE_MS = 80;

/** While nothing is known of a link: twice the rate with every round trip. */
const STARTUP_FACTOR = 2;
/** Until it has had a queue and has not grown by so much, for so many round trips in a row (BBR's full pipe). */
const GROWTH = 1.15;
const FULL_CHECKS = 3;

/** While a policer drops what is too much. */
const POLICED_FACTOR = 0.95;

/** How often the queue is let run empty, at what rate, how short it is then, and how long that may take. */
const DRAIN_EVERY_MS = 4_000;
const DRAIN_FACTOR = 0.75;
const DRAINED_MS = 1.5;
const DRAIN_LIMIT_MS = 250;

/** No link is slower than that: a ring of a phone gets through. */
const MIN_RATE_BPS = 64_000;

/** Window of a rate sample. A longer one is steadier under jitter, and slower. */
const MIN_WINDOW_MS = 100;
const MAX_WINDOW_MS = 400;
const WINDOW_JITTERS = 10;

/** A queue that grows by more shows that more is sent than the link carries. */
const GROWTH_MIN_MS = 3;
const GROWTH_JITTERS = 1;

/** So long has a queue to be too long before the capacity is taken to have fallen; and in jitters. */
const OVERFULL_MS = 20;
const OVERFULL_JITTERS = 4;
const FAR_OVERFULL_MS = 80;

/** Packets that may be in flight beyond what the rate asks for. */
const EXTRA_IN_FLIGHT_BYTES = 6_000;

/** And at most in all, for one link: what has to be kept to be sent again. */
const MAX_IN_FLIGHT_BYTES = 8 * 1024 * 1024;

/** Feedback comes up to that late. */
const FEEDBACK_MS = 20;

const Phase = { STARTUP: 0, STEADY: 1, DRAIN: 2 } as const;

/** Rate of one link and direction. */
export class RateControl {
  /** Bits per second of datagrams with IP and UDP headers. */
  rateBps = 0;
  /** The queue that is kept, ms. */
  targetMs = MIN_TARGET_MS;
  /** Part of the capacity that is left unused now to shorten the queue, 0..1. */
  drainFraction = 0;
  /** Bytes that may be in flight. */
  maxInFlightBytes = 0;
  /**
   * When startup ended, monotonic ms. What was sent before was to be too much in the end: its loss says where the capacity is,
   * nothing about the link.
   */
  startedUpMs = Number.NEGATIVE_INFINITY;
  /** User's limit, bits per second. */
  capBps = Number.POSITIVE_INFINITY;
  readonly #capacity: CapacityEstimator;
  readonly #delay: DelayEstimator;
  readonly #rtt: RttEstimator;
  #phase: number = Phase.STARTUP;
  #idleSinceMs = Number.POSITIVE_INFINITY;
  /** Startup: when growth is looked at next, the capacity then, and how often in a row there was none. */
  #checkMs = Number.NEGATIVE_INFINITY;
  #checkedBps = 0.5;
  #fullChecks = 0;
  #overfullSinceMs = Number.POSITIVE_INFINITY;
  /** When the link could last have sent more than it was let. */
  #limitedMs = Number.NEGATIVE_INFINITY;
  /** The queue, smoothed over about a round trip. */
  #meanQueueMs = 0;
  #updatedMs = Number.NEGATIVE_INFINITY;
  #drainBeginsMs = Number.NEGATIVE_INFINITY;
  #drainEndsMs = 0;

  constructor(capacity: CapacityEstimator, delay: DelayEstimator, rtt: RttEstimator) {
    this.#capacity = capacity;
    this.#delay = delay;
    this.#rtt = rtt;
    this.#setRate(STARTUP_FACTOR);
  }

  /** How far back the delivered rate is taken now, ms. */
  get windowMs(): number {
    const wishMs = Math.max(MIN_WINDOW_MS, WINDOW_JITTERS * this.#delay.jitterMs);
    return Math.min(MAX_WINDOW_MS, wishMs);
  }

  /** Whether the queue is longer than jitter and target explain. */
  get isOverfull(): boolean {
    return this.#delay.queueMs > this.targetMs + this.#delay.jitterMs;
  }

  /**
   * Whether the capacity may have fallen: the queue is too long, and has been for a while. Of a link that could have
   * sent more than it was given only a very long queue says so: a short one is not of its making.
   */
  mayFall(isLimited: boolean, now: number): boolean {
    const { queueMs, jitterMs } = this.#delay;
    const leastMs = Math.max(OVERFULL_MS, OVERFULL_JITTERS * jitterMs);
    return now - this.#overfullSinceMs >= leastMs &&
      (isLimited || queueMs > FAR_OVERFULL_MS + jitterMs);
  }

  /** By how much the queue has to grow to be more than jitter, ms. */
  get growthMs(): number {
    return GROWTH_MIN_MS + GROWTH_JITTERS * this.#delay.jitterMs;
  }

  /** True while the rate is doubled from round trip to round trip. */
  get isStartingUp(): boolean {
    return this.#phase === Phase.STARTUP;
  }

  /** Whether a queue is one: then what is delivered is what the link carries. */
  get isBusy(): boolean {
    const { queueMs, jitterMs } = this.#delay;
    return queueMs >=
      Math.max(BUSY_MIN_MS, BUSY_FRACTION * this.targetMs, BUSY_JITTERS * jitterMs);
  }

  /** The user's limit is another one: a lower one holds at once, towards a higher one the rate grows as it always does. */
  cap(capBps: number): void {
    this.capBps = capBps;
    this.rateBps = Math.min(capBps, this.rateBps);
  }

  /** The link is new, or was gone: what it carries has to be found out again, from a part of what it was. */
  restart(): void {
    this.#phase = Phase.STARTUP;
    this.#idleSinceMs = Number.POSITIVE_INFINITY;
    this.#capacity.restart();
    if (this.#capacity.isKnown) this.#capacity.capacityBps /= 2;
    this.#setRate(STARTUP_FACTOR);
  }

  /**
   * New measurements came.
   * @param isLimited whether the link could have sent more than it was let
   * @param isUsed whether it was sent a good part of what it is said to carry: else a queue, or none, says nothing during startup
   * @param isPoliced whether packets are dropped for being too many: where there is no queue, that is what shows the capacity
   */
  update(isLimited: boolean, isUsed: boolean, isPoliced: boolean, now: number): void {
    const { queueMs, jitterMs } = this.#delay;
    this.targetMs = Math.min(MAX_TARGET_MS, Math.max(MIN_TARGET_MS, TARGET_BASE_MS + jitterMs));
    this.#noteQueue(isLimited, now);
    switch (this.#phase) {
      case Phase.STARTUP:
        if (!isPoliced && !this.#isFull(isLimited, isUsed, now)) {
          if (!this.isOverfull) return this.#setRate(STARTUP_FACTOR);
          const overfullMs = now - this.#overfullSinceMs;
          if (!isUsed || overfullMs < this.#patienceMs()) return this.#setRate(1);
        }
        this.#phase = Phase.STEADY;
        this.#drainBeginsMs = now + DRAIN_EVERY_MS;
        this.startedUpMs = now;
        break;
      case Phase.STEADY:
        if (now >= this.#drainBeginsMs) this.#beginDrain(now);
        break;
      case Phase.DRAIN:
        if (queueMs <= DRAINED_MS) {
          this.#drainEndsMs = Math.min(this.#drainEndsMs, now + FEEDBACK_MS);
        }
        if (now < this.#drainEndsMs) return this.#setRate(DRAIN_FACTOR);
        this.#phase = Phase.STEADY;
        this.#drainBeginsMs = now + DRAIN_EVERY_MS;
    }
    const factor = this.#steadyFactor(queueMs, now);
    this.#setRate(isPoliced ? Math.min(POLICED_FACTOR, factor) : factor);
  }

  /** Whether the link has had a queue for some round trips without getting faster. Asked during startup. */
  #isFull(isLimited: boolean, isUsed: boolean, now: number): boolean {
    const { capacityBps } = this.#capacity;
    // The user's cap leaves no queue that would show it.
    if (this.capBps <= capacityBps) return true;
    const isFaster = capacityBps > GROWTH * this.#checkedBps;
    // The flow's own slow start gives less than the link carries: such a round trip says nothing.
    if (now < this.#checkMs || (!isUsed && !isFaster)) return false;
    this.#checkMs = now + this.#patienceMs();
    this.#checkedBps = capacityBps;
    this.#fullChecks = isFaster || !this.isBusy || !isLimited ? 0 : this.#fullChecks + 1;
    return this.#fullChecks >= FULL_CHECKS;
  }

  #beginDrain(now: number): void {
    this.#phase = Phase.DRAIN;
    this.#drainEndsMs = now + Math.min(DRAIN_LIMIT_MS, 4 * this.#delay.queueMs + FEEDBACK_MS) +
      this.#rtt.minMs;
  }

  #noteQueue(isLimited: boolean, now: number): void {
    const elapsedMs = Math.min(1_000, now - this.#updatedMs);
    this.#updatedMs = now;
    this.#meanQueueMs += (this.#delay.queueMs - this.#meanQueueMs) *
      (1 - Math.exp(-elapsedMs / this.#patienceMs()));
    if (!this.isOverfull) this.#overfullSinceMs = Number.POSITIVE_INFINITY;
    else if (this.#overfullSinceMs === Infinity) this.#overfullSinceMs = now;
    // A link that is sent little has no queue for that reason.
    const isBusy = this.#meanQueueMs > IDLE_FRACTION * this.targetMs;
    if (isLimited) this.#limitedMs = now;
    // What a sender gives comes in bursts, one in a round trip: between them nothing waits for the link.
    const isGivenEnough = now - this.#limitedMs <= this.#patienceMs();
    if (isBusy || !isGivenEnough) this.#idleSinceMs = Number.POSITIVE_INFINITY;
    else if (this.#idleSinceMs === Infinity) this.#idleSinceMs = now;
  }

  /** How long something has to last to be believed: a round trip, or what jitter needs to show its other side. */
  #patienceMs(): number {
    return Math.max(PATIENCE_MS, this.#rtt.srttMs);
  }

  #steadyFactor(queueMs: number, now: number): number {
    const correctMs = Math.max(CORRECT_MS, CORRECT_ROUND_TRIPS * this.#rtt.srttMs);
    const factor = 1 + (this.targetMs - queueMs) / correctMs;
    const idleRoundTrips = (now - this.#idleSinceMs) / (this.#rtt.srttMs + FEEDBACK_MS);
    const hunt = idleRoundTrips >= FAST_HUNT_AFTER_ROUND_TRIPS
      ? FAST_HUNT_FACTOR
      : idleRoundTrips >= HUNT_AFTER_ROUND_TRIPS
      ? HUNT_FACTOR
      : 0;
    return Math.max(hunt, Math.min(MAX_FACTOR, Math.max(MIN_FACTOR, factor)));
  }

  #setRate(factor: number): void {
    const wishBps = Math.max(MIN_RATE_BPS, this.#capacity.capacityBps * factor);
    this.rateBps = Math.min(this.capBps, wishBps);
    this.drainFraction = Math.max(0, 1 - factor);
    const holdMs = this.#rtt.minMs + this.targetMs + FEEDBACK_MS;
    this.maxInFlightBytes = Math.min(
      MAX_IN_FLIGHT_BYTES,
      this.rateBps / 8_000 * holdMs + EXTRA_IN_FLIGHT_BYTES,
    );
  }
}
