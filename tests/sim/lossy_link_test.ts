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
  const without = (): number => runBonding({ links: GOOD, direction }).goodputBps;
  let withoutBps = 0;

  for (const [where, links] of [["last", [...GOOD, LOSSY]], ["first", [LOSSY, ...GOOD]]] as const) {
    Deno.test(`a link at 30 % loss, named ${where}, ${direction}: the good ones carry what they carry without it`, () => {
      withoutBps ||= without();
      let timeouts = 0;
      for (const seed of [2, 3, 4]) {
        const run = runBonding({ links, direction, seed, measuredMs: 3_000 });
        const text = `${run.goodputBps / 1e6}, ${withoutBps / 1e6} Mbit/s without it`;
        assert.ok(run.goodputBps >= 0.85 * withoutBps, text);
        timeouts += run.rtoCount;
      }
      // In the first second, while nobody knows yet what the link is like: one in 48 runs.
      assert.ok(timeouts <= 1, `${timeouts} timeouts of TCP`);
    });
  }
}
