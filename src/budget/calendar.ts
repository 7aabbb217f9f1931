/**
 * Days as the user's calendar has them, and the months of a budget, which begin at its reset day. A day is its text,
 * `2026-02-28`, so that days compare and sort as texts do. Which day it is, in local time, is told from outside. Pure.
 *
 * @module
 */

/** A day of the Gregorian calendar: `YYYY-MM-DD`, years 0001 to 9999. */
export type Day = string;

/** From one reset to the next. */
export interface Period {
  /** The first day. */
  readonly startsOn: Day;
  /** The first day of the next one. */
  readonly resetsOn: Day;
}

/** Makes a day. @param month 1..12 @param dayOfMonth 1..31; one that the month does not have is its last */
export function dayOf(year: number, month: number, dayOfMonth: number): Day {
  const last = daysInMonth(year, month);
  return `${padded(year, 4)}-${padded(month, 2)}-${padded(Math.min(dayOfMonth, last), 2)}`;
}

/** Whether a text is a day that there is. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const { year, month, dayOfMonth } = partsOf(text);
  return year >= 1 && month >= 1 && month <= 12 && dayOfMonth >= 1 &&
    dayOfMonth <= daysInMonth(year, month);
}

/** The period that a day is in. @param resetDay 1..31; in a month that is shorter, its last day */
export function periodOf(day: Day, resetDay: number): Period {
  const { year, month } = partsOf(day);
  const reset = dayOf(year, month, resetDay);
  return day >= reset
    ? { startsOn: reset, resetsOn: resetIn(year, month + 1, resetDay) }
    : { startsOn: resetIn(year, month - 1, resetDay), resetsOn: reset };
}

/** How many days later the second one is. */
export function daysBetween(from: Day, to: Day): number {
  return numberOf(to) - numberOf(from);
}

/** The day so many days later. */
export function addDays(day: Day, days: number): Day {
  return dayOfNumber(numberOf(day) + days);
}

/** @param month 0..13: those outside are of the years beside */
function resetIn(year: number, month: number, resetDay: number): Day {
  if (month < 1) return dayOf(year - 1, 12, resetDay);
  return month > 12 ? dayOf(year + 1, 1, resetDay) : dayOf(year, month, resetDay);
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeapYear(year) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function partsOf(
  day: Day,
): { readonly year: number; readonly month: number; readonly dayOfMonth: number } {
  return {
    year: Number(day.slice(0, 4)),
    month: Number(day.slice(5, 7)),
    dayOfMonth: Number(day.slice(8, 10)),
  };
}

/** Days since 0000-03-01, counted in years that begin in March: then the leap day is a year's last. */
function numberOf(day: Day): number {
  const { year, month, dayOfMonth } = partsOf(day);
  const marchYear = month > 2 ? year : year - 1;
  const marchMonth = (month + 9) % 12;
  return daysBeforeYear(marchYear) + DAYS_BEFORE_MONTH[marchMonth]! + dayOfMonth - 1;
}

function dayOfNumber(number: number): Day {
  let marchYear = Math.floor(number / 365.2425);
  while (daysBeforeYear(marchYear + 1) <= number) marchYear++;
  while (daysBeforeYear(marchYear) > number) marchYear--;
  const dayOfYear = number - daysBeforeYear(marchYear);
  let marchMonth = 11;
  while (DAYS_BEFORE_MONTH[marchMonth]! > dayOfYear) marchMonth--;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = month > 2 ? marchYear : marchYear + 1;
  return dayOf(year, month, dayOfYear - DAYS_BEFORE_MONTH[marchMonth]! + 1);
}

function daysBeforeYear(year: number): number {
  return 365 * year + Math.floor(year / 4) - Math.floor(year / 100) + Math.floor(year / 400);
}

/** From March on. */
const DAYS_BEFORE_MONTH = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337];

function padded(value: number, digits: number): string {
  return String(value).padStart(digits, "0");
}
