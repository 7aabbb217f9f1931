/**
 * Three phones whose rates and delays change each 100 ms, with fades and handovers: one TCP flow each way for a minute.
 * Half an hour of it: `deno task sim:lte`.
 */

import assert from "node:assert/strict";
import { RUN_DIRECTIONS } from "../support/bonding_run.ts";
import { runLte } from "../support/lte_run.ts";

const MEASURED_MS = 60_000;

for (const direction of RUN_DIRECTIONS) {
  Deno.test(`three LTE traces, ${direction}: most of the capacity, which is more than any has alone`, () => {
    const run = runLte({ direction, measuredMs: MEASURED_MS });
    const fraction = run.goodputBps / run.capacityBps;
    // The best of the three has 55 % of the sum.
    assert.ok(fraction >= 0.75, `${(fraction * 100).toFixed(1)} % of the integrated capacity`);
    // The rates of all three fall together now and then, with what was under way still on them.
    assert.ok(run.stallMs <= 1_000, `stall of ${run.stallMs} ms`);
  });
}
