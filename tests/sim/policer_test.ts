/**
 * A link that drops what is too much instead of queueing it, as a carrier does beyond the rate that was paid for: there
 * is no queue that shows its capacity, only the loss.
 *
 * ```
 *  slave ==== 10 Mbit/s, 20 ms one way, room for 8 packets ==== master
 * ```
 */

import assert from "node:assert/strict";
import { RUN_DIRECTIONS, runBonding } from "../support/bonding_run.ts";

const POLICED = { rateBps: 10e6, delayMs: 20, queueBytes: 12_000 };

for (const direction of RUN_DIRECTIONS) {
  Deno.test(`a policed link, ${direction}, is not sent more and more`, () => {
    const { goodputBps, needlessFraction } = runBonding({ links: [POLICED], direction });
    assert.ok(goodputBps > 0.7 * POLICED.rateBps, `${goodputBps / 1e6} Mbit/s`);
    assert.ok(needlessFraction < 0.02, `${needlessFraction} sent again by TCP`);
  });
}
