/**
 * A run of the simulator repeats exactly: the same seed and script give the same packets at the
 * same times. Without that no figure tuned on it could be trusted.
 */

import assert from "node:assert/strict";
import { LegacyWorld } from "../support/legacy_world.ts";

/** A script with all there is to the links; everything that was measured. */
function run(seed: number): unknown {
  const world = new LegacyWorld({
    seed,
    links: [
      { rateBps: 20e6, delayMs: 20, jitterMs: 8, lossFraction: 0.005 },
      { rateBps: 8e6, delayMs: 60, jitterMs: 30, jitterKind: "independent" },
      {
        up: { rateBps: 1e6 },
        down: { rateBps: 3e6, burstLoss: { fraction: 0.02, meanLengthPkts: 5 } },
      },
    ],
  });
  const flows = [
    world.addFlow({ from: "master", rateBps: 33e6, startMs: 500 }),
    world.addFlow({ from: "slave", rateBps: 9e6, onOff: { onMs: 300, offMs: 200 } }),
  ];
  world.at(2_000, () => world.link(2).cut());
  world.at(3_000, () => world.link(1).configure({ rateBps: 9e6 }));
  world.at(4_000, () => world.master.stop());
  world.at(4_200, () => world.master.start());
  world.at(6_500, () => world.link(2).mend());
  world.runUntil(8_000);
  return {
    events: world.clock.events,
    links: world.links.map((link) => ({ up: link.up.counters, down: link.down.counters })),
    shares: world.master.multiplexer.links.map((link) => link.share),
    changes: [world.master.linkChanges, world.slave.linkChanges],
    flows: flows.map(({ sentPkts, sink }) => ({
      sentPkts,
      receivedPkts: sink.receivedPkts,
      reorderedPkts: sink.reorderedPkts,
      maxReorderPkts: sink.maxReorderPkts,
      longestStallMs: sink.longestStallMs,
      delaysMs: [0, 0.1, 0.5, 0.9, 1].map((fraction) => sink.delayMs(fraction)),
    })),
  };
}

Deno.test("two runs with the same seed are equal in every figure", () => {
  assert.deepEqual(run(42), run(42));
});

Deno.test("a run with another seed differs", () => {
  assert.notDeepEqual(run(42), run(43));
});
