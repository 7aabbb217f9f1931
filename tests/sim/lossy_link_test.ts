/**
 * A link that loses 30 % of its packets beside two good ones: it must not cost what they carry.
 *
 * ```
 *          20 Mbit/s, 20 ms one way
 *  slave == 20 Mbit/s, 30 ms        == master
 *           20 Mbit/s, 20 ms, 30 % lost
 * ```
 */

import assert from "node:assert/strict";
import { RUN_DIRECTIONS, runBonding } from "../support/bonding_run.ts";

const GOOD = [{ rateBps: 20e6, delayMs: 20 }, { rateBps: 20e6, delayMs: 30 }];
const LOSSY = { rateBps: 20e6, delayMs: 20, lossFraction: 0.3 };

for (const direction of RUN_DIRECTIONS) {
  Deno.test(`a link at 30 % loss, ${direction}: the two good ones carry what they carry without it`, () => {
    const run = runBonding({ links: [...GOOD, LOSSY], direction });
    const without = runBonding({ links: GOOD, direction });
    const text = `${run.goodputBps / 1e6}, ${without.goodputBps / 1e6} Mbit/s without it`;
    assert.ok(run.goodputBps >= 0.97 * without.goodputBps, text);
    assert.equal(run.rtoCount, 0, "timeouts of TCP");
  });

  Deno.test(`a link at 30 % loss that is named first, ${direction}, does no more harm`, () => {
    const run = runBonding({ links: [LOSSY, ...GOOD], direction, seed: 2 });
    const without = runBonding({ links: GOOD, direction });
    const text = `${run.goodputBps / 1e6}, ${without.goodputBps / 1e6} Mbit/s without it`;
    assert.ok(run.goodputBps >= 0.97 * without.goodputBps, text);
  });
}
