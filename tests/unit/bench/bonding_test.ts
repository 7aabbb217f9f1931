/**
 * The bonding benchmark's reckoning: its cases make sense, capacity is integrated, floors are judged.
 *
 * @module
 */

import assert from "node:assert/strict";
import { type BondingCase, Traffic } from "../../bench/bonding/bonding_case.ts";
import { judge, medianFigures } from "../../bench/bonding/case_result.ts";
import { CASES } from "../../bench/bonding/cases.ts";
import { drawFailover } from "../../bench/bonding/failover_plot.ts";
import { capacityBps, scheduleOf } from "../../bench/bonding/link_schedule.ts";
import type { Route } from "../../bench/bonding/rig.ts";
import { linkProfile } from "../../support/link_profile.ts";

const TIME = { warmUpMs: 5_000, measuredMs: 20_000 };
const BONDED = { subject: "bonded", direction: "up", relayLinks: [0, 1] } as unknown as Route;
const ALONE = { subject: "alone", direction: "up", relayLinks: [2] } as unknown as Route;
const PING = { p50Ms: 40, p99Ms: 45, sent: 50, lost: 0 };

function caseNamed(name: string): BondingCase {
  const found = CASES.find((it) => it.name === name);
  assert(found !== undefined);
  return found;
}

Deno.test("every case has a name of its own, links that can be emulated, and steps of links it has", () => {
  assert.equal(new Set(CASES.map(({ name }) => name)).size, CASES.length);
  for (const { links, best = 0, steps = [], traffic, udp } of CASES) {
    for (const { up, down } of links) [up, down].forEach((it) => linkProfile(it));
    assert(links.length === 0 || links[best] !== undefined);
    for (const { link } of steps) assert(links[link] !== undefined);
    assert.equal(udp !== undefined, traffic === Traffic.UDP || traffic === Traffic.UDP_BESIDE_TCP);
  }
});

Deno.test("capacityBps integrates rates that change and cuts over the measured time", () => {
  // 10, 20, 10, 20 Mbit/s for 5 s each, and 8 beside it.
  assert.equal(capacityBps(caseNamed("halving"), BONDED, "up", TIME), 23e6);
  assert.equal(capacityBps(caseNamed("halving"), ALONE, "up", TIME), 15e6);
  const cut = capacityBps(caseNamed("cut-tcp"), BONDED, "up", { ...TIME, measuredMs: 10_000 });
  assert.equal(cut, 22e6);
  assert(Number.isNaN(capacityBps(caseNamed("plain"), BONDED, "up", TIME)));
});

Deno.test("scheduleOf times steps from the warm-up's end, on the twin of the link for the one alone", () => {
  const steps = scheduleOf(caseNamed("halving"), ALONE, TIME);
  assert.deepEqual(steps[0], {
    atMs: 5_000,
    link: 2,
    up: { rateBps: 10e6 },
    down: { rateBps: 10e6 },
  });
});

Deno.test("judge holds a case to its own floors and to the best link alone", () => {
  const verdicts = judge(caseNamed("reference"), {
    bonded: { goodputMbps: 27, retransmitted: 0.0005, ping: { ...PING, p50Ms: 95, p99Ms: 120 } },
    alone: { goodputMbps: 18 },
    idlePing: { ...PING, p50Ms: 100 },
    idleAlonePing: PING,
  });
  const missed = verdicts.filter(({ isReached }) => !isReached).map(({ what }) => what);
  assert.deepEqual(missed, ["ping p50 over idle, ms"]);
  assert.equal(verdicts.length, 5);
});

Deno.test("judge misses a floor whose figure is not there", () => {
  const [verdict] = judge(caseNamed("cut-udp"), {
    bonded: {},
    idlePing: PING,
    idleAlonePing: PING,
  });
  assert.equal(verdict?.isReached, false);
  assert.equal(verdict?.value, null);
});

Deno.test("medianFigures takes the median of each figure, inner ones too", () => {
  const rounds = [1, 9, 2].map((value) => ({
    goodputMbps: value,
    linkMbps: [value, 0],
    ping: { ...PING, p50Ms: value },
  }));
  assert.deepEqual(medianFigures(rounds), {
    goodputMbps: 2,
    linkMbps: [2, 0],
    ping: { ...PING, p50Ms: 2 },
  });
});

Deno.test("drawFailover draws each link, their sum and the payload", () => {
  const svg = drawFailover({
    direction: "down",
    binMs: 100,
    linkMbps: [[1, 2], [3, 4]],
    goodputMbps: [4, 5],
    cutMs: 100,
    backMs: 150,
    names: ["a", "b"],
  });
  assert.equal(svg.match(/<polyline/g)?.length, 4);
  assert(svg.startsWith("<svg") && svg.endsWith("</svg>\n"));
});
