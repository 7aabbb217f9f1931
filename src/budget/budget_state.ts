/**
 * Where a link stands with its budget: what is used, what it costs, when it runs out, and what follows. Pure.
 *
 * @module
 */

import { addDays, type Day, daysBetween } from "./calendar.ts";
import type { LinkUsage } from "./link_usage.ts";

/** What prices are for: 1 GB, as providers count. */
export const GB_BYTES = 1e9;

/** The user is told when so much is used, once in a period. */
export const WARN_PERCENTS = [80, 100] as const;

/** How fast it went lately is judged by so many days, today included. */
const RECENT_DAYS = 7;

/** Of a period or record that is younger than this, no day's usage is known. */
const LEAST_DAYS = 1;

/** What the user said. */
export interface BudgetTerms {
  /** Infinity: no budget, usage and cost are only shown. */
  readonly budgetBytes: number;
  readonly resetDay: number;
  readonly pricePerGb: number | null;
}

/** When it is. */
export interface LocalTime {
  readonly today: Day;
  /** How much of today is over, 0..1. */
  readonly dayFraction: number;
}

/** Where it stands. */
export interface BudgetState {
  readonly usedBytes: number;
  /** Null: no budget. */
  readonly limitBytes: number | null;
  /** Of what is used, in the price's currency; null: no price. */
  readonly cost: number | null;
  readonly startsOn: Day;
  /** The day on which counting begins anew. */
  readonly resetsOn: Day;
  /** The day on which the budget is used up if it goes on like this; null: it lasts, or there is none. */
  readonly runsOutOn: Day | null;
  /** Nothing is left. */
  readonly isSpent: boolean;
}

/** Works it out. */
export function budgetState(usage: LinkUsage, terms: BudgetTerms, time: LocalTime): BudgetState {
  const { budgetBytes, resetDay, pricePerGb } = terms;
  const { startsOn, resetsOn } = usage.periodAt(time.today, resetDay);
  const usedBytes = usage.usedIn({ startsOn, resetsOn });
  const isSpent = usedBytes >= budgetBytes;
  return {
    usedBytes,
    limitBytes: budgetBytes === Infinity ? null : budgetBytes,
    cost: pricePerGb === null ? null : usedBytes / GB_BYTES * pricePerGb,
    startsOn,
    resetsOn,
    runsOutOn: isSpent
      ? spentOn(usage, { startsOn, resetsOn, budgetBytes })
      : forecast(usage, { startsOn, resetsOn, leftBytes: budgetBytes - usedBytes }, time),
    isSpent,
  };
}

/** The highest of {@link WARN_PERCENTS} that is used, or 0. */
export function warnPercentOf({ usedBytes, limitBytes }: BudgetState): number {
  if (limitBytes === null) return 0;
  return WARN_PERCENTS.findLast((percent) => usedBytes >= limitBytes * percent / 100) ?? 0;
}

/** The day on which the last byte went. */
function spentOn(
  usage: LinkUsage,
  { startsOn, resetsOn, budgetBytes }: {
    readonly startsOn: Day;
    readonly resetsOn: Day;
    readonly budgetBytes: number;
  },
): Day {
  let bytes = 0;
  for (const [day, of] of usage.days) {
    if (day < startsOn || day >= resetsOn) continue;
    bytes += of;
    if (bytes >= budgetBytes) return day;
  }
  return startsOn;
}

/**
 * By a day's usage, taken half from the whole period and half from the last seven days: the one is steady, the other knows of
 * what has changed. @returns null when it lasts until the reset
 */
function forecast(
  usage: LinkUsage,
  { startsOn, resetsOn, leftBytes }: {
    readonly startsOn: Day;
    readonly resetsOn: Day;
    readonly leftBytes: number;
  },
  { today: clockDay, dayFraction }: LocalTime,
): Day | null {
  if (leftBytes === Infinity) return null;
  const today = usage.dayFor(clockDay);
  const perDay = (from: Day): number => {
    // What was before the first day of the record is not known to be nothing.
    const first = usage.earliestDay > from ? usage.earliestDay : from;
    const days = Math.max(LEAST_DAYS, daysBetween(first, today) + dayFraction);
    return usage.usedBetween(from, addDays(today, 1)) / days;
  };
  const bytesPerDay = (perDay(startsOn) + perDay(addDays(today, 1 - RECENT_DAYS))) / 2;
  if (!(bytesPerDay > 0)) return null;
  const daysLeft = Math.floor(dayFraction + leftBytes / bytesPerDay);
  return daysLeft < daysBetween(today, resetsOn) ? addDays(today, daysLeft) : null;
}
