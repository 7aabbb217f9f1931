/**
 * The climb finds the most that is carried, whatever that is.
 *
 * @module
 */

import assert from "node:assert/strict";
import { climbRates, describeRungs, mostArrived } from "../../bench/rate_climb.ts";

/** Carries so much, and less the more it is offered beyond that. */
function carrying(limitPkts: number): (offered: number) => Promise<number> {
  return (offered) =>
    Promise.resolve(offered <= limitPkts ? offered : limitPkts - (offered - limitPkts) / 4);
}

Deno.test("climbRates doubles until too little arrives, then tries the steps between", async () => {
  const rungs = await climbRates(carrying(45_000));
  assert.deepEqual(rungs.map(({ offered }) => offered / 1_000), [10, 20, 40, 50, 60, 70, 80]);
  assert.deepEqual(mostArrived(rungs), 43_750);
});

Deno.test("climbRates comes within an eighth of what is carried, at any limit", async () => {
  for (let limit = 12_000; limit < 2_000_000; limit *= 1.07) {
    const found = mostArrived(await climbRates(carrying(limit)));
    assert(found > limit * 7 / 8 && found <= limit, `${found} of ${limit}`);
  }
});

Deno.test("climbRates ends where all that is offered arrives", async () => {
  const rungs = await climbRates((offered) => Promise.resolve(offered));
  assert.deepEqual(rungs.at(-1), { offered: 2_560_000, arrived: 2_560_000 });
});

Deno.test("describeRungs says what was offered and what arrived", () => {
  const rungs = [{ offered: 10_000, arrived: 10_000 }, { offered: 20_000, arrived: 19_840 }];
  assert.deepEqual(describeRungs(rungs), "10 -> 10.0, 20 -> 19.8");
});
