/**
 * Fills one link in the direction to the master, and works out what it carries and how long its queue gets. Pure.
 *
 * Pings of full size, each of which the master answers with when it came: so many are under way at once, three times as many with each
 * round trip, until the queue is long, packets are lost, or the bytes are used up; then no more are added. That is less polite than the
 * multiplexer, which keeps queues short, and meant so: only a full buffer shows how long it is.
 *
 * @module
 */

import { OUTER_BYTES } from "../multiplexer/multiplexer_link.ts";

/** Pings under way at first. */
const FIRST_WINDOW_PKTS = 8;

/** So many more are under way with each answer: a queue of half a second is to be seen within the time. */
const GROWTH_PKTS = 2;

/** A queue that long is long enough to be called so: no more is added. ms */
const LONG_QUEUE_MS = 700;

/** Lost pings that end the growth, so many and so large a part of all; and what is kept under way then. */
const LOSSES = 3;
const LOST_FRACTION = 0.05;
const KEPT_AFTER_LOSS = 0.8;

/** A ping is lost when the answers to so many later ones came. */
const REORDERED_PKTS = 32;

/** Answers from this part of the time on count: the beginning is slow. */
const COUNTED_FROM = 0.4;

/** Of the round trips in the later half, the one that stands for them. */
const LOADED_QUANTILE = 0.8;

/** A queue of less says nothing: the link was not full, and may carry more. ms */
const QUEUE_SEEN_MS = 15;

/** What a flood is bounded by. */
export interface FloodOptions {
  /** Round trip of the link without load, ms. */
  readonly idleMs: number;
  readonly datagramBytes: number;
  readonly mostBytes: number;
  readonly endMs: number;
}

/** What came of it. */
export interface FloodResult {
  /** What arrived, bits per second of datagrams with IP and UDP headers; 0: too little came back. */
  readonly rateBps: number;
  /** The link was never full: it may carry more. */
  readonly isAtLeast: boolean;
  /** Round trip while it was full, ms. */
  readonly loadedMs: number;
  readonly sentBytes: number;
}

/** One link's flood. */
export class Flood {
  readonly #options: FloodOptions;
  /** Of each ping, in the order they were sent: when; NaN once it was answered or given up. */
  readonly #sentMs: number[] = [];
  readonly #indexBySentUs = new Map<number, number>();
  /** Of each answer: when the ping had come to the master, by its clock, ms from the first one; and its round trip. */
  readonly #arrivedMs: number[] = [];
  readonly #roundTripsMs: number[] = [];
  #firstArrivalUs = Number.NaN;
  #windowPkts = FIRST_WINDOW_PKTS;
  #inFlightPkts = 0;
  #oldest = 0;
  #lostPkts = 0;
  #isGrowing = true;
  /** Pings sent and lost when less was kept under way. */
  #cutAt = 0;
  #lostAtCut = 0;

  constructor(options: FloodOptions) {
    this.#options = options;
  }

  /** Whether another ping is to be sent. */
  wants(now: number): boolean {
    return now < this.#options.endMs && this.#inFlightPkts < this.#windowPkts && !this.#isSpent;
  }

  /** Whether nothing is to be sent any more. */
  isOver(now: number): boolean {
    return now >= this.#options.endMs || this.#isSpent;
  }

  /** Pings that may still be answered. */
  get inFlightPkts(): number {
    return this.#inFlightPkts;
  }

  /** A ping was sent. @param sentUs what it is known by */
  noteSent(sentUs: number, now: number): void {
    this.#indexBySentUs.set(sentUs, this.#sentMs.length);
    this.#sentMs.push(now);
    this.#inFlightPkts++;
  }

  /** A ping was answered; others than the flood's are none of its business. @param transitUs u32 */
  noteEcho(sentUs: number, transitUs: number, now: number): void {
    const index = this.#indexBySentUs.get(sentUs);
    if (index === undefined) return;
    this.#indexBySentUs.delete(sentUs);
    const arrivalUs = (sentUs + transitUs) >>> 0;
    if (Number.isNaN(this.#firstArrivalUs)) this.#firstArrivalUs = arrivalUs;
    this.#arrivedMs.push(((arrivalUs - this.#firstArrivalUs) | 0) / 1_000);
    const sentMs = this.#sentMs[index]!;
    if (Number.isNaN(sentMs)) {
      this.#lostPkts--; // it only was late
      return;
    }
    this.#sentMs[index] = Number.NaN;
    this.#inFlightPkts--;
    this.#roundTripsMs.push(now - sentMs);
    this.#findLost(index);
    if (now - sentMs > this.#options.idleMs + LONG_QUEUE_MS) this.#isGrowing = false;
    if (this.#isGrowing) this.#windowPkts += GROWTH_PKTS;
  }

  /** What came of it, at its end. */
  result(): FloodResult {
    const { datagramBytes, idleMs } = this.#options;
    const sentPkts = this.#sentMs.length;
    const loadedMs = this.#loadedMs() ?? idleMs;
    const isFull = loadedMs - idleMs > QUEUE_SEEN_MS || !this.#isGrowing;
    return {
      rateBps: rateOf(this.#arrivedMs, datagramBytes + OUTER_BYTES),
      isAtLeast: !isFull,
      loadedMs,
      sentBytes: sentPkts * (datagramBytes + OUTER_BYTES),
    };
  }

  /** The queue is at its longest towards the end; single spikes do not count. */
  #loadedMs(): number | undefined {
    const later = this.#roundTripsMs.slice(this.#roundTripsMs.length >> 1).sort((a, b) => a - b);
    return later[Math.floor(LOADED_QUANTILE * later.length)];
  }

  get #isSpent(): boolean {
    const { datagramBytes, mostBytes } = this.#options;
    return (this.#sentMs.length + 1) * (datagramBytes + OUTER_BYTES) > mostBytes;
  }

  #findLost(answered: number): void {
    for (; this.#oldest < answered - REORDERED_PKTS; this.#oldest++) {
      if (Number.isNaN(this.#sentMs[this.#oldest]!)) continue;
      this.#sentMs[this.#oldest] = Number.NaN;
      this.#inFlightPkts--;
      this.#lostPkts++;
    }
    // Of what was sent since the last time less was kept under way: the effect is to be seen first.
    const answeredPkts = answered - this.#cutAt;
    const lostPkts = this.#lostPkts - this.#lostAtCut;
    if (answeredPkts <= 0 || lostPkts < Math.max(LOSSES, LOST_FRACTION * answeredPkts)) return;
    this.#isGrowing = false;
    this.#cutAt = this.#sentMs.length;
    this.#lostAtCut = this.#lostPkts;
    this.#windowPkts = Math.max(FIRST_WINDOW_PKTS, Math.floor(KEPT_AFTER_LOSS * this.#windowPkts));
  }
}

/** Rate of what arrived in the later part of the time. @param arrivedMs any order @returns bits per second; 0: too few */
export function rateOf(arrivedMs: readonly number[], wireBytes: number): number {
  const sorted = [...arrivedMs].sort((a, b) => a - b);
  if (sorted.length < LEAST_PKTS) return 0;
  const lastMs = sorted.at(-1)!;
  const fromMs = sorted[0]! + COUNTED_FROM * (lastMs - sorted[0]!);
  const from = sorted.findIndex((ms) => ms >= fromMs);
  const spanMs = lastMs - sorted[from]!;
  return spanMs <= 0 ? 0 : (sorted.length - 1 - from) * wireBytes * 8_000 / spanMs;
}

const LEAST_PKTS = 5;

/** The middle one, or undefined: there is none. */
export function median(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[values.length >> 1];
}
