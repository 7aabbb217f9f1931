/**
 * A link that nothing is heard over for 3 s carries no data; it is probed, and comes back by itself.
 */

import assert from "node:assert/strict";
import { assertNear } from "../support/assert_near.ts";
import { LegacyWorld } from "../support/legacy_world.ts";

const LINKS = [{ rateBps: 20e6, delayMs: 20 }, { rateBps: 8e6, delayMs: 60 }];
const CUT_MS = 5_000;

/** Nothing heard for 3 s, counted from the last thing heard: data or a control packet up to 1 s old. */
const NOTICED_MS = CUT_MS + 3_000 + 100;

Deno.test("a cut link is left out by both ends once it was silent for 3 s", () => {
  const world = new LegacyWorld({ seed: 1, links: LINKS });
  world.at(CUT_MS, () => world.link(1).cut());
  world.runUntil(NOTICED_MS);
  for (const side of [world.master, world.slave]) {
    const change = side.linkChanges.at(-1);
    assert.deepEqual([change?.linkId, change?.isAlive], [1, false]);
    const silentMs = (change?.atMs ?? 0) - CUT_MS;
    assert.ok(silentMs >= 2_000 && silentMs <= 3_100, `noticed after ${silentMs} ms`);
    assert.equal(side.link(1)?.share, 0);
    assert.equal(side.link(2)?.share, 1);
  }
});

Deno.test("what is sent after a cut link is left out arrives whole over the others", () => {
  const world = new LegacyWorld({ seed: 2, links: LINKS });
  world.at(CUT_MS, () => world.link(1).cut());
  const download = world.addFlow({ from: "master", rateBps: 6e6, startMs: NOTICED_MS });
  const upload = world.addFlow({ from: "slave", rateBps: 6e6, startMs: NOTICED_MS });
  world.runUntil(NOTICED_MS + 5_000);
  for (const flow of [download, upload]) {
    assert.equal(flow.refusedPkts, 0);
    // What is still under way: 60 ms of delay.
    assert.ok(flow.missingPkts < 50, `${flow.missingPkts} missing`);
    assert.ok(flow.sink.longestStallMs < 100, `stall of ${flow.sink.longestStallMs} ms`);
  }
});

Deno.test("a mended link is used again after one probe", () => {
  const world = new LegacyWorld({ seed: 3, links: LINKS });
  world.at(CUT_MS, () => world.link(1).cut());
  world.at(10_000, () => world.link(1).mend());
  world.runUntil(11_200); // a probe a second, and its way
  for (const side of [world.master, world.slave]) {
    assert.equal(side.link(1)?.isAlive, true);
    assert.ok((side.link(1)?.share ?? 0) > 0);
  }
});

Deno.test("a mended link wins its capacity back under a backlog", () => {
  const world = new LegacyWorld({ seed: 4, links: LINKS });
  const download = world.addFlow({ from: "master", rateBps: 35e6, startMs: 500 });
  world.at(CUT_MS, () => world.link(1).cut());
  world.at(10_000, () => world.link(1).mend());
  world.runUntil(40_000);
  assertNear(download.sink.goodputBps(35_000, 40_000) / 1e6, 28 * 1400 / 1432, 0.5, "Mbit/s");
});

Deno.test("a link that is deaf in one direction is left out by the end that hears nothing", () => {
  const world = new LegacyWorld({ seed: 5, links: LINKS });
  const upload = world.addFlow({ from: "slave", rateBps: 6e6, startMs: 500 });
  world.at(CUT_MS, () => world.link(1).up.setUp(false));
  world.runUntil(20_000);
  assert.equal(world.master.link(1)?.isAlive, false, "the master hears nothing over it");
  // The slave hears the master's probes, but also that nothing arrives: a floor's share at most.
  const share = world.slave.link(1)?.share ?? NaN;
  assert.ok(share < 0.05, `share ${share}`);
  assertNear(upload.sink.goodputBps(15_000, 20_000) / 1e6, 6, 0.35, "Mbit/s");
});

Deno.test("a link whose uplink alone dies is soon left out by both ends", () => {
  const world = new LegacyWorld({ seed: 15, links: LINKS });
  const upload = world.addFlow({ from: "slave", rateBps: 0.3e6, startMs: 500 });
  const download = world.addFlow({ from: "master", rateBps: 0.3e6, startMs: 500 });
  world.at(CUT_MS, () => world.link(1).up.setUp(false));
  world.runUntil(60_000);
  // The master hears nothing for 3 s and then falls silent itself; the slave needs 3 s more.
  for (const side of [world.master, world.slave]) assert.equal(side.link(1)?.isAlive, false);
  assert.ok(upload.sink.goodputBps(13_000, 60_000) > 0.29e6, "nothing is lost after that");
  assert.ok(download.sink.goodputBps(13_000, 60_000) > 0.29e6);
  world.link(1).up.setUp(true);
  world.runUntil(62_000);
  for (const side of [world.master, world.slave]) assert.equal(side.link(1)?.isAlive, true);
});

Deno.test("a link whose downlink alone dies is used no more by the master that still hears it", () => {
  const world = new LegacyWorld({ seed: 16, links: LINKS });
  const download = world.addFlow({ from: "master", rateBps: 0.3e6, startMs: 500 });
  world.at(CUT_MS, () => world.link(1).down.setUp(false));
  world.runUntil(60_000);
  assert.equal(world.master.link(1)?.isAlive, true, "the slave's probes are heard");
  assert.ok((world.master.link(1)?.share ?? 1) < 0.01);
  const lostFraction = 1 - download.sink.goodputBps(15_000, 60_000) / 0.3e6;
  assert.ok(lostFraction < 0.02, `${lostFraction} lost`);
  world.link(1).down.setUp(true);
  world.runUntil(120_000);
  assert.ok((world.master.link(1)?.share ?? 0) > 0.2, "it is found to hear again");
});

Deno.test("with all links cut packets are refused, and flow again when one is mended", () => {
  const world = new LegacyWorld({ seed: 6, links: LINKS });
  const download = world.addFlow({ from: "master", rateBps: 2e6, startMs: 500 });
  world.at(CUT_MS, () => world.links.forEach((link) => link.cut()));
  world.runUntil(NOTICED_MS);
  const refusedPkts = download.refusedPkts;
  world.runUntil(NOTICED_MS + 1_000);
  assertNear(download.refusedPkts - refusedPkts, 2e6 / 8 / 1400, 2, "packets refused in a second");
  world.link(2).mend();
  world.runUntil(NOTICED_MS + 4_000);
  const goodputBps = download.sink.goodputBps(NOTICED_MS + 2_500 - 100, NOTICED_MS + 3_900);
  assertNear(goodputBps / 1e6, 2, 0.05, "Mbit/s");
});

Deno.test("a link that is slow to answer is not taken for a silent one", () => {
  const world = new LegacyWorld({ seed: 7, links: [{ rateBps: 2e6, delayMs: 900 }, LINKS[1]!] });
  world.addFlow({ from: "master", rateBps: 1e6, startMs: 3_000 });
  world.runUntil(20_000);
  for (const side of [world.master, world.slave]) {
    assert.ok(side.linkChanges.every((change) => change.isAlive));
  }
});

Deno.test("a link that loses a third of its packets is not taken for a silent one", () => {
  const links = [{ rateBps: 10e6, delayMs: 30, lossFraction: 0.33 }, LINKS[1]!];
  const world = new LegacyWorld({ seed: 8, links });
  const download = world.addFlow({ from: "master", rateBps: 4e6, startMs: 500 });
  const upload = world.addFlow({ from: "slave", rateBps: 4e6, startMs: 500 });
  world.runUntil(20_000);
  for (const side of [world.master, world.slave]) {
    assert.ok(side.linkChanges.every((change) => change.isAlive));
  }
  // Only that link loses: its share of the packets times a third.
  const lostPkts = world.link(1).down.counters.randomLossPkts +
    world.link(1).up.counters.randomLossPkts;
  const missingPkts = download.missingPkts + upload.missingPkts;
  assert.ok(lostPkts > 500, `${lostPkts} lost`);
  assertNear(missingPkts, lostPkts, 100, "missing, those under way and control packets apart");
});
