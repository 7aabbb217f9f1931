/**
 * Five equal links, 10 Mbit/s and 30 ms one way each: together they carry what each carries alone, added up.
 */

import assert from "node:assert/strict";
import { RUN_DIRECTIONS, runBonding } from "../support/bonding_run.ts";

const LINK = { rateBps: 10e6, delayMs: 30 };

for (const direction of RUN_DIRECTIONS) {
  Deno.test(`five equal links, ${direction}: at least 95 % of the sum of each alone, in equal shares`, () => {
    const run = runBonding({ links: Array.from({ length: 5 }, () => LINK), direction });
    const alone = runBonding({ links: [LINK], direction });
    const fraction = run.goodputBps / (5 * alone.goodputBps);
    assert.ok(fraction >= 0.95, `${(fraction * 100).toFixed(1)} %`);
    assert.ok(run.needlessFraction < 0.001, `${run.needlessFraction} sent again needlessly`);
    const bytes = run.world.links.map((link) => link[direction].counters.deliveredBytes);
    assert.ok(Math.min(...bytes) > 0.8 * Math.max(...bytes), `${bytes.join(", ")} bytes`);
  });
}
