/**
 * How fast and how far ahead to send: by the measured delivery rate and latency, not by loss.
 *
 * The links below lose packets for reasons of their own, and when the slowest one is sent too much
 * it loses some while the fast ones have room: halving upon loss (RFC 5681) would follow the worst
 * link. So, as BBR does (Cardwell et al., "BBR: Congestion-Based Congestion Control", 2016): find
 * the rate at which the delivery rate stops growing, stay there, look for more now and then, and
 * bound what is under way so that queues stay short.
 *
 * Unlike BBR's, the bound comes from the *mean* latency (its minimum over rounds), not from the
 * smallest single round trip: that is the fast link's alone, the mean is all links'.
 *
 * @module
 */

import { StreamLatency } from "./stream_latency.ts";
import { StreamRate } from "./stream_rate.ts";

/** Rate before anything is known, bytes per ms: 2 Mbit/s. */
const INITIAL_RATE = 250;
/** Never slower, bytes per ms: 64 kbit/s. */
const MIN_RATE = 8;
/** Window before anything is known, packets, and never smaller. */
const MIN_WINDOW_PKTS = 32;
/** Never more under way, bytes. */
const MAX_WINDOW_BYTES = 16 * 1024 * 1024;

/** Begin: double each round. BBR's 2.89 is for exact doubling of what is under way; 2 is gentler. */
const STARTUP_GAIN = 2;
/** The begin is over when the rate grew by less than this in a round, so many rounds in a row. */
const STARTUP_GROWTH = 1.25;
const STARTUP_FLAT_ROUNDS = 3;
/** ... or when packets wait longer than this in the links' queues, as a part of the base. */
const STARTUP_QUEUE_RATIO = 2;
const STARTUP_QUEUE_MS = 50;
/** Then let the queues run empty. */
const DRAIN_GAIN = 0.6;
/** Then one round each; the first looks for more, the second repairs what that did. */
const CRUISE_GAINS: readonly number[] = [1.25, 0.75, 1, 1, 1, 1];

/** Under way at most this many base latencies of the rate, and so many ms more (delayed ACKs). */
const WINDOW_GAIN = 2;
const WINDOW_EXTRA_MS = 30;

/** What the pacer may send at once, ms of the rate: a timer may be late by this much. */
const BURST_MS = 5;
const MIN_BURST_PKTS = 4;

const Mode = { STARTUP: 0, DRAIN: 1, CRUISE: 2 } as const;

/** Rate, window and pacing credit. */
export class StreamCongestion {
  /** What the latencies say. */
  readonly latency = new StreamLatency();
  /** What the deliveries say. */
  readonly rate = new StreamRate();

  readonly #mtuBytes: number;
  #mode: number = Mode.STARTUP;
  #fullRate = 0;
  #flatRounds = 0;
  #roundStartMs = 0;
  #roundHadSample = false;
  #phase = 0;
  #pacingRate = INITIAL_RATE;
  #windowBytes: number;
  #creditBytes: number;
  #creditMs = 0;

  /** @param mtuBytes the largest packet. */
  constructor(mtuBytes: number) {
    this.#mtuBytes = mtuBytes;
    this.#windowBytes = MIN_WINDOW_PKTS * mtuBytes;
    this.#creditBytes = MIN_BURST_PKTS * mtuBytes;
  }

  /** Bytes per ms that go out now. */
  get pacingBytesPerMs(): number {
    return this.#pacingRate;
  }

  /** Bytes that may be under way. */
  get windowBytes(): number {
    return this.#windowBytes;
  }

  /** Hot. When the pacer lets the next packet out, ms: `now` or before when it does already. */
  releaseMs(now: number): number {
    const elapsedMs = Math.max(0, now - this.#creditMs);
    const burstBytes = Math.max(MIN_BURST_PKTS * this.#mtuBytes, BURST_MS * this.#pacingRate);
    this.#creditBytes = Math.min(burstBytes, this.#creditBytes + elapsedMs * this.#pacingRate);
    this.#creditMs = now;
    if (this.#creditBytes > 0) return now;
    // A whole ms of credit at least: not one wake-up per packet.
    return now + Math.max(1, (1 - this.#creditBytes) / this.#pacingRate);
  }

  /** Hot. A packet went out. */
  handleSent(sizeBytes: number): void {
    this.#creditBytes -= sizeBytes;
  }

  /**
   * An ACK was taken in, its latencies already given to `latency`.
   * @param isLimited the sender had too little to send in the time it speaks of.
   */
  handleAck(
    clockUs: number,
    receivedBytes: number,
    isLimited: boolean,
    inFlightBytes: number,
    now: number,
  ): void {
    if (this.rate.handleAck(clockUs, receivedBytes, isLimited)) this.#roundHadSample = true;
    if (this.latency.handleAck(now)) this.rate.setRoundTrip(this.latency.meanMs);
    if (now - this.#roundStartMs >= this.latency.meanMs) {
      this.#endRound(inFlightBytes);
      this.#roundStartMs = now;
    }
    this.#update();
  }

  /** The other end answers again after silence: begin anew from half of what was known. */
  handleOutageEnd(now: number): void {
    this.rate.scale(0.5);
    this.#mode = Mode.STARTUP;
    this.#fullRate = 0;
    this.#flatRounds = 0;
    this.#roundStartMs = now;
    this.#roundHadSample = false;
    this.#update();
  }

  #endRound(inFlightBytes: number): void {
    if (this.#mode === Mode.STARTUP) this.#checkStartup();
    else if (this.#mode === Mode.DRAIN) {
      if (inFlightBytes <= this.rate.bytesPerMs * this.latency.baseMs) this.#mode = Mode.CRUISE;
    } else this.#phase = (this.#phase + 1) % CRUISE_GAINS.length;
  }

  #checkStartup(): void {
    if (!this.#roundHadSample) return;
    this.#roundHadSample = false;
    const { baseMs, meanMs } = this.latency;
    if (this.rate.bytesPerMs >= this.#fullRate * STARTUP_GROWTH) {
      this.#fullRate = this.rate.bytesPerMs;
      this.#flatRounds = 0;
    } else this.#flatRounds++;
    const isQueueing = meanMs > baseMs * STARTUP_QUEUE_RATIO + STARTUP_QUEUE_MS;
    if (this.#flatRounds < STARTUP_FLAT_ROUNDS && !isQueueing) return;
    this.#mode = Mode.DRAIN;
    this.#phase = 0;
  }

  #gain(): number {
    if (this.#mode === Mode.STARTUP) return STARTUP_GAIN;
    return this.#mode === Mode.DRAIN ? DRAIN_GAIN : CRUISE_GAINS[this.#phase]!;
  }

  #update(): void {
    const rate = this.rate.bytesPerMs;
    if (rate === 0) return;
    // Samples with too little to send may have said any rate before one with enough begins to grow.
    const leastRate = this.#mode === Mode.STARTUP ? INITIAL_RATE : MIN_RATE;
    this.#pacingRate = Math.max(leastRate, rate * this.#gain());
    const spanMs = this.latency.baseMs * WINDOW_GAIN + WINDOW_EXTRA_MS;
    const floorBytes = MIN_WINDOW_PKTS * this.#mtuBytes;
    this.#windowBytes = Math.min(MAX_WINDOW_BYTES, Math.max(floorBytes, rate * spanMs));
  }
}
