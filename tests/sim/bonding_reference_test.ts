/**
 * The reference case: three links that differ tenfold in rate and delay, one TCP flow, each way.
 *
 * ```
 *          20 Mbit/s, 20 ms one way
 *  slave == 8 Mbit/s, 60 ms         == master
 *           3 Mbit/s, 100 ms
 * ```
 */

import assert from "node:assert/strict";
import { type BondingFigures, RUN_DIRECTIONS, runBonding } from "../support/bonding_run.ts";

const LINKS = [
  { rateBps: 20e6, delayMs: 20 },
  { rateBps: 8e6, delayMs: 60 },
  { rateBps: 3e6, delayMs: 100 },
];

const IDLE_PING_MS = 40;

for (const direction of RUN_DIRECTIONS) {
  Deno.test(`reference case, ${direction}: one flow gets more than 26.5 of 31 Mbit/s`, () => {
    const run = reference(direction);
    assert.ok(run.goodputBps >= 26.5e6, `${run.goodputBps / 1e6} Mbit/s`);
    assert.equal(run.rtoCount, 0);
  });

  Deno.test(`reference case, ${direction}: the ping under load stays near the idle one`, () => {
    const { pingP50Ms, pingP99Ms } = reference(direction);
    assert.ok(pingP50Ms <= IDLE_PING_MS + 50, `p50 ${pingP50Ms} ms`);
    assert.ok(pingP99Ms <= IDLE_PING_MS + 100, `p99 ${pingP99Ms} ms`);
  });

  Deno.test(`reference case, ${direction}: TCP repeats what the queue dropped, hardly more`, () => {
    const { needlessFraction } = reference(direction);
    assert.ok(needlessFraction < 0.001, `${needlessFraction * 100} %`);
  });
}

const runs = new Map<string, BondingFigures>();

/** One run for each direction. */
function reference(direction: "up" | "down"): BondingFigures {
  const run = runs.get(direction) ?? runBonding({ links: LINKS, direction });
  runs.set(direction, run);
  return run;
}
