/**
 * Links of different MTU: packets go where they fit, however the links came by their sizes.
 */

import assert from "node:assert/strict";
import { DATAGRAM_OVERHEAD_BYTES } from "../../src/multiplexer/path_mtu.ts";
import type { SimLink } from "../support/sim_link.ts";
import { World } from "../support/world.ts";

/** IPv4 and UDP headers, transport header and tag, data header. */
const OVERHEAD_BYTES = 28 + DATAGRAM_OVERHEAD_BYTES;

/** By then the searches are over. */
const SEARCHED_MS = 10_000;

const NEAR = { rateBps: 20e6, delayMs: 20 };
const FAR = { rateBps: 10e6, delayMs: 30 };

Deno.test("a link of 1300 bytes beside one of 1500: nothing that is large is lost for its size after the search", () => {
  const world = new World({
    seed: 1,
    links: [{ ...NEAR, mtuBytes: 1_300 }, { ...FAR, mtuBytes: 1_500 }],
  });
  const flow = world.addFlow({ from: "slave", packetBytes: 1_340, rateBps: 6e6, startMs: 500 });
  const small = world.addFlow({ from: "slave", packetBytes: 1_000, rateBps: 8e6, startMs: 500 });
  world.runUntil(SEARCHED_MS);
  for (const side of [world.slave, world.master]) {
    assertFound(side.link(1).maxPacketBytes, 1_300);
    assertFound(side.link(2).maxPacketBytes, 1_500);
  }
  const before = tooLargeData(world.link(1));
  const missing = flow.missingPkts + small.missingPkts;
  world.runUntil(SEARCHED_MS + 10_000);
  assert.equal(tooLargeData(world.link(1)), before);
  const lost = flow.missingPkts + small.missingPkts - missing;
  assert(lost < 50, `${lost} packets missing`);
  assert(world.link(1).up.counters.deliveredPkts > 5_000, "the smaller link carries what fits");
});

for (const from of ["slave", "master"] as const) {
  Deno.test(`TCP that is fitted to the smaller of two links goes over both, from the ${from}`, () => {
    const world = new World({
      seed: 1,
      links: [{ ...NEAR, mtuBytes: 1_300 }, { ...FAR, mtuBytes: 1_500 }],
    });
    world.runUntil(SEARCHED_MS);
    const mtuBytes = world[from].multiplexer.usefulMtuBytes;
    assertFound(mtuBytes, 1_300);
    const transfer = world.addTransfer({ from, startMs: SEARCHED_MS, mtuBytes });
    world.runUntil(SEARCHED_MS + 12_000);
    const goodputBps = transfer.goodputBps(SEARCHED_MS + 4_000, SEARCHED_MS + 12_000);
    assert(goodputBps > 24e6, `${goodputBps / 1e6} Mbit/s`);
  });
}

Deno.test("TCP that was not fitted goes over the link that carries it, at that link's rate", () => {
  const world = new World({
    seed: 1,
    links: [{ ...NEAR, mtuBytes: 1_300 }, { ...FAR, mtuBytes: 1_500 }],
  });
  const transfer = world.addTransfer({ from: "slave", startMs: SEARCHED_MS, mtuBytes: 1_340 });
  world.runUntil(SEARCHED_MS + 12_000);
  const goodputBps = transfer.goodputBps(SEARCHED_MS + 4_000, SEARCHED_MS + 12_000);
  assert(goodputBps > 8e6, `${goodputBps / 1e6} Mbit/s`);
  assert.equal(transfer.rtoCount, 0);
});

Deno.test("a link whose MTU falls carries what fits within seconds, and all again when it rises", () => {
  const world = new World({ seed: 1, links: [{ ...NEAR, mtuBytes: 1_500 }] });
  const flow = { from: "slave", rateBps: 4e6, startMs: 500, stopMs: SEARCHED_MS + 10_000 } as const;
  world.addFlow({ ...flow, packetBytes: 1_340 });
  const fitting = world.addFlow({ ...flow, packetBytes: 1_200 });
  world.runUntil(SEARCHED_MS);
  setMtu(world.link(1), 1_300);
  world.runUntil(SEARCHED_MS + 8_000);
  assertFound(world.slave.link(1).maxPacketBytes, 1_300);
  const receivedPkts = fitting.sink.receivedPkts;
  world.runUntil(SEARCHED_MS + 10_000);
  assert(fitting.sink.receivedPkts - receivedPkts > 780, "of 833");
  setMtu(world.link(1), 1_500);
  world.runUntil(SEARCHED_MS + 10_000 + 700_000);
  assertFound(world.slave.link(1).maxPacketBytes, 1_500);
});

Deno.test("of two links one of whose MTU falls the other one takes the large packets over", () => {
  const world = new World({
    seed: 1,
    links: [{ ...NEAR, mtuBytes: 1_500 }, { ...FAR, mtuBytes: 1_500 }],
  });
  const flow = world.addFlow({ from: "slave", packetBytes: 1_340, rateBps: 6e6, startMs: 500 });
  world.runUntil(SEARCHED_MS);
  setMtu(world.link(1), 1_300);
  world.runUntil(SEARCHED_MS + 4_000);
  const before = tooLargeData(world.link(1));
  const missing = flow.missingPkts;
  world.runUntil(SEARCHED_MS + 14_000);
  assert.equal(tooLargeData(world.link(1)), before);
  assert(flow.missingPkts - missing < 20, `${flow.missingPkts - missing} packets missing`);
});

Deno.test("a link that was down is looked at anew: it may be back by a smaller way", () => {
  const world = new World({ seed: 1, links: [{ ...NEAR, mtuBytes: 1_500 }] });
  world.runUntil(SEARCHED_MS);
  assertFound(world.slave.link(1).maxPacketBytes, 1_500);
  world.link(1).cut();
  world.runUntil(SEARCHED_MS + 20_000);
  setMtu(world.link(1), 1_300);
  world.link(1).mend();
  world.runUntil(SEARCHED_MS + 26_000);
  for (const side of [world.slave, world.master]) {
    assertFound(side.link(1).maxPacketBytes, 1_300);
  }
});

/** The search ends within 8 bytes below. */
function assertFound(packetBytes: number, mtuBytes: number): void {
  const truthBytes = mtuBytes - OVERHEAD_BYTES;
  assert(
    packetBytes <= truthBytes && packetBytes > truthBytes - 8,
    `${packetBytes} of ${truthBytes}`,
  );
}

function tooLargeData(link: SimLink): number {
  return link.up.tooLargeDataPkts + link.down.tooLargeDataPkts;
}

function setMtu(link: SimLink, mtuBytes: number): void {
  link.up.mtuBytes = mtuBytes;
  link.down.mtuBytes = mtuBytes;
}

Deno.test("a search while nothing goes through the tunnel does not let the other end expect more pings than come", () => {
  const world = new World({ seed: 2, links: [{ rateBps: 20e6, delayMs: 20, mtuBytes: 1_500 }] });
  const ends = [world.slave.multiplexer, world.master.multiplexer];
  world.runUntil(1_000);
  for (let ms = 1_000; ms < 120_000; ms += 100) {
    world.runUntil(ms);
    for (const end of ends) assert.ok(end.getLink(1)?.isAlive, `after ${ms} ms`);
  }
});
