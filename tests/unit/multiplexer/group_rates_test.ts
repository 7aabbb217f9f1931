import assert from "node:assert/strict";
import { GroupRates } from "../../../src/multiplexer/group_rates.ts";

/** Sends packets of a group at a steady rate. @returns whether the last one was thin. */
function feed(rates: GroupRates, group: number, rateBps: number, endMs: number): boolean {
  const packetBytes = 1_000;
  let isThin = false;
  for (let now = 0; now < endMs; now += packetBytes * 8_000 / rateBps) {
    isThin = rates.add(group, packetBytes, now);
  }
  return isThin;
}

Deno.test("GroupRates takes a call for thin, however long it lasts", () => {
  assert.equal(feed(new GroupRates(), 7, 100_000, 10_000), true);
});

Deno.test("GroupRates takes a download for thin at its first packets only", () => {
  const rates = new GroupRates();
  assert.equal(rates.add(7, 1_400, 0), true);
  assert.equal(feed(rates, 7, 10_000_000, 1_000), false);
});

Deno.test("GroupRates takes a download that paused for some seconds for thin again", () => {
  const rates = new GroupRates();
  assert.equal(feed(rates, 7, 10_000_000, 1_000), false);
  assert.equal(rates.add(7, 1_400, 4_000), true);
});

Deno.test("GroupRates counts each group by itself, the last and the first too", () => {
  const rates = new GroupRates();
  for (const group of [0, 1, 128, 255]) {
    assert.equal(rates.add(group, 1_400, 0), true, `${group}`);
    assert.equal(feed(rates, group, 10_000_000, 1_000), false, `${group}`);
  }
  assert.equal(rates.add(3, 1_400, 1_000), true);
});
