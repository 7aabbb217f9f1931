/**
 * Either end may be restarted under the other one, at any time, and counts from 0 again.
 */

import assert from "node:assert/strict";
import { DropReason } from "../../src/wire/drop_reason.ts";
import { assertNear } from "../support/assert_near.ts";
import { LegacyWorld } from "../support/legacy_world.ts";

const LINKS = [{ rateBps: 20e6, delayMs: 20 }, { rateBps: 8e6, delayMs: 60 }];

Deno.test("a restarted master learns the links and traffic flows again within a second or so", () => {
  const world = new LegacyWorld({ seed: 1, links: LINKS });
  const download = world.addFlow({ from: "master", rateBps: 5e6, startMs: 500 });
  const upload = world.addFlow({ from: "slave", rateBps: 5e6, startMs: 500 });
  world.at(10_000, () => world.master.stop());
  world.at(11_000, () => world.master.start());
  world.runUntil(16_000);
  assert.ok(download.sink.longestStallMs < 1_000 + 1_100, `${download.sink.longestStallMs} ms`);
  assert.ok(upload.sink.longestStallMs < 1_000 + 100, `${upload.sink.longestStallMs} ms`);
  for (const flow of [download, upload]) {
    assertNear(flow.sink.goodputBps(13_000, 16_000) / 1e6, 5, 0.1, "Mbit/s");
  }
});

Deno.test("a restarted slave is answered within a round trip", () => {
  const world = new LegacyWorld({ seed: 2, links: LINKS });
  const upload = world.addFlow({ from: "slave", rateBps: 5e6, startMs: 500 });
  world.at(10_000, () => world.slave.stop());
  world.at(10_500, () => world.slave.start());
  world.runUntil(15_000);
  assert.ok(upload.sink.longestStallMs < 500 + 150, `${upload.sink.longestStallMs} ms`);
  assertNear(upload.sink.goodputBps(12_000, 15_000) / 1e6, 5, 0.1, "Mbit/s");
});

Deno.test("control packets of a restarted peer that counts from 0 are believed after 3 s", () => {
  const world = new LegacyWorld({ seed: 3, links: LINKS });
  world.addFlow({ from: "slave", rateBps: 40e6, startMs: 500 });
  world.runUntil(20_000);
  world.master.stop();
  world.master.start();
  // The rates change with the restart, so shares that follow them are proof of fresh reports.
  world.link(1).configure({ rateBps: 4e6 });
  world.runUntil(32_000);
  assertNear(world.slave.link(1)?.share ?? NaN, 4 / 12, 0.03, "share of link 1");
});

Deno.test("control packets of a restarted peer that counts on are believed at once", () => {
  const countsOnPkts = stalePktsAfterRestart(1_000_000);
  const fromZeroPkts = stalePktsAfterRestart(0);
  // Each number comes over both links, and the second copy is stale: 5 of them. And the restarted
  // end greets each link once when it hears it, with one number: 1 more.
  assertNear(countsOnPkts, 6, 1, "stale control packets in 5 s");
  assertNear(fromZeroPkts - countsOnPkts, 3, 1, "more of them, in the 3 s of disbelief");
});

Deno.test("both ends restarted at once find each other", () => {
  const world = new LegacyWorld({ seed: 5, links: LINKS });
  const download = world.addFlow({ from: "master", rateBps: 5e6, startMs: 500 });
  world.runUntil(10_000);
  for (const side of [world.master, world.slave]) {
    side.stop();
    side.start();
  }
  world.runUntil(13_000);
  assert.ok(download.sink.longestStallMs < 300, `${download.sink.longestStallMs} ms`);
  assertNear(download.sink.goodputBps(11_000, 13_000) / 1e6, 5, 0.1, "Mbit/s");
});

/** Control packets that the slave ignores in the 5 s after the master's restart. */
function stalePktsAfterRestart(firstSeqNo: number): number {
  const world = new LegacyWorld({ seed: 4, links: LINKS });
  world.runUntil(10_500);
  const before = world.slave.drops.get(DropReason.STALE_CONTROL) ?? 0;
  world.master.stop();
  world.master.start(firstSeqNo);
  world.runUntil(15_500);
  return (world.slave.drops.get(DropReason.STALE_CONTROL) ?? 0) - before;
}
