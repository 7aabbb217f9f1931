/**
 * The machine's calendar: which day it is where its user lives (`TZ`, or the system's zone).
 *
 * @module
 */

import type { LocalTime } from "../budget/budget_state.ts";
import { dayOf } from "../budget/calendar.ts";

const MINUTES_PER_DAY = 1_440;

/** Day and time of a moment. @param wallMs ms since 1970 */
export function localTime(wallMs: number): LocalTime {
  const date = new Date(wallMs);
  return {
    today: dayOf(date.getFullYear(), date.getMonth() + 1, date.getDate()),
    dayFraction: (date.getHours() * 60 + date.getMinutes()) / MINUTES_PER_DAY,
  };
}
