/**
 * A planned hand-over: the slave announces that a link is about to go, and 300 ms later it is gone. Neither end sends
 * anything new over it in the meantime, so nothing is lost and nobody waits.
 *
 * ```
 *          1: 20 Mbit/s, 20 ms one way   announced | 300 ms | cut
 *  slave ==                                                       == master
 *          2:  8 Mbit/s, 60 ms
 * ```
 */

import assert from "node:assert/strict";
import { MEASURED_FROM_MS, RUN_DIRECTIONS, runBonding, senderOf } from "../support/bonding_run.ts";
import { World } from "../support/world.ts";

const LINKS = [{ rateBps: 20e6, delayMs: 20 }, { rateBps: 8e6, delayMs: 60 }];
const LEAVE_MS = MEASURED_FROM_MS + 500;
const CUT_MS = LEAVE_MS + 300;

for (const direction of RUN_DIRECTIONS) {
  for (const linkId of [1, 2]) {
    Deno.test(`hand-over of link ${linkId} of 2, ${direction}: a stream loses nothing and does not stall`, () => {
      const world = new World({ seed: linkId, links: LINKS });
      const from = senderOf(direction);
      const stopMs = CUT_MS + 2_000;
      const flow = world.addFlow({ from, rateBps: 4e6, startMs: 1_000, stopMs });
      handOver(world, linkId);
      world.runUntil(stopMs + 500);
      assert.equal(flow.missingPkts, 0, "lost");
      // The other link is 40 ms slower.
      assert.ok(flow.sink.longestStallMs <= 60, `stall of ${flow.sink.longestStallMs} ms`);
      const { cutPkts } = world.link(linkId)[direction].counters;
      assert.ok(cutPkts <= 1, `${cutPkts} packets were on the link when it was cut`);
    });

    Deno.test(`hand-over of link ${linkId} of 2, ${direction}: a TCP flow goes on over the other one`, () => {
      const { rtoCount, transfers } = runBonding({
        links: LINKS,
        direction,
        measuredMs: 5_000,
        script: (world) => handOver(world, linkId),
      });
      // Later ones are TCP's: it sends too much for one link, the queue drops a packet, that takes a round trip.
      const stallMs = transfers[0]!.longestStallMs(LEAVE_MS, CUT_MS + 200);
      assert.ok(stallMs <= 200, `stall of ${stallMs} ms`);
      assert.equal(rtoCount, 0, "timeouts of TCP");
      const restBps = transfers[0]!.goodputBps(CUT_MS + 200, MEASURED_FROM_MS + 5_000);
      assert.ok(restBps >= 0.7 * LINKS[2 - linkId]!.rateBps, `${restBps / 1e6} Mbit/s`);
    });
  }
}

function handOver(world: World, linkId: number): void {
  world.at(LEAVE_MS, () => world.slave.multiplexer.leave(linkId, world.slave.now));
  world.at(CUT_MS, () => world.link(linkId).cut());
}
