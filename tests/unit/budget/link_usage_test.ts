import assert from "node:assert/strict";
import fc from "fast-check";
import { addDays, type Day, periodOf } from "../../../src/budget/calendar.ts";
import { KEPT_DAYS, LinkUsage } from "../../../src/budget/link_usage.ts";

const TODAY: Day = "2026-11-29";

/** What a link carries, and by how many days the clock has moved when it is counted: forwards, backwards, far away. */
const STEPS = fc.array(
  fc.record({
    bytes: fc.integer({ min: 0, max: 1e9 }),
    days: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(0, 1) },
      { weight: 2, arbitrary: fc.integer({ min: -40, max: 40 }) },
      { weight: 1, arbitrary: fc.constantFrom(-20_000, 20_000) },
    ),
  }),
  { maxLength: KEPT_DAYS },
);

Deno.test("a clock that jumps neither loses a byte nor counts one twice", () => {
  fc.assert(fc.property(STEPS, fc.integer({ min: 1, max: 31 }), (steps, resetDay) => {
    const usage = new LinkUsage();
    let today = TODAY;
    let total = 0;
    for (const { bytes, days } of steps) {
      const moved = addDays(today, days);
      today = moved > "0900" && moved < "9000" ? moved : TODAY;
      usage.add(today, bytes);
      total += bytes;
    }
    const periods = new Map(
      usage.days.map(([day]) => [periodOf(day, resetDay).startsOn, periodOf(day, resetDay)]),
    );
    const sum = [...periods.values()].reduce((bytes, period) => bytes + usage.usedIn(period), 0);
    assert.equal(sum, total);
  }));
});

Deno.test("a clock that was set back and is right again finds what was used before", () => {
  const usage = new LinkUsage();
  const period = periodOf(TODAY, 1);
  usage.add(TODAY, 1_000);
  usage.add("2026-08-01", 10);
  assert.equal(usage.usedIn(period), 1_000);
  assert.equal(usage.usedIn(periodOf("2026-08-01", 1)), 10);
  usage.add(TODAY, 5);
  usage.add("2036-01-01", 7);
  usage.add(TODAY, 100);
  assert.equal(usage.usedIn(period), 1_105);
});

Deno.test("what a clock dates that was never set belongs to the latest day known", () => {
  const usage = new LinkUsage([[TODAY, 500]]);
  usage.add("1970-01-01", 30);
  assert.deepEqual(usage.days, [[TODAY, 530]]);
  assert.deepEqual(usage.periodAt("1970-01-01", 1), periodOf(TODAY, 1));
  const blank = new LinkUsage();
  blank.add("1970-01-01", 30);
  assert.deepEqual(blank.days, [["1970-01-01", 30]]);
});

Deno.test("only the latest days are kept, so that a jump ahead takes away one old day each", () => {
  const usage = new LinkUsage();
  for (let i = 0; i < KEPT_DAYS; i++) usage.add(addDays(TODAY, -i), 1);
  usage.add("2060-01-01", 9);
  assert.equal(usage.days.length, KEPT_DAYS);
  assert.equal(usage.earliestDay, addDays(TODAY, 2 - KEPT_DAYS));
  assert.equal(usage.usedIn(periodOf(TODAY, 1)), 29);
});

Deno.test("what the user was told holds for its period only", () => {
  const usage = new LinkUsage();
  const period = periodOf(TODAY, 15);
  assert.equal(usage.toldIn(period), 0);
  usage.noteTold(period.startsOn, 80);
  assert.equal(usage.toldIn(period), 80);
  assert.equal(usage.toldIn(periodOf(period.resetsOn, 15)), 0);
});
