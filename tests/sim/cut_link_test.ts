/**
 * One of two links is cut for 3 s, and comes back. What was in flight over it goes over the other one; once it is back it
 * is used again.
 *
 * ```
 *          1: 20 Mbit/s, 20 ms one way
 *  slave ==                            == master
 *          2:  8 Mbit/s, 60 ms
 *
 *   5 s warm-up | cut .... 3 s .... mended | 3 s
 * ```
 */

import assert from "node:assert/strict";
import {
  MEASURED_FROM_MS,
  payloadPipe,
  RUN_DIRECTIONS,
  runBonding,
  type RunDirection,
  senderOf,
} from "../support/bonding_run.ts";
import type { Flow } from "../support/flow.ts";
import { World } from "../support/world.ts";

/** Cuts at different moments of the flow's life. */
const SHIFTS_MS = [0, 300, 600];

const LINKS = [{ rateBps: 20e6, delayMs: 20 }, { rateBps: 8e6, delayMs: 60 }];
const CUT_MS = MEASURED_FROM_MS + 500;
const MENDED_MS = CUT_MS + 3_000;
const END_MS = MENDED_MS + 3_000;

for (const direction of RUN_DIRECTIONS) {
  for (const linkId of [1, 2]) {
    const which = `link ${linkId} of 2 cut, ${direction}`;

    Deno.test(`${which}: a TCP flow stalls for 250 ms at most, and the link is used again within 1 s`, () => {
      const stallsMs = SHIFTS_MS.map((shiftMs) => {
        let backBytes = 0;
        const { transfers, rtoCount } = runBonding({
          links: LINKS,
          direction,
          measuredMs: END_MS + shiftMs - MEASURED_FROM_MS,
          script: (world) => {
            cutAndMend(world, linkId, shiftMs);
            const { counters } = payloadPipe(world, linkId, direction);
            world.at(MENDED_MS + shiftMs + 900, () => backBytes -= counters.deliveredBytes);
            world.at(MENDED_MS + shiftMs + 1_000, () => backBytes += counters.deliveredBytes);
          },
        });
        assert.equal(rtoCount, 0, "timeouts of TCP");
        const backBps = backBytes * 8000 / 100;
        const rateBps = LINKS[linkId - 1]!.rateBps;
        assert.ok(backBps > rateBps / 10, `${backBps / 1e6} Mbit/s over it, 1 s after its return`);
        const stallMs = (atMs: number): number =>
          transfers[0]!.longestStallMs(atMs + shiftMs - 50, atMs + shiftMs + 1_000);
        return Math.max(stallMs(CUT_MS), stallMs(MENDED_MS));
      });
      assert.ok(Math.max(...stallsMs) <= 250, `stalls of ${stallsMs.join(", ")} ms`);
    });

    for (const packetBytes of [200, 1_000]) {
      const stream = `200 packets/s of ${packetBytes} bytes`;
      Deno.test(`${which}: ${stream} lose 10 packets and stall for 150 ms at most`, () => {
        const { flow } = runStream(linkId, direction, packetBytes);
        assert.ok(flow.missingPkts <= 10, `${flow.missingPkts} lost`);
        assert.equal(flow.refusedPkts, 0);
        const { longestStallMs } = flow.sink;
        assert.ok(longestStallMs <= 150, `stall of ${longestStallMs} ms`);
      });
    }
  }

  Deno.test(`the best link cut, ${direction}: a stream goes over it again within 1 s of its return`, () => {
    const { usedBps } = runStream(1, direction, 200);
    assert.ok(usedBps >= 0.9 * 200 * 200 * 8, `${usedBps / 1e6} Mbit/s over it`);
  });
}

/** @returns what the cut link carries in the last second. */
function runStream(
  linkId: number,
  direction: RunDirection,
  packetBytes: number,
): { flow: Flow; usedBps: number } {
  const world = new World({ seed: linkId, links: LINKS });
  const from = senderOf(direction);
  const rateBps = 200 * packetBytes * 8;
  const stopMs = MENDED_MS + 2_000;
  const flow = world.addFlow({ from, rateBps, packetBytes, startMs: 1_000, stopMs });
  cutAndMend(world, linkId);
  const { counters } = payloadPipe(world, linkId, direction);
  world.runUntil(MENDED_MS + 1_000);
  const beforeBytes = counters.deliveredBytes;
  world.runUntil(stopMs);
  const usedBps = (counters.deliveredBytes - beforeBytes) * 8;
  world.runUntil(stopMs + 500); // what is under way arrives
  return { flow, usedBps };
}

function cutAndMend(world: World, linkId: number, shiftMs = 0): void {
  world.at(CUT_MS + shiftMs, () => world.link(linkId).cut());
  world.at(MENDED_MS + shiftMs, () => world.link(linkId).mend());
}
