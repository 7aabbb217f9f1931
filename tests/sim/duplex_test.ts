/**
 * One TCP flow up and one down at once over the reference links: each way carries the other one's ACKs too, and loses
 * little by it.
 */

import assert from "node:assert/strict";
import { MEASURED_FROM_MS, runBonding } from "../support/bonding_run.ts";
import type { SimTcpTransfer } from "../support/sim_tcp_transfer.ts";

const LINKS = [
  { rateBps: 20e6, delayMs: 20 },
  { rateBps: 8e6, delayMs: 60 },
  { rateBps: 3e6, delayMs: 100 },
];
const MEASURED_MS = 8_000;
const END_MS = MEASURED_FROM_MS + MEASURED_MS;

/** ACKs for each second segment, with the tunnel's headers, take a twentieth of the rate. */
const LEAST_FRACTION = 0.9;

Deno.test("up and down at once: each way at least 90 % of what it has alone", () => {
  let upload: SimTcpTransfer | undefined;
  const run = runBonding({
    links: LINKS,
    direction: "down",
    measuredMs: MEASURED_MS,
    script: (world) => upload = world.addTransfer({ from: "slave", startMs: 1_000 }),
  });
  const downBps = run.goodputBps;
  const upBps = upload?.goodputBps(MEASURED_FROM_MS, END_MS) ?? NaN;
  const aloneBps = runBonding({ links: LINKS, direction: "down" }).goodputBps;
  const text = `${downBps / 1e6} down, ${upBps / 1e6} up, ${aloneBps / 1e6} Mbit/s one way`;
  assert.ok(Math.min(downBps, upBps) >= LEAST_FRACTION * aloneBps, text);
  assert.ok(run.pingP50Ms <= 40 + 100, `ping ${run.pingP50Ms} ms: both queues stand`);
});
