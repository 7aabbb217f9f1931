/**
 * A call beside a bulk transfer: 50 packets/s of 200 bytes, which rather get lost than come late, over the reference links.
 */

import assert from "node:assert/strict";
import {
  MEASURED_FROM_MS,
  RUN_DIRECTIONS,
  runBonding,
  type RunDirection,
  senderOf,
} from "../support/bonding_run.ts";
import type { Flow } from "../support/flow.ts";
import type { WorldLink } from "../support/world.ts";

const CLEAN = [
  { rateBps: 20e6, delayMs: 20 },
  { rateBps: 8e6, delayMs: 60 },
  { rateBps: 3e6, delayMs: 100 },
];
const LOSSY = CLEAN.map((link, i) => ({ ...link, lossFraction: 0.005, jitterMs: 5 * (i + 1) }));
const BEST_DELAY_MS = 20;
const MEASURED_MS = 15_000;

for (const [name, links] of [["clean", CLEAN], ["lossy", LOSSY]] as const) {
  for (const direction of RUN_DIRECTIONS) {
    Deno.test(`a call beside bulk, ${name} links, ${direction}: under 0.5 % lost, and in time`, () => {
      const call = runCall(links, direction);
      const lost = call.missingPkts / call.sentPkts;
      assert.ok(lost < 0.005, `${lost * 100} % lost`);
      const p99Ms = call.sink.delayMs(0.99);
      assert.ok(p99Ms <= BEST_DELAY_MS + 60, `p99 ${p99Ms} ms`);
    });
  }
}

function runCall(links: readonly WorldLink[], direction: RunDirection): Flow {
  let call: Flow | undefined;
  runBonding({
    links,
    direction,
    measuredMs: MEASURED_MS,
    script: (world) =>
      call = world.addFlow({
        from: senderOf(direction),
        rateBps: 50 * 200 * 8,
        packetBytes: 200,
        startMs: MEASURED_FROM_MS,
        stopMs: MEASURED_FROM_MS + MEASURED_MS - 500,
      }),
  });
  return call!;
}
