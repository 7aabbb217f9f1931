import assert from "node:assert/strict";
import { BUDGET_METRICS } from "../../../src/metrics/budget_metrics.ts";
import type { BudgetSnapshot } from "../../../src/snapshot.ts";
import { SAMPLE_PROCESS, sampleDaemon, sampleLink } from "./sample_snapshot.ts";

const BUDGET: BudgetSnapshot = {
  usedBytes: 4.2e9,
  limitBytes: 10e9,
  cost: 10.5,
  pricePerGb: 2.5,
  startsOn: "2026-11-15",
  resetsOn: "2026-12-15",
  runsOutOn: null,
  isSpent: false,
  isHard: false,
};

/** `name link value`, of these links. */
function samples(...budgets: readonly (BudgetSnapshot | undefined)[]): string[] {
  const links = budgets.map((budget, i) =>
    sampleLink({ name: `phone${i + 1}`, ...(budget === undefined ? {} : { budget }) })
  );
  const found: string[] = [];
  for (const { name, read } of BUDGET_METRICS) {
    read({ daemon: sampleDaemon({ links }), process: SAMPLE_PROCESS }, (value, link) => {
      found.push(`${name.replace("bindlink_link_budget_", "")} ${link} ${value}`);
    });
  }
  return found;
}

Deno.test("a link with budget and price has all metrics, others have what there is", () => {
  assert.deepEqual(samples(undefined), []);
  assert.deepEqual(samples(undefined, BUDGET, { ...BUDGET, cost: null, isSpent: true }), [
    "used_bytes phone2 4200000000",
    "used_bytes phone3 4200000000",
    "limit_bytes phone2 10000000000",
    "limit_bytes phone3 10000000000",
    "cost phone2 10.5",
    "spent phone2 0",
    "spent phone3 1",
  ]);
  assert.deepEqual(samples({ ...BUDGET, limitBytes: null }), [
    "used_bytes phone1 4200000000",
    "cost phone1 10.5",
  ]);
});
