/**
 * Either end may be restarted under the other one, at any time: it knows nothing of what was before and counts from 0
 * again, and the other end notices. (How long a handshake takes to notice is in handshake_restart_test.ts; here a ping
 * stands for it.)
 */

import assert from "node:assert/strict";
import { MEASURED_FROM_MS, RUN_DIRECTIONS, runBonding, senderOf } from "../support/bonding_run.ts";
import { World } from "../support/world.ts";

const LINKS = [{ rateBps: 20e6, delayMs: 20 }, { rateBps: 8e6, delayMs: 60 }];
const STOP_MS = MEASURED_FROM_MS;
const AWAY_MS = 500;

for (const role of ["master", "slave"] as const) {
  Deno.test(`a restarted ${role}: streams both ways go on within a second of its return`, () => {
    const world = new World({ seed: 1, links: LINKS });
    const flows = RUN_DIRECTIONS.map((direction) =>
      world.addFlow({ from: senderOf(direction), rateBps: 4e6, startMs: 1_000 })
    );
    restart(world, role);
    world.runUntil(STOP_MS + AWAY_MS + 4_000);
    for (const flow of flows) {
      assert.ok(flow.sink.longestStallMs < AWAY_MS + 1_100, `${flow.sink.longestStallMs} ms`);
      const goodputBps = flow.sink.goodputBps(STOP_MS + AWAY_MS + 1_500, STOP_MS + AWAY_MS + 3_900);
      assert.ok(goodputBps > 0.97 * 4e6, `${goodputBps / 1e6} Mbit/s`);
    }
  });

  for (const direction of RUN_DIRECTIONS) {
    Deno.test(`a restarted ${role}: a TCP flow ${direction} is whole again within 3 s`, () => {
      const { transfers } = runBonding({
        links: LINKS,
        direction,
        measuredMs: 8_000,
        script: (world) => restart(world, role),
      });
      const againMs = STOP_MS + AWAY_MS + 3_000;
      const goodputBps = transfers[0]!.goodputBps(againMs, MEASURED_FROM_MS + 8_000);
      assert.ok(goodputBps > 0.7 * 28e6, `${goodputBps / 1e6} Mbit/s`);
    });
  }
}

Deno.test("both ends restarted at once find each other", () => {
  const world = new World({ seed: 2, links: LINKS });
  const flow = world.addFlow({ from: "master", rateBps: 4e6, startMs: 1_000 });
  restart(world, "master");
  restart(world, "slave");
  world.runUntil(STOP_MS + AWAY_MS + 3_000);
  assert.ok(flow.sink.longestStallMs < AWAY_MS + 300, `${flow.sink.longestStallMs} ms`);
});

function restart(world: World, role: "master" | "slave"): void {
  world.at(STOP_MS, () => world[role].stop());
  world.at(STOP_MS + AWAY_MS, () => world[role].start());
}
