/**
 * What one link carries in one direction, from what the peer says it has received. Pure.
 *
 * A rate that was delivered is the capacity only while the link had a queue; else it is what was sent. So a sample
 * without a queue may raise the estimate, never lower it; one with a queue moves it both ways, and fast: a radio
 * link halves within a tenth of a second.
 *
 * @module
 */

/** Used before anything was measured, bits per second of datagrams with their IP and UDP headers. */
export const INITIAL_CAPACITY_BPS = 2_000_000;

/** Feedback kept: some 600 ms at one in 20 ms. A power of two. */
const SAMPLES = 32;

/** A rate over fewer bytes or a shorter time is noise. */
const LEAST_BYTES = 6_000;
const LEAST_SPAN_MS = 15;
const LEAST_BUSY_SPAN_MS = 30;

/** The estimate of a link with a queue moves halfway to a sample in this time. */
const HALFWAY_MS = 60;

/** See {@link CapacityEstimator.rememberedBps}. */
const REMEMBER_HALF_LIFE_MS = 15_000;

/** Delivered rate and capacity. Rates in bits per second. */
export class CapacityEstimator {
  capacityBps = INITIAL_CAPACITY_BPS;
  /** The most that it was of late, forgotten by half in a quarter of a minute: what the link may carry again. */
  rememberedBps = INITIAL_CAPACITY_BPS;
  /** The newest delivered rate; 0 while there is none. */
  deliveredBps = 0;
  /** True from the first queue on: before, the estimate is only what was tried so far. */
  isKnown = false;
  /** Monotonic ms of sending and receiving the newest packet of each feedback, and bytes received until then. */
  readonly #sentMs = new Float64Array(SAMPLES);
  readonly #receivedMs = new Float64Array(SAMPLES);
  readonly #receivedBytes = new Float64Array(SAMPLES);
  /** Whether the link had a queue until then. */
  readonly #isBusy = new Uint8Array(SAMPLES);
  /** The queue then, ms. */
  readonly #queueMs = new Float64Array(SAMPLES);
  /** By how much the queue grew over the last busy window, ms. */
  #grownMs = 0;
  /** How fast what arrived over the last busy window had been sent. */
  #sentBps = 0;
  #next = 0;
  #samples = 0;
  #rememberedMs = Number.NEGATIVE_INFINITY;
  #updatedMs = Number.NEGATIVE_INFINITY;

  /**
   * Takes what one feedback says.
   * @param sentMs our clock, when the newest packet was sent
   * @param receivedMs the peer's clock, when it arrived
   * @param receivedBytes wire bytes that arrived until then, in all
   * @param windowMs how far back the rate is taken
   * @param lossFraction share that the link loses on its own, behind its bottleneck
   * @param isBusy whether the link has had a queue for the last tens of ms
   * @param mayFall whether the queue is longer than any that is wanted
   * @param queueMs the queue
   * @param growthMs how much it has to grow within the window to show that less is carried than is sent
   */
  handleSample(
    sentMs: number,
    receivedMs: number,
    receivedBytes: number,
    windowMs: number,
    lossFraction: number,
    isBusy: boolean,
    mayFall: boolean,
    queueMs: number,
    growthMs: number,
    now: number,
  ): void {
    const newest = (this.#next + SAMPLES - 1) & (SAMPLES - 1);
    if (this.#samples > 0 && receivedMs <= this.#receivedMs[newest]!) return;
    const deliveredBps = isBusy
      ? this.#busyRate(sentMs, queueMs, receivedMs, receivedBytes, windowMs)
      : this.#rate(sentMs, receivedMs, receivedBytes, windowMs);
    this.#sentMs[this.#next] = sentMs;
    this.#receivedMs[this.#next] = receivedMs;
    this.#receivedBytes[this.#next] = receivedBytes;
    this.#isBusy[this.#next] = isBusy ? 1 : 0;
    this.#queueMs[this.#next] = queueMs;
    this.#next = (this.#next + 1) & (SAMPLES - 1);
    this.#samples = Math.min(SAMPLES, this.#samples + 1);
    this.#remember(now);
    if (deliveredBps <= 0) return;
    const carriedBps = deliveredBps / (1 - Math.min(0.5, lossFraction));
    this.deliveredBps = deliveredBps;
    const elapsedMs = Math.min(windowMs, now - this.#updatedMs);
    this.#updatedMs = now;
    // What was sent no faster than the estimate says nothing against it: jitter, too, looks like a growing queue.
    const isOverrun = this.#grownMs > growthMs && this.#sentBps > this.capacityBps;
    if (isBusy && (carriedBps > this.capacityBps || mayFall || isOverrun)) {
      this.isKnown = true;
      this.capacityBps += (carriedBps - this.capacityBps) * (1 - 2 ** (-elapsedMs / HALFWAY_MS));
    } else if (carriedBps > this.capacityBps) {
      this.capacityBps = carriedBps;
    }
  }

  #remember(now: number): void {
    const elapsedMs = Math.max(0, now - this.#rememberedMs);
    this.#rememberedMs = now;
    const halves = elapsedMs === Infinity ? 0 : elapsedMs / REMEMBER_HALF_LIFE_MS;
    this.rememberedBps = Math.max(this.capacityBps, this.rememberedBps * 2 ** -halves);
  }

  /** The link goes another way: rates measured so far are not continued, the estimate stays as a first guess. */
  restart(): void {
    this.#samples = 0;
    this.deliveredBps = 0;
  }

  /**
   * Rate over about the last `windowMs` of a busy link; 0 when it was busy too shortly. What it received then was its
   * capacity, however it was sent.
   */
  #busyRate(
    sentMs: number,
    queueMs: number,
    receivedMs: number,
    receivedBytes: number,
    windowMs: number,
  ): number {
    let rate = 0;
    this.#grownMs = 0;
    for (let back = 1; back <= this.#samples; back++) {
      const at = (this.#next + SAMPLES - back) & (SAMPLES - 1);
      if (this.#isBusy[at] === 0) break;
      const spanMs = receivedMs - this.#receivedMs[at]!;
      const bytes = receivedBytes - this.#receivedBytes[at]!;
      if (spanMs < LEAST_BUSY_SPAN_MS || bytes < LEAST_BYTES) continue;
      rate = bytes * 8_000 / spanMs;
      this.#grownMs = queueMs - this.#queueMs[at]!;
      this.#sentBps = bytes * 8_000 / Math.max(1, sentMs - this.#sentMs[at]!);
      if (spanMs >= windowMs) break;
    }
    return rate;
  }

  /**
   * Delivered rate over about the last `windowMs`; 0 when too little came. A burst that was held up and let go at
   * once came no faster than it was sent.
   */
  #rate(sentMs: number, receivedMs: number, receivedBytes: number, windowMs: number): number {
    let rate = 0;
    for (let back = 1; back <= this.#samples; back++) {
      const at = (this.#next + SAMPLES - back) & (SAMPLES - 1);
      const receiveSpanMs = receivedMs - this.#receivedMs[at]!;
      const spanMs = Math.max(receiveSpanMs, sentMs - this.#sentMs[at]!);
      const bytes = receivedBytes - this.#receivedBytes[at]!;
      if (spanMs < LEAST_SPAN_MS || bytes < LEAST_BYTES) continue;
      rate = bytes * 8_000 / spanMs;
      if (receiveSpanMs >= windowMs) break;
    }
    return rate;
  }
}
