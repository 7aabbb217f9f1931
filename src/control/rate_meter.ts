/**
 * Rates out of counters: of two looks at a daemon, some time apart. Looks are kept for a while, so that who asks again and
 * again is answered at once. Pure.
 *
 * @module
 */

import type { DaemonSnapshot, LinkSnapshot } from "../snapshot.ts";

/** Rates are those of this time, or a little more; ms. */
export const LEAST_SPAN_MS = 900;

/** A look so soon after another one is not kept: who asks without a pause costs no more than who asks ten times a second. ms */
const KEPT_APART_MS = 100;

/** Older looks tell what was, not what is. */
const MOST_SPAN_MS = 3_000;

/** Both directions, bits per second. */
export interface FlowRates {
  readonly sentBps: number;
  readonly receivedBps: number;
}

/** Rates of a whole daemon. */
export interface CounterRates {
  /** The time they were measured over. */
  readonly seconds: number;
  readonly totals: FlowRates;
  ofLink(link: LinkSnapshot): FlowRates;
}

/** Counters of one look. */
interface Look {
  readonly atMs: number;
  readonly totals: Counts;
  readonly links: ReadonlyMap<string, Counts>;
}

/** Bytes so far. */
interface Counts {
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

const NOTHING: Counts = { sentBytes: 0, receivedBytes: 0 };

/** Measures one daemon. */
export class RateMeter {
  /** The oldest first. */
  #looks: Look[] = [];

  /** How many looks are kept. */
  get looks(): number {
    return this.#looks.length;
  }

  /**
   * Takes a look.
   * @param now monotonic ms
   * @returns null: there is none before it that is old enough, so look again after {@link LEAST_SPAN_MS}.
   */
  measure(daemon: DaemonSnapshot, now: number): CounterRates | null {
    this.#looks = this.#looks.filter(({ atMs }) => now - atMs <= MOST_SPAN_MS);
    const before = this.#looks.findLast(({ atMs }) => now - atMs >= LEAST_SPAN_MS);
    const look = lookAt(daemon, now);
    const newestMs = this.#looks.at(-1)?.atMs ?? Number.NEGATIVE_INFINITY;
    if (now - newestMs >= KEPT_APART_MS) this.#looks.push(look);
    if (before === undefined) return null;
    const seconds = (now - before.atMs) / 1_000;
    return {
      seconds,
      totals: ratesOf(before.totals, look.totals, seconds),
      ofLink: (link) => {
        const counts = look.links.get(keyOf(link)) ?? NOTHING;
        return ratesOf(before.links.get(keyOf(link)) ?? NOTHING, counts, seconds);
      },
    };
  }
}

function lookAt(daemon: DaemonSnapshot, atMs: number): Look {
  return {
    atMs,
    totals: { sentBytes: daemon.tunReadBytes, receivedBytes: daemon.tunWrittenBytes },
    links: new Map(daemon.links.map((link) => [keyOf(link), link])),
  };
}

/** A link that was made anew counts from 0. */
function ratesOf(before: Counts, after: Counts, seconds: number): FlowRates {
  const rate = (from: number, to: number): number =>
    Math.round(8 * (to >= from ? to - from : to) / seconds);
  return {
    sentBps: rate(before.sentBytes, after.sentBytes),
    receivedBps: rate(before.receivedBytes, after.receivedBytes),
  };
}

function keyOf({ slave, id }: LinkSnapshot): string {
  return `${slave}/${id}`;
}
