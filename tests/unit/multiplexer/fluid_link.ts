/**
 * A link as a pipe with a bottleneck, through which a sender pushes what its rate control allows; feedback comes back
 * every 20 ms. Bytes are a fluid, time goes in steps of a ms.
 *
 * @module
 */

import { CapacityEstimator } from "../../../src/multiplexer/capacity_estimator.ts";
import { DelayEstimator } from "../../../src/multiplexer/delay_estimator.ts";
import { RateControl } from "../../../src/multiplexer/rate_control.ts";
import { RttEstimator } from "../../../src/multiplexer/rtt_estimator.ts";
import { mulberry32 } from "../../support/rng.ts";

const FEEDBACK_MS = 20;
const LEAST_WINDOW_MS = 50;

/** What stood at the receiver at a ms. */
interface Arrival {
  readonly atMs: number;
  readonly sentMs: number;
  readonly receivedBytes: number;
}

/** Sender, bottleneck and receiver. */
export class FluidLink {
  readonly rtt = new RttEstimator();
  readonly delay = new DelayEstimator();
  readonly capacity = new CapacityEstimator();
  readonly rate = new RateControl(this.capacity, this.delay, this.rtt);
  now = 0;
  /** Of the bottleneck. */
  capacityBps: number;
  /** One way, without queue. */
  delayMs: number;
  /** Of uniform jitter: at most so much more. It keeps the order. */
  jitterMs = 0;
  /** What there is to send. */
  demandBps = Infinity;
  deliveredBytes = 0;
  #queueBytes = 0;
  #sentBytes = 0;
  #ackedBytes = 0;
  /** Bytes sent until the end of each ms. */
  readonly #sentUntil: number[] = [];
  #servedMs = 0;
  #servedBytes = 0;
  readonly #arrivals: Arrival[] = [];
  readonly #rng = mulberry32(99);

  constructor(capacityBps: number, delayMs: number) {
    this.capacityBps = capacityBps;
    this.delayMs = delayMs;
  }

  /** What stands at the bottleneck, ms. */
  get queueMs(): number {
    return this.#queueBytes * 8_000 / this.capacityBps;
  }

  run(durationMs: number, everyMs: () => void = (): void => {}): void {
    const endMs = this.now + durationMs;
    while (this.now < endMs) {
      this.#step();
      everyMs();
    }
  }

  /** Rate delivered over a time to come. */
  measureBps(durationMs: number): number {
    const before = this.deliveredBytes;
    this.run(durationMs);
    return (this.deliveredBytes - before) * 8_000 / durationMs;
  }

  #step(): void {
    const { rate } = this;
    const roomBytes = Math.max(0, rate.maxInFlightBytes - (this.#sentBytes - this.#ackedBytes));
    const bytes = Math.min(Math.min(rate.rateBps, this.demandBps) / 8_000, roomBytes);
    this.#sentBytes += bytes;
    this.#sentUntil.push(this.#sentBytes);
    this.#queueBytes += bytes;
    const served = Math.min(this.#queueBytes, this.capacityBps / 8_000);
    this.#queueBytes -= served;
    this.#servedBytes += served;
    while (
      this.#servedMs < this.now && this.#sentUntil[this.#servedMs]! < this.#servedBytes - 1e-6
    ) this.#servedMs++;
    this.deliveredBytes += served;
    const last = this.#arrivals.at(-1)?.atMs ?? 0;
    const atMs = this.now + this.delayMs + this.#rng() * this.jitterMs;
    if (served > 0) {
      this.#arrivals.push({
        atMs: Math.max(last, atMs),
        sentMs: this.#servedMs,
        receivedBytes: this.deliveredBytes,
      });
    }
    this.now++;
    if (this.now % FEEDBACK_MS === 0) this.#handleFeedback(this.now - this.delayMs);
  }

  /** What the receiver knew one way ago. */
  #handleFeedback(writtenMs: number): void {
    let newest = this.#arrivals.length - 1;
    while (newest >= 0 && this.#arrivals[newest]!.atMs > writtenMs) newest--;
    const arrival = this.#arrivals[newest];
    if (arrival === undefined) return;
    const newestMs = arrival.atMs - arrival.sentMs;
    let leastMs = newestMs;
    for (let i = newest; i >= 0; i--) {
      const { atMs, sentMs } = this.#arrivals[i]!;
      if (atMs < writtenMs - LEAST_WINDOW_MS) break;
      leastMs = Math.min(leastMs, atMs - sentMs);
    }
    const { rate, delay, capacity, now } = this;
    const isLimited = this.demandBps > rate.rateBps;
    this.#ackedBytes = arrival.receivedBytes;
    this.rtt.handleSample(now - arrival.sentMs - (writtenMs - arrival.atMs), now);
    if (delay.handleSample(leastMs, newestMs, rate.drainFraction, now)) this.rtt.forgetLeast();
    capacity.handleSample(
      arrival.sentMs,
      arrival.atMs + 12_345,
      arrival.receivedBytes,
      rate.windowMs,
      0,
      rate.isBusy,
      rate.mayFall(isLimited, now),
      delay.queueMs,
      isLimited ? rate.growthMs : Infinity,
      now,
    );
    const isUsed = Math.min(this.demandBps, rate.rateBps) >= capacity.capacityBps / 2;
    rate.update(isLimited, isUsed, false, now);
  }
}
