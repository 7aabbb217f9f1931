/**
 * What a metered link costs while it carries nothing: pings, feedback, the search for its MTU, both ways together, with IP
 * and UDP headers.
 *
 * ```
 *          1: 20 Mbit/s, 20 ms one way, costs nothing
 *  slave ==                                            == master
 *          2: 20 Mbit/s, 30 ms, metered
 * ```
 */

import assert from "node:assert/strict";
import type { LinkSettings } from "../../src/multiplexer/link_settings.ts";
import { printFigures } from "../support/figures.ts";
import { World } from "../support/world.ts";

const FREE = { rateBps: 20e6, delayMs: 20, mtuBytes: 1_500 };
const METERED = { rateBps: 20e6, delayMs: 30, mtuBytes: 1_500 };

const CHEAPEST = { mode: "cheapest", isMetered: true } as const;
const SPENT = { mode: "speed", isMetered: true, isSpent: true } as const;

/** What goes through the tunnel meanwhile: nothing; a word every ten seconds; a call and more. */
const TRAFFIC = { none: 0, "a packet in 10 s": 80, "2 Mbit/s": 2e6 } as const;

for (const [what, settings] of Object.entries({ cheapest: CHEAPEST, spent: SPENT })) {
  for (const [traffic, rateBps] of Object.entries(TRAFFIC)) {
    Deno.test(`a metered link (${what}) that carries nothing costs little an hour, with ${traffic} in the tunnel`, () => {
      const { bytesPerHour } = costOf(settings, rateBps);
      printFigures("a metered link that carries nothing", {
        settings: what,
        "in the tunnel": traffic,
        "kB an hour": (bytesPerHour / 1e3).toFixed(0),
      });
      assert.ok(bytesPerHour < 50e3, `${bytesPerHour} bytes an hour`);
    });
  }
}

function costOf(
  settings: Partial<LinkSettings>,
  rateBps: number,
): { readonly bytesPerHour: number } {
  const world = new World({ seed: 1, links: [FREE, { ...METERED, settings }] });
  const stopMs = rateBps > 1e3 ? 200_000 : 3_700_000;
  if (rateBps > 0) {
    const packetBytes = rateBps > 1e3 ? 1_000 : 100;
    for (const from of ["slave", "master"] as const) {
      world.addFlow({ from, rateBps, packetBytes, startMs: 1_000, stopMs });
    }
  }
  const { up, down } = world.link(2);
  const bytes = (): number => up.counters.deliveredBytes + down.counters.deliveredBytes;
  const fromMs = 100_000;
  world.runUntil(fromMs);
  const before = bytes();
  world.runUntil(stopMs);
  return { bytesPerHour: (bytes() - before) * 3_600_000 / (stopMs - fromMs) };
}

Deno.test("a metered link that was left alone takes over within a second when the other one dies", () => {
  for (const settings of [CHEAPEST, SPENT]) {
    const world = new World({ seed: 3, links: [FREE, { ...METERED, settings }] });
    const flow = world.addFlow({ from: "master", rateBps: 2e6, startMs: 1_000, stopMs: 70_000 });
    world.runUntil(60_000);
    const ping = world.slave.multiplexer.getLink(2)!;
    assert.ok(ping.askIntervalMs > 10_000, `asked every ${ping.askIntervalMs} ms`);
    world.link(1).cut();
    world.runUntil(72_000);
    const lost = flow.missingPkts / flow.sentPkts;
    const stallMs = flow.sink.longestStallMs;
    printFigures("a metered link takes over", {
      "after ms": stallMs.toFixed(0),
      "lost": `${flow.missingPkts} of ${flow.sentPkts}`,
    });
    assert.ok(lost < 0.005, `${lost * 100} % lost`);
    assert.ok(stallMs < 1_000, `${stallMs} ms without a packet`);
  }
});

Deno.test("cheapest first: the dearer of two metered links carries only what the others can't", () => {
  for (const from of ["slave", "master"] as const) {
    const direction = from === "slave" ? "up" : "down";
    // The dearest is the fastest, and first by its number.
    const dear = { rateBps: 20e6, delayMs: 15, settings: { ...CHEAPEST, pricePerGb: 4.5 } };
    const cheap = { rateBps: 6e6, delayMs: 30, settings: { ...CHEAPEST, pricePerGb: 0.5 } };
    const free = { rateBps: 4e6, delayMs: 20, settings: { mode: "cheapest" } as const };
    const world = new World({ seed: 4, links: [dear, cheap, free] });
    const carriedBps = (ms: number): number[] => {
      const counters = world.links.map((link) => link[direction].counters);
      const before = counters.map((it) => it.deliveredBytes);
      world.runUntil(world.clock.now + ms);
      return counters.map((it, i) => (it.deliveredBytes - before[i]!) * 8_000 / ms);
    };
    const flow = { from, packetBytes: 1_200 };
    world.addFlow({ ...flow, rateBps: 2e6, startMs: 1_000, stopMs: 30_000 });
    carriedBps(6_000);
    const [dearAlone, cheapAlone] = carriedBps(4_000);
    assert.ok(dearAlone! < 0.1e6 && cheapAlone! < 0.1e6, `${dearAlone}, ${cheapAlone} bit/s`);
    world.addFlow({ ...flow, rateBps: 4e6, startMs: 10_000, stopMs: 30_000 });
    carriedBps(5_000);
    const [dearThen, cheapThen] = carriedBps(5_000);
    assert.ok(
      dearThen! < 0.2e6,
      `the dear one carries ${dearThen} bit/s, the cheap one ${cheapThen}`,
    );
    assert.ok(cheapThen! > 1e6, `the cheap one carries ${cheapThen} bit/s`);
    world.addFlow({ ...flow, rateBps: 8e6, startMs: 20_000, stopMs: 30_000 });
    carriedBps(4_000);
    const [dearLast] = carriedBps(4_000);
    assert.ok(dearLast! > 3e6, `the dear one carries ${dearLast} bit/s when it must`);
  }
});

Deno.test("a link whose budget is used up carries only while no other is up, backups included", () => {
  const spent = { rateBps: 20e6, delayMs: 10, settings: SPENT };
  const backup = { rateBps: 10e6, delayMs: 40, settings: { mode: "backup" } as const };
  const world = new World({ seed: 5, links: [spent, backup, FREE] });
  world.addFlow({ from: "master", rateBps: 2e6, startMs: 1_000, stopMs: 30_000 });
  const carriers = (untilMs: number): number[] => {
    const before = world.links.map(({ down }) => down.counters.deliveredBytes);
    world.runUntil(untilMs);
    return world.links.filter(({ down }, i) => down.counters.deliveredBytes - before[i]! > 100_000)
      .map(({ id }) => id);
  };
  carriers(5_000);
  assert.deepEqual(carriers(9_000), [3]);
  world.link(3).cut();
  carriers(12_000);
  assert.deepEqual(carriers(16_000), [2]);
  world.link(2).cut();
  carriers(20_000);
  assert.deepEqual(carriers(24_000), [1]);
});
