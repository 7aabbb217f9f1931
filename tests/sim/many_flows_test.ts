/**
 * Sixteen TCP flows over the reference links: together as fast as one, and each with its share.
 */

import assert from "node:assert/strict";
import { MEASURED_FROM_MS, RUN_DIRECTIONS, runBonding } from "../support/bonding_run.ts";

const LINKS = [
  { rateBps: 20e6, delayMs: 20 },
  { rateBps: 8e6, delayMs: 60 },
  { rateBps: 3e6, delayMs: 100 },
];
const FLOWS = 16;
const MEASURED_MS = 8_000;

for (const direction of RUN_DIRECTIONS) {
  Deno.test(`16 flows, ${direction}: as fast as one, and fair`, () => {
    const run = runBonding({ links: LINKS, direction, transfers: FLOWS, measuredMs: MEASURED_MS });
    const one = runBonding({ links: LINKS, direction });
    const text = `${run.goodputBps / 1e6}, one flow ${one.goodputBps / 1e6} Mbit/s`;
    assert.ok(run.goodputBps >= 26.5e6 && run.goodputBps >= 0.97 * one.goodputBps, text);
    const endMs = MEASURED_FROM_MS + MEASURED_MS;
    const fairness = jain(run.transfers.map((it) => it.goodputBps(MEASURED_FROM_MS, endMs)));
    assert.ok(fairness > 0.8, `fairness ${fairness}`);
  });
}

/** Jain's index: 1 when all are equal, 1/n when one has all (Jain, Chiu, Hawe: DEC TR-301, 1984). */
function jain(shares: readonly number[]): number {
  const sum = shares.reduce((total, it) => total + it, 0);
  const squares = shares.reduce((total, it) => total + it * it, 0);
  return sum * sum / (shares.length * squares);
}
