/**
 * One of two links halves its rate, and doubles it again, every 5 s, as radio links do from one moment to the next: rates
 * are followed down as well as up.
 *
 * ```
 *          20, 10, 20, 10 Mbit/s, 20 ms one way
 *  slave ==                                     == master
 *          8 Mbit/s, 60 ms
 * ```
 */

import assert from "node:assert/strict";
import { MEASURED_FROM_MS, RUN_DIRECTIONS, runBonding } from "../support/bonding_run.ts";

const STEP_MS = 5_000;
const STEPS = 4;

/** Two of four steps at 10 Mbit/s, two at 20, and the other link. */
const CAPACITY_BPS = 15e6 + 8e6;

for (const direction of RUN_DIRECTIONS) {
  Deno.test(`a rate that halves and doubles, ${direction}: 85 % of the integrated capacity`, () => {
    const { goodputBps, rtoCount } = runBonding({
      links: [{ rateBps: 20e6, delayMs: 20 }, { rateBps: 8e6, delayMs: 60 }],
      direction,
      measuredMs: STEPS * STEP_MS,
      script: (world) => {
        for (let step = 0; step < STEPS; step++) {
          const rateBps = step % 2 === 0 ? 10e6 : 20e6;
          const atMs = MEASURED_FROM_MS + step * STEP_MS;
          world.at(atMs, () => world.link(1).configure({ rateBps }));
        }
      },
    });
    const fraction = goodputBps / CAPACITY_BPS;
    assert.ok(fraction >= 0.85, `${(fraction * 100).toFixed(1)} %`);
    assert.equal(rtoCount, 0, "timeouts of TCP");
  });
}
