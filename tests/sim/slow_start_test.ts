import assert from "node:assert/strict";
import { CASES } from "../bench/bonding/cases.ts";
import { RUN_DIRECTIONS, runBonding } from "../support/bonding_run.ts";
import { World } from "../support/world.ts";

/** The transfer begins one second after the links come up. */
const BEGIN_MS = 1_000;
const SEEDS = [1, 2, 3];

/**
 * What a flow has got three seconds after it began. Twice to four times what it was while jitter ended its slow start (1.5, 4.5
 * and 4.5 MB), and some tenths below what it is.
 */
const LEAST_MB = { "poor-pair": 3, "two-lte": 12, "lte-wifi": 9 };

for (const [name, leastMb] of Object.entries(LEAST_MB)) {
  const { links, shows } = CASES.find((each) => each.name === name)!;
  for (const direction of RUN_DIRECTIONS) {
    Deno.test(`A flow gets fast within 3 s, ${direction}, over links whose delay changes: ${shows}`, () => {
      let bytes = 0;
      for (const seed of SEEDS) {
        const { transfers } = runBonding({ links, direction, seed, measuredMs: 200 });
        bytes += transfers[0]!.goodputBps(BEGIN_MS, BEGIN_MS + 3_000) / 8 * 3;
      }
      const meanMb = bytes / SEEDS.length / 1e6;
      assert.ok(meanMb >= leastMb, `${meanMb.toFixed(1)} MB, not ${leastMb}`);
    });
  }
}

Deno.test("ACKs are left out while a flow gets faster, and not after", () => {
  const { links } = CASES.find(({ name }) => name === "two-lte")!;
  const { world } = runBonding({ links, direction: "down", measuredMs: 200 });
  const { acks } = world.slave.multiplexer.sender;
  const filteredPkts = acks.filteredPkts;
  assert.ok(filteredPkts > 500, `${filteredPkts} left out`);
  world.runUntil(10_000);
  assert.equal(acks.filteredPkts, filteredPkts);
});

Deno.test("ACKs are left out for a short time only where the sender grows by two packets for each", () => {
  const world = new World({ seed: 1, links: [1, 2].map(() => ({ rateBps: 50e6, delayMs: 50 })) });
  world.addTransfer({ from: "master", startMs: BEGIN_MS, stopMs: 4_000 });
  const beginMs = 6_500; // both links are known by then
  const transfer = world.addTransfer({ from: "master", startMs: beginMs, pktsPerAck: 2 });
  let atMs = beginMs;
  while (transfer.deliveredBytes < 3e6) world.runUntil(++atMs);
  const tookMs = atMs - beginMs;
  assert.ok(tookMs < 1_700, `3 MB took ${tookMs} ms`); // 1,389; 2,396 when ACKs were left out for three seconds; 880 with all
});

Deno.test("ACKs wait for no more than a part of the fastest way, where all goes over a slow link as well", () => {
  const settings = { mode: "redundant" } as const;
  const links = [10, 100].map((delayMs) => ({ rateBps: 20e6, delayMs, settings }));
  const world = new World({ seed: 1, links });
  const transfer = world.addTransfer({ from: "master", startMs: BEGIN_MS });
  let atMs = BEGIN_MS;
  while (transfer.deliveredBytes < 3e6) world.runUntil(++atMs);
  const tookMs = atMs - BEGIN_MS;
  assert.ok(tookMs < 1_600, `3 MB took ${tookMs} ms`); // 1,423; 1,908 when they waited for a part of the slow one
});
