/**
 * A link with a queue of 30 to 40 ms: until its rate is known more is sent than it takes, and what is too much is lost. That is
 * no reason to do without it.
 *
 * ```
 *          20 Mbit/s, 20 ms one way
 *  slave ==                            == master
 *          8 Mbit/s, 60 ms, 30 or 40 kB
 * ```
 */

import assert from "node:assert/strict";
import { LinkUse } from "../../src/multiplexer/multiplexer_link.ts";
import { MEASURED_FROM_MS, RUN_DIRECTIONS, runBonding, senderOf } from "../support/bonding_run.ts";

const MEASURED_MS = 8_000;
const LOOK_EVERY_MS = 50;
/** 95 % of what the links carry of the inner flow's bytes. */
const LEAST_BPS = 24e6;

for (const direction of RUN_DIRECTIONS) {
  for (const queueBytes of [30_000, 40_000]) {
    const shows = "what it loses before its rate is known is not held against it";
    Deno.test(`a link with a queue of ${queueBytes / 1e3} kB, ${direction}: ${shows}`, () => {
      let heldOutMs = 0;
      const { goodputBps, resentPkts } = runBonding({
        links: [{ rateBps: 20e6, delayMs: 20 }, { rateBps: 8e6, delayMs: 60, queueBytes }],
        direction,
        measuredMs: MEASURED_MS,
        script: (world) => {
          const sender = world[senderOf(direction)];
          for (let atMs = 1_500; atMs < MEASURED_FROM_MS + MEASURED_MS; atMs += LOOK_EVERY_MS) {
            world.at(atMs, () => {
              if (sender.link(2).use === LinkUse.LOSSY) heldOutMs += LOOK_EVERY_MS;
            });
          }
        },
      });
      assert.ok(resentPkts > 50, `only ${resentPkts} packets were lost`);
      assert.ok(goodputBps >= LEAST_BPS, `${(goodputBps / 1e6).toFixed(1)} Mbit/s`);
      assert.ok(heldOutMs <= 500, `held out for ${heldOutMs} ms`); // 0; up to 12 s when it counts
    });
  }
}
