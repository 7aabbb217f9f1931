import assert from "node:assert/strict";
import fc from "fast-check";
import {
  addDays,
  type Day,
  dayOf,
  daysBetween,
  isDay,
  periodOf,
} from "../../../src/budget/calendar.ts";

const MS_PER_DAY = 86_400_000;
const FIRST = Date.UTC(1995, 0, 1) / MS_PER_DAY;

/** Days of 1995 to 2105, by the system's calendar: what it says is what ours is held to. */
const DAYS = fc.integer({ min: FIRST, max: FIRST + 40_000 });
const RESET_DAYS = fc.integer({ min: 1, max: 31 });

function utcDay(number: number): Day {
  return new Date(number * MS_PER_DAY).toISOString().slice(0, 10);
}

Deno.test("days are counted as the system's calendar counts them", () => {
  fc.assert(fc.property(DAYS, fc.integer({ min: -20_000, max: 20_000 }), (number, days) => {
    const day = utcDay(number);
    assert.ok(isDay(day));
    assert.equal(addDays(day, days), utcDay(number + days));
    assert.equal(daysBetween(day, utcDay(number + days)), days);
  }));
});

Deno.test("a day that a month does not have is its last", () => {
  assert.equal(dayOf(2026, 2, 31), "2026-02-28");
  assert.equal(dayOf(2028, 2, 30), "2028-02-29");
  assert.equal(dayOf(2000, 2, 29), "2000-02-29");
  assert.equal(dayOf(2100, 2, 29), "2100-02-28");
  assert.equal(dayOf(2026, 4, 31), "2026-04-30");
  assert.equal(dayOf(2026, 12, 31), "2026-12-31");
});

Deno.test("isDay knows what is none", () => {
  for (
    const text of [
      "",
      "2026-02-29",
      "2026-13-01",
      "2026-00-01",
      "2026-01-00",
      "2026-1-1",
      "0000-01-01",
      "2026-01-01T00:00",
    ]
  ) assert.ok(!isDay(text), text);
});

Deno.test("periodOf: from the reset day to before the next one, or the last day of a shorter month", () => {
  const cases: readonly (readonly [Day, number, Day, Day])[] = [
    ["2026-11-29", 1, "2026-11-01", "2026-12-01"],
    ["2026-11-14", 15, "2026-10-15", "2026-11-15"],
    ["2026-11-15", 15, "2026-11-15", "2026-12-15"],
    ["2026-12-31", 15, "2026-12-15", "2027-01-15"],
    ["2027-01-14", 15, "2026-12-15", "2027-01-15"],
    ["2026-02-27", 31, "2026-01-31", "2026-02-28"],
    ["2026-02-28", 31, "2026-02-28", "2026-03-31"],
    ["2028-02-28", 31, "2028-01-31", "2028-02-29"],
    ["2028-02-29", 30, "2028-02-29", "2028-03-30"],
    ["2026-04-30", 31, "2026-04-30", "2026-05-31"],
  ];
  for (const [day, resetDay, startsOn, resetsOn] of cases) {
    assert.deepEqual(periodOf(day, resetDay), { startsOn, resetsOn }, `${day}, ${resetDay}`);
  }
});

Deno.test("every day is in one period: they follow each other without gap, each 28 to 31 days long", () => {
  fc.assert(fc.property(DAYS, RESET_DAYS, (number, resetDay) => {
    const day = utcDay(number);
    const { startsOn, resetsOn } = periodOf(day, resetDay);
    assert.ok(startsOn <= day && day < resetsOn);
    const length = daysBetween(startsOn, resetsOn);
    assert.ok(length >= 28 && length <= 31, `${length} days`);
    for (const other of [startsOn, addDays(resetsOn, -1)]) {
      assert.deepEqual(periodOf(other, resetDay), { startsOn, resetsOn });
    }
    assert.equal(periodOf(resetsOn, resetDay).startsOn, resetsOn);
    assert.equal(periodOf(addDays(startsOn, -1), resetDay).resetsOn, startsOn);
  }));
});
