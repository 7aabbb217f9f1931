/**
 * What one link has carried, by days. No period is closed and no counter is set back: what a period used is the sum of its
 * days. So a clock that jumps, forwards or backwards, neither loses a byte nor counts one twice, and another reset day only
 * draws other borders. Pure.
 *
 * @module
 */

import { type Day, type Period, periodOf } from "./calendar.ts";

/** Of so many days the usage is kept, the latest ones by their date: three months and some that a wrong clock has made. */
export const KEPT_DAYS = 120;

/** A clock that says less was never set: what it dates belongs to the latest day that is known. */
const EARLIEST_CLOCK: Day = "2026-01-01";

/** One link's usage, and what its user was told of it. */
export class LinkUsage {
  /** Bytes, both ways together, by day. */
  readonly #bytes: Map<Day, number>;
  /** First day of the period of which the user was told something last, and the percentage that he was told. */
  #toldOf: Day = "";
  #toldPercent = 0;

  constructor(bytes: Iterable<readonly [Day, number]> = []) {
    this.#bytes = new Map(bytes);
  }

  /** By day, the earliest first. */
  get days(): readonly (readonly [Day, number])[] {
    return [...this.#bytes].sort(([a], [b]) => a < b ? -1 : 1);
  }

  /** The latest day of which anything is known; empty: there is none. */
  get latestDay(): Day {
    let latest: Day = "";
    for (const day of this.#bytes.keys()) if (day > latest) latest = day;
    return latest;
  }

  /** The earliest day of which anything is known; empty: there is none. */
  get earliestDay(): Day {
    return this.days[0]?.[0] ?? "";
  }

  /** First day of the period that {@link toldPercent} is about, or empty. */
  get toldOf(): Day {
    return this.#toldOf;
  }

  /** See {@link noteTold}. */
  get toldPercent(): number {
    return this.#toldPercent;
  }

  /** Adds what the link carried. @param today by the machine's clock */
  add(today: Day, bytes: number): void {
    if (bytes === 0) return;
    const day = this.dayFor(today);
    this.#bytes.set(day, (this.#bytes.get(day) ?? 0) + bytes);
    if (this.#bytes.size <= KEPT_DAYS) return;
    this.#bytes.delete(this.earliestDay);
  }

  /** The day that counts for today: what the clock says, unless it cannot be. */
  dayFor(today: Day): Day {
    return today < EARLIEST_CLOCK && this.latestDay > today ? this.latestDay : today;
  }

  /** What the period used. */
  usedIn({ startsOn, resetsOn }: Period): number {
    let bytes = 0;
    for (const [day, of] of this.#bytes) if (day >= startsOn && day < resetsOn) bytes += of;
    return bytes;
  }

  /** What the days used from the first one to before the second one. */
  usedBetween(from: Day, to: Day): number {
    return this.usedIn({ startsOn: from, resetsOn: to });
  }

  /** The period that counts for today. */
  periodAt(today: Day, resetDay: number): Period {
    return periodOf(this.dayFor(today), resetDay);
  }

  /** How much of its budget was used when the user was told last, in that period; 0: he was not. */
  toldIn({ startsOn }: Period): number {
    return this.#toldOf === startsOn ? this.#toldPercent : 0;
  }

  /** The user was told that so much is used; or it is less again, since the budget was raised. */
  noteTold(periodStartsOn: Day, percent: number): void {
    this.#toldOf = periodStartsOn;
    this.#toldPercent = percent;
  }
}
