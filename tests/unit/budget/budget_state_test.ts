import assert from "node:assert/strict";
import fc from "fast-check";
import { budgetState, type BudgetTerms, warnPercentOf } from "../../../src/budget/budget_state.ts";
import { addDays, type Day, daysBetween } from "../../../src/budget/calendar.ts";
import { LinkUsage } from "../../../src/budget/link_usage.ts";

const TERMS: BudgetTerms = { budgetBytes: 10e9, resetDay: 1, pricePerGb: 2.5 };
const NOON = { today: "2026-11-11", dayFraction: 0.5 };

/** So much on each of some days, the last one given. */
function daily(bytes: number, days: number, last: Day): LinkUsage {
  return new LinkUsage(
    Array.from({ length: days }, (_, i) => [addDays(last, -i), bytes] as const),
  );
}

Deno.test("budgetState has what is used, and what it costs", () => {
  const state = budgetState(daily(0.4e9, 60, "2026-11-11"), TERMS, NOON);
  assert.equal(state.usedBytes, 11 * 0.4e9);
  assert.equal(state.limitBytes, 10e9);
  assert.equal(state.cost, 11);
  assert.deepEqual([state.startsOn, state.resetsOn], ["2026-11-01", "2026-12-01"]);
  assert.equal(state.isSpent, false);
});

Deno.test("budgetState without a budget knows no day on which it runs out, without a price no cost", () => {
  const usage = daily(5e9, 10, "2026-11-11");
  const { runsOutOn, limitBytes, isSpent } = budgetState(
    usage,
    { ...TERMS, budgetBytes: Infinity },
    NOON,
  );
  assert.deepEqual([runsOutOn, limitBytes, isSpent], [null, null, false]);
  assert.equal(budgetState(usage, { ...TERMS, pricePerGb: null }, NOON).cost, null);
  const nothing = budgetState(new LinkUsage(), TERMS, NOON);
  assert.deepEqual([nothing.usedBytes, nothing.runsOutOn, nothing.cost], [0, null, 0]);
});

Deno.test("the forecast of a steady use is the day on which it is used up", () => {
  // 10.5 days have used 10.5 times 0.5 GB; what is left lasts 9.5 days from noon.
  const usage = daily(0.5e9, 10, "2026-11-10");
  usage.add("2026-11-11", 0.25e9);
  assert.equal(budgetState(usage, TERMS, NOON).runsOutOn, "2026-11-21");
  assert.equal(budgetState(usage, { ...TERMS, budgetBytes: 16e9 }, NOON).runsOutOn, null, "lasts");
});

Deno.test("the forecast follows what has changed of late, half", () => {
  const calm = daily(0.1e9, 11, "2026-11-11");
  assert.equal(budgetState(calm, TERMS, NOON).runsOutOn, null);
  // The last three days: 1 GB each.
  for (const day of ["2026-11-09", "2026-11-10", "2026-11-11"]) calm.add(day, 0.9e9);
  // 0.36 GB a day over the period, 0.55 over the week: 6.2 GB last 13 days from noon.
  const { runsOutOn, usedBytes } = budgetState(calm, TERMS, NOON);
  assert.equal(usedBytes, 3.8e9);
  assert.equal(runsOutOn, "2026-11-25");
});

Deno.test("the forecast of a young record takes no hour for a day", () => {
  const usage = new LinkUsage([["2026-11-11", 1e9]]);
  const { runsOutOn } = budgetState(usage, TERMS, { today: "2026-11-11", dayFraction: 0.01 });
  assert.equal(runsOutOn, "2026-11-20");
});

Deno.test("a budget that is used up ran out on the day its last byte went", () => {
  const usage = daily(3e9, 11, "2026-11-11");
  const state = budgetState(usage, TERMS, NOON);
  assert.deepEqual([state.isSpent, state.runsOutOn], [true, "2026-11-04"]);
});

Deno.test("a forecast is a day from today to before the reset, and never later for more use", () => {
  const days = fc.array(fc.integer({ min: 0, max: 2e9 }), { minLength: 1, maxLength: 40 });
  const time = fc.record({
    today: fc.integer({ min: 0, max: 800 }).map((n) => addDays("2026-01-01", n)),
    dayFraction: fc.double({ min: 0, max: 0.999, noNaN: true }),
  });
  fc.assert(fc.property(days, time, fc.integer({ min: 1, max: 31 }), (used, at, resetDay) => {
    const usage = new LinkUsage(used.map((bytes, i) => [addDays(at.today, -i), bytes] as const));
    const terms = { ...TERMS, resetDay };
    const before = budgetState(usage, terms, at);
    const check = ({ runsOutOn, isSpent, resetsOn }: typeof before): void => {
      if (runsOutOn === null || isSpent) return;
      assert.ok(runsOutOn >= at.today && runsOutOn < resetsOn, runsOutOn);
    };
    check(before);
    usage.add(at.today, 0.5e9);
    const after = budgetState(usage, terms, at);
    check(after);
    if (before.runsOutOn === null || after.isSpent) return;
    assert.ok(after.runsOutOn !== null && daysBetween(after.runsOutOn, before.runsOutOn) >= 0);
  }));
});

Deno.test("warnPercentOf is 80 from 80 % on, and 100 from 100 % on", () => {
  const percentAt = (usedBytes: number): number =>
    warnPercentOf(budgetState(new LinkUsage([[NOON.today, usedBytes]]), TERMS, NOON));
  assert.deepEqual([0, 7.99e9, 8e9, 9.99e9, 10e9, 99e9].map(percentAt), [0, 0, 80, 80, 100, 100]);
  const unlimited = { ...TERMS, budgetBytes: Infinity };
  assert.equal(warnPercentOf(budgetState(new LinkUsage(), unlimited, NOON)), 0);
});
