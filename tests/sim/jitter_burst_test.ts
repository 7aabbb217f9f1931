/**
 * One of two links gets 300 ms of jitter for 10 s: the other one must not wait for it, and it is used again afterwards.
 *
 * ```
 *          1: 20 Mbit/s, 20 ms one way
 *  slave ==                            == master    either one: its delay, then anything up to 300 ms more, then as before
 *          2:  8 Mbit/s, 60 ms
 * ```
 */

import assert from "node:assert/strict";
import { MEASURED_FROM_MS, RUN_DIRECTIONS, runBonding } from "../support/bonding_run.ts";

const LINKS = [{ rateBps: 20e6, delayMs: 20 }, { rateBps: 8e6, delayMs: 60 }];
const BURST_MS = 10_000;
const QUIET_AGAIN_MS = MEASURED_FROM_MS + BURST_MS;

/**
 * Of what the other link carries alone, during the burst. What the link held when it began comes 300 ms late, and the
 * flow waits for it; so a burst of 10 s costs some percent, whatever is done after.
 */
const DURING_FRACTION = 0.85;

/** What it may take until the link is trusted again. TCP takes its time to make use of it: CUBIC grows slowly. */
const RETURN_MS = 3_000;
const END_MS = QUIET_AGAIN_MS + RETURN_MS + 2_000;

/** In one run of ten or so TCP is in the middle of a reduction then, and has no need of the link: the mean counts. */
const SEEDS = [1, 2, 3];

for (const direction of RUN_DIRECTIONS) {
  for (const linkId of [1, 2]) {
    Deno.test(`jitter on link ${linkId} of 2, ${direction}: as good as the other link alone, and both again after it`, () => {
      const link = LINKS[linkId - 1]!;
      const other = LINKS[2 - linkId]!;
      const alone = runBonding({ links: [other], direction });
      let againBytes = 0;
      let timeouts = 0;
      for (const seed of SEEDS) {
        const { transfers, rtoCount } = runBonding({
          links: LINKS,
          direction,
          seed,
          measuredMs: END_MS - MEASURED_FROM_MS,
          script: (world) => {
            const burst = { delayMs: link.delayMs + 150, jitterMs: 150 };
            const quiet = { delayMs: link.delayMs, jitterMs: 0 };
            world.at(MEASURED_FROM_MS, () => world.link(linkId).configure(burst));
            world.at(QUIET_AGAIN_MS, () => world.link(linkId).configure(quiet));
            const { counters } = world.link(linkId)[direction];
            world.at(QUIET_AGAIN_MS + RETURN_MS, () => againBytes -= counters.deliveredBytes);
            world.at(END_MS, () => againBytes += counters.deliveredBytes);
          },
        });
        const duringBps = transfers[0]!.goodputBps(MEASURED_FROM_MS, QUIET_AGAIN_MS);
        const aloneText = `${duringBps / 1e6}, ${alone.goodputBps / 1e6} Mbit/s alone`;
        assert.ok(duringBps >= DURING_FRACTION * alone.goodputBps, aloneText);
        timeouts += rtoCount;
      }
      const againBps = againBytes * 8000 / SEEDS.length / (END_MS - QUIET_AGAIN_MS - RETURN_MS);
      assert.ok(againBps >= link.rateBps / 10, `${againBps / 1e6} Mbit/s over it afterwards`);
      assert.ok(timeouts <= 1, `${timeouts} timeouts of TCP`); // one in ten runs
    });
  }
}
