/**
 * The last minutes of a daemon, for the charts: what its reports said of totals and links, sample by sample. Memory is bounded:
 * a ring for each number, and links beyond {@link MAX_SERIES} have none. Pure.
 *
 * @module
 */

import type { LinkReport, StatusReport } from "../control/status_report.ts";

/** Samples that are kept: ten minutes of one a second. */
export const MAX_SAMPLES = 600;

/** Links of which samples are kept. A slave has seldom more than ten; the first that a master has, beyond it none. */
export const MAX_SERIES = 64;

/** Samples of one link, the oldest first; null: there was no such link, or the number was not known. */
export interface LinkSeries {
  /** The slave's name at a master; else empty. */
  readonly slave: string;
  readonly id: number;
  readonly name: string;
  /** Bits per second. */
  readonly sentBps: readonly (number | null)[];
  readonly receivedBps: readonly (number | null)[];
  readonly roundTripMs: readonly (number | null)[];
  /** 0..1 */
  readonly lossFraction: readonly (number | null)[];
}

/** A piece of a history: all arrays are as long as `atMs`. */
export interface HistorySlice {
  /** Number of the last sample; 0: there is none. They are counted from 1. */
  readonly last: number;
  /** When each was taken, ms since 1970. */
  readonly atMs: readonly number[];
  readonly sentBps: readonly (number | null)[];
  readonly receivedBps: readonly (number | null)[];
  readonly links: readonly LinkSeries[];
}

/** Rings of one link. */
class Series {
  readonly slave: string;
  readonly id: number;
  name: string;
  /** Number of the last sample that had it. */
  seen = 0;
  readonly sentBps: Float32Array;
  readonly receivedBps: Float32Array;
  readonly roundTripMs: Float32Array;
  readonly lossFraction: Float32Array;

  constructor(slave: string, { id, name }: LinkReport, capacity: number) {
    this.slave = slave;
    this.id = id;
    this.name = name;
    this.sentBps = emptyRing(capacity);
    this.receivedBps = emptyRing(capacity);
    this.roundTripMs = emptyRing(capacity);
    this.lossFraction = emptyRing(capacity);
  }

  /** Writes one sample. @param link undefined: it is not there any more */
  put(slot: number, link: LinkReport | undefined): void {
    const isUp = link?.state === "up";
    this.sentBps[slot] = link?.sent.bps ?? NaN;
    this.receivedBps[slot] = link?.received.bps ?? NaN;
    // What was measured last is no news of a link that is silent.
    this.roundTripMs[slot] = isUp ? link.roundTripMs ?? NaN : NaN;
    this.lossFraction[slot] = isUp ? link.lossFraction : NaN;
  }
}

/** Keeps samples. */
export class History {
  readonly #capacity: number;
  readonly #maxSeries: number;
  readonly #atMs: Float64Array;
  readonly #sentBps: Float32Array;
  readonly #receivedBps: Float32Array;
  readonly #series = new Map<string, Series>();
  #last = 0;

  constructor(capacity = MAX_SAMPLES, maxSeries = MAX_SERIES) {
    this.#capacity = capacity;
    this.#maxSeries = maxSeries;
    this.#atMs = new Float64Array(capacity);
    this.#sentBps = emptyRing(capacity);
    this.#receivedBps = emptyRing(capacity);
  }

  /** Number of the last sample; 0: there is none. */
  get last(): number {
    return this.#last;
  }

  /** Adds a sample. @param atMs since 1970 */
  record(report: StatusReport, atMs: number): void {
    const slot = ++this.#last % this.#capacity;
    this.#atMs[slot] = atMs;
    this.#sentBps[slot] = report.totals.sent.bps;
    this.#receivedBps[slot] = report.totals.received.bps;
    const seen = new Map<string, LinkReport>();
    for (const link of report.links) this.#meet("", link, seen);
    for (const { name, links } of report.slaves) {
      for (const link of links) this.#meet(name, link, seen);
    }
    for (const [key, series] of this.#series) {
      series.put(slot, seen.get(key));
      if (series.seen <= this.#last - this.#capacity) this.#series.delete(key);
    }
  }

  /** All that came after a sample, as far as it is kept. @param after its number; 0: everything */
  after(after: number): HistorySlice {
    const first = Math.max(after, this.#last - this.#capacity, 0) + 1;
    const slots: number[] = [];
    for (let n = first; n <= this.#last; n++) slots.push(n % this.#capacity);
    const pick = (ring: Float32Array, digits = 0): (number | null)[] =>
      slots.map((slot) => rounded(ring[slot]!, digits));
    return {
      last: this.#last,
      atMs: slots.map((slot) => this.#atMs[slot]!),
      sentBps: pick(this.#sentBps),
      receivedBps: pick(this.#receivedBps),
      links: [...this.#series.values()].map((series) => ({
        slave: series.slave,
        id: series.id,
        name: series.name,
        sentBps: pick(series.sentBps),
        receivedBps: pick(series.receivedBps),
        roundTripMs: pick(series.roundTripMs, 1),
        lossFraction: pick(series.lossFraction, 4),
      })),
    };
  }

  #meet(slave: string, link: LinkReport, seen: Map<string, LinkReport>): void {
    const key = `${link.id}/${slave}`;
    let series = this.#series.get(key);
    if (series === undefined) {
      if (this.#series.size >= this.#maxSeries) return;
      series = new Series(slave, link, this.#capacity);
      this.#series.set(key, series);
    }
    series.name = link.name;
    series.seen = this.#last;
    seen.set(key, link);
  }
}

function emptyRing(capacity: number): Float32Array {
  return new Float32Array(capacity).fill(NaN);
}

function rounded(value: number, digits: number): number | null {
  if (Number.isNaN(value)) return null;
  const scale = 10 ** digits;
  return Math.round(value * scale) / scale;
}
