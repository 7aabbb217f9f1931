/**
 * A run is its seed's: what fails once fails again.
 */

import assert from "node:assert/strict";
import { runBonding } from "../support/bonding_run.ts";

const LINKS = [
  { rateBps: 20e6, delayMs: 20, lossFraction: 0.005, jitterMs: 5 },
  { rateBps: 8e6, delayMs: 60, lossFraction: 0.005, jitterMs: 8 },
];

Deno.test("the same seed gives the same run, packet by packet", () => {
  assert.deepEqual(footprint(1), footprint(1));
});

Deno.test("another seed gives another run", () => {
  assert.notDeepEqual(footprint(1), footprint(2));
});

/** All that is counted. */
function footprint(seed: number): unknown {
  const run = runBonding({
    links: LINKS,
    direction: "down",
    seed,
    measuredMs: 3_000,
    script: (world) => {
      world.addTransfer({ from: "slave", startMs: 2_000 });
      world.at(4_000, () => world.link(1).cut());
      world.at(5_000, () => world.link(1).mend());
    },
  });
  const { world, transfers: _, ...figures } = run;
  return {
    figures,
    events: world.clock.events,
    links: world.links.map((link) => [{ ...link.up.counters }, { ...link.down.counters }]),
    transfers: world.transfers.map((it) => [it.deliveredBytes, it.sentPkts, it.srttMs]),
    changes: [world.master.linkChanges, world.slave.linkChanges],
  };
}
