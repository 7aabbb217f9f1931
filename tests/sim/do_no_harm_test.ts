/**
 * A good link joined with one that can only do harm: never slower than the good one alone.
 *
 * ```
 *          50 Mbit/s, 20 ms one way                         40 Mbit/s, 35 ms
 *  slave ==                         == master       slave ==                                == master
 *          1 Mbit/s, 300 ms, 5 % lost                       20 Mbit/s, 320 ± 20 ms, 0.5 % lost
 * ```
 */

import assert from "node:assert/strict";
import { RUN_DIRECTIONS, runBonding } from "../support/bonding_run.ts";

/** Shorter than usual: they are many packets. */
const MEASURED_MS = 5_000;

const PAIRS = [
  {
    name: "1 Mbit/s, 300 ms, 5 % loss",
    good: { rateBps: 50e6, delayMs: 20 },
    bad: { rateBps: 1e6, delayMs: 300, lossFraction: 0.05 },
  },
  {
    name: "20 Mbit/s by satellite",
    good: { rateBps: 40e6, delayMs: 35 },
    bad: { rateBps: 20e6, delayMs: 320, jitterMs: 20, lossFraction: 0.005 },
  },
];

for (const { name, good, bad } of PAIRS) {
  for (const direction of RUN_DIRECTIONS) {
    Deno.test(`do no harm, ${direction}: with a link of ${name} at least 97 % of the good one alone`, () => {
      const alone = runBonding({ links: [good], direction, measuredMs: MEASURED_MS });
      // Whichever is named first.
      const links = direction === "down" ? [good, bad] : [bad, good];
      const run = runBonding({ links, direction, measuredMs: MEASURED_MS });
      const fraction = run.goodputBps / alone.goodputBps;
      assert.ok(fraction >= 0.97, `${(fraction * 100).toFixed(1)} %`);
      const laterMs = run.pingP50Ms - alone.pingP50Ms;
      assert.ok(laterMs < 20, `ping ${laterMs} ms later`);
    });
  }
}
