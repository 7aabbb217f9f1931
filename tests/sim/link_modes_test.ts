/**
 * What the user says of a link holds: backup, cheapest first, redundant, caps for each direction.
 *
 * ```
 *          1: 20 Mbit/s, 20 ms one way
 *  slave ==                            == master
 *          2:  8 Mbit/s, 60 ms
 * ```
 */

import assert from "node:assert/strict";
import type { LinkSettings } from "../../src/multiplexer/link_settings.ts";
import { RUN_DIRECTIONS, runBonding, senderOf } from "../support/bonding_run.ts";
import { World, type WorldLink } from "../support/world.ts";

const FAST = { rateBps: 20e6, delayMs: 20 };
const SLOW = { rateBps: 8e6, delayMs: 60 };

/** Pings and feedback. */
const IDLE_BPS = 0.1e6;

for (const direction of RUN_DIRECTIONS) {
  const from = senderOf(direction);

  Deno.test(`a backup link, ${direction}, is used while no other is up, and only then`, () => {
    const world = new World({ seed: 1, links: [set(SLOW), set(FAST, { mode: "backup" })] });
    const { counters } = world.link(2)[direction];
    const bpsOf = (ms: number): number => {
      const before = counters.deliveredBytes;
      world.runUntil(world.clock.now + ms);
      return (counters.deliveredBytes - before) * 8000 / ms;
    };
    const transfer = world.addTransfer({ from, startMs: 1_000 });
    const beforeBps = bpsOf(6_000);
    assert.ok(beforeBps < IDLE_BPS, `${beforeBps} bit/s over it before`);
    world.link(1).cut();
    bpsOf(2_000);
    const duringBps = transfer.goodputBps(7_000, 8_000);
    assert.ok(duringBps > 0.85 * 20e6 || bpsOf(2_000) > 0.85 * 20e6, `${duringBps} bit/s`);
    world.link(1).mend();
    bpsOf(1_500);
    const afterBps = bpsOf(3_000);
    assert.ok(afterBps < IDLE_BPS, `${afterBps} bit/s over it after`);
  });

  Deno.test(`cheapest first, ${direction}: a metered link carries only what the other one can't`, () => {
    const settings = { mode: "cheapest", isMetered: true } as const;
    // The metered link is the faster one: it is not chosen for its speed.
    const world = new World({ seed: 2, links: [set(SLOW), set(FAST, settings)] });
    world.addFlow({ from, rateBps: 4e6, startMs: 1_000, stopMs: 6_000 });
    const { counters } = world.link(2)[direction];
    world.runUntil(2_000);
    const startBytes = counters.deliveredBytes;
    world.runUntil(6_000);
    const spareBps = (counters.deliveredBytes - startBytes) * 8 / 4;
    assert.ok(spareBps < IDLE_BPS, `${spareBps} bit/s while the cheap link suffices`);
    const transfer = world.addTransfer({ from, startMs: 6_000 });
    world.runUntil(14_000);
    const goodputBps = transfer.goodputBps(10_000, 14_000);
    // The cheap link's delay rules TCP's round trip: it takes a while to fill both.
    assert.ok(goodputBps > 2 * 8e6, `${goodputBps / 1e6} Mbit/s when it does not`);
  });

  Deno.test(`redundant links, ${direction}: each packet goes twice, and a loss of 10 % is hardly seen`, () => {
    const settings = { mode: "redundant" } as const;
    const lossy = { lossFraction: 0.1 };
    const links = [set({ ...FAST, ...lossy }, settings), set({ ...SLOW, ...lossy }, settings)];
    const world = new World({ seed: 3, links });
    const flow = world.addFlow({ from, rateBps: 4e6, startMs: 1_000, stopMs: 11_000 });
    world.runUntil(12_000);
    const lost = flow.missingPkts / flow.sentPkts;
    assert.ok(lost < 0.001, `${lost * 100} % lost`);
    assert.equal(flow.sink.duplicatePkts, 0, "the second copies stay inside");
    for (const link of world.links) {
      const { sentPkts } = link[direction].counters;
      assert.ok(sentPkts > 0.95 * flow.sentPkts, `${sentPkts} of ${flow.sentPkts} over ${link.id}`);
    }
  });

  Deno.test(`a cap, ${direction}, is kept within 5 %, and used`, () => {
    const cap = direction === "up" ? { capUpBps: 5e6 } : { capDownBps: 5e6 };
    for (const others of [[], [set(SLOW)]]) {
      const { bytes, seconds } = runCapped([set(FAST, cap), ...others], direction);
      const bps = bytes * 8 / seconds;
      assert.ok(bps <= 1.05 * 5e6, `${bps / 1e6} Mbit/s`);
      assert.ok(bps >= 0.9 * 5e6, `${bps / 1e6} Mbit/s`);
    }
  });

  Deno.test(`a cap on the other direction, ${direction}, changes nothing`, () => {
    const cap = direction === "up" ? { capDownBps: 2e6 } : { capUpBps: 2e6 };
    const { goodputBps } = runBonding({ links: [set(FAST, cap)], direction });
    assert.ok(goodputBps >= 0.85 * 20e6, `${goodputBps / 1e6} Mbit/s`);
  });
}

/** What the first link carries under a backlog. */
function runCapped(
  links: readonly WorldLink[],
  direction: "up" | "down",
): { bytes: number; seconds: number } {
  let bytes = 0;
  runBonding({
    links,
    direction,
    measuredMs: 5_000,
    script: (world) => {
      const { counters } = world.link(1)[direction];
      world.at(6_000, () => bytes -= counters.deliveredBytes);
      world.at(11_000, () => bytes += counters.deliveredBytes);
    },
  });
  return { bytes, seconds: 5 };
}

function set(link: WorldLink, settings: Partial<LinkSettings> = {}): WorldLink {
  return { ...link, settings };
}
