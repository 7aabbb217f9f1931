/**
 * The weighted scheduler's shares settle at the links' capacities, in each direction on its own,
 * because they follow what the peer says it received.
 */

import assert from "node:assert/strict";
import { assertNear } from "../support/assert_near.ts";
import type { LegacySide } from "../support/legacy_side.ts";
import { LegacyWorld } from "../support/legacy_world.ts";

/** Three links of the reference case, as fast up as down. */
const REFERENCE = [
  { rateBps: 20e6, delayMs: 20 },
  { rateBps: 8e6, delayMs: 60 },
  { rateBps: 3e6, delayMs: 100 },
];

/** Part of a 1400-byte packet's time on the link: 28 bytes of IP and UDP and 4 of ours are on top. */
const EFFICIENCY = 1400 / 1432;

function assertShares(side: LegacySide, expected: readonly number[]): void {
  expected.forEach((share, i) => {
    assertNear(side.link(i + 1)?.share ?? NaN, share, 0.02, `share of link ${i + 1}`);
  });
}

Deno.test("shares of a backlogged tunnel settle at the capacities, and the sum is used", () => {
  const world = new LegacyWorld({ seed: 1, links: REFERENCE });
  const download = world.addFlow({ from: "master", rateBps: 35e6, startMs: 500 });
  world.runUntil(15_000);
  assertShares(world.master, [20 / 31, 8 / 31, 3 / 31]);
  const goodputBps = download.sink.goodputBps(7_000, 15_000);
  assertNear(goodputBps, 31e6 * EFFICIENCY, 0.3e6, "goodput");
});

Deno.test("shares follow each direction's own capacities", () => {
  const links = [
    { up: { rateBps: 2e6, delayMs: 20 }, down: { rateBps: 20e6, delayMs: 20 } },
    { up: { rateBps: 8e6, delayMs: 60 }, down: { rateBps: 3e6, delayMs: 60 } },
    { up: { rateBps: 4e6, delayMs: 60 }, down: { rateBps: 8e6, delayMs: 60 } },
  ];
  const world = new LegacyWorld({ seed: 2, links });
  world.addFlow({ from: "master", rateBps: 35e6, startMs: 500 });
  world.addFlow({ from: "slave", rateBps: 16e6, startMs: 500 });
  world.runUntil(15_000);
  assertShares(world.master, [20 / 31, 3 / 31, 8 / 31]);
  assertShares(world.slave, [2 / 14, 8 / 14, 4 / 14]);
});

Deno.test("shares follow a capacity that halves, within the tallier's window", () => {
  const world = new LegacyWorld({ seed: 3, links: REFERENCE });
  const download = world.addFlow({ from: "master", rateBps: 35e6, startMs: 500 });
  world.at(10_000, () => world.link(1).configure({ rateBps: 10e6 }));
  world.runUntil(20_000);
  assertShares(world.master, [10 / 21, 8 / 21, 3 / 21]);
  assertNear(download.sink.goodputBps(16_000, 20_000), 21e6 * EFFICIENCY, 0.3e6, "goodput");
});

Deno.test("shares follow a capacity that grows, while the backlog shows it", () => {
  const world = new LegacyWorld({ seed: 4, links: REFERENCE });
  const download = world.addFlow({ from: "master", rateBps: 60e6, startMs: 500 });
  world.at(8_000, () => world.link(3).configure({ rateBps: 20e6 }));
  world.runUntil(30_000);
  assertNear(download.sink.goodputBps(25_000, 30_000), 48e6 * EFFICIENCY, 1e6, "goodput");
  const share = world.master.link(3)?.share ?? 0;
  assert.ok(share > 0.35, `share of the link that grew from 3 to 20 Mbit/s: ${share}`);
});

Deno.test("below the capacity nothing is lost and the delay is that of the links", () => {
  const world = new LegacyWorld({ seed: 5, links: REFERENCE });
  const download = world.addFlow({ from: "master", rateBps: 4e6, startMs: 500, stopMs: 9_000 });
  world.runUntil(10_000);
  assert.equal(download.refusedPkts, 0);
  assert.equal(download.missingPkts, 0);
  assertNear(download.sink.delayMs(0), 20.6, 0.1, "least delay: 20 ms and 1432 bytes at 20 Mbit/s");
  assert.ok(download.sink.delayMs(0.99) < 130, `p99 ${download.sink.delayMs(0.99)} ms`);
});

Deno.test("one link alone is used whole, in order", () => {
  const world = new LegacyWorld({ seed: 6, links: [{ rateBps: 10e6, delayMs: 30, jitterMs: 10 }] });
  const upload = world.addFlow({ from: "slave", rateBps: 12e6, startMs: 500 });
  world.runUntil(5_000);
  assertNear(upload.sink.goodputBps(1_000, 5_000), 10e6 * EFFICIENCY, 0.1e6, "goodput");
  assert.equal(upload.sink.reorderedPkts, 0);
});
