import assert from "node:assert/strict";
import { Lateness } from "../../../src/multiplexer/lateness.ts";
import { Pacer } from "../../../src/multiplexer/pacer.ts";

const RATE_BPS = 8_000_000;
const PACKET_BYTES = 1_000;

/** Packets that go over a link in 6 s, when the program looks every so many ms and notes how late it is. */
function sentPkts(intervalMs: number, lateMs: number): number {
  const lateness = new Lateness();
  const pacer = new Pacer(lateness);
  pacer.setRate(RATE_BPS, 0);
  let pkts = 0;
  for (let now = 0; now < 6_000; now += intervalMs) {
    lateness.note(lateMs);
    for (; pacer.hasCredit(now); pkts++) pacer.take(PACKET_BYTES, now);
  }
  return pkts;
}

Deno.test("links keep their rate while the program sleeps between looks", () => {
  const atRate = 6_000 * RATE_BPS / 8_000 / PACKET_BYTES;
  assert(sentPkts(7, 7) >= 0.995 * atRate);
  assert(sentPkts(7, 0) < 0.8 * atRate, "punctual: what is not used is lost");
});

Deno.test("Lateness makes no more of a long stop than of a short one, and forgets it", () => {
  const lateness = new Lateness();
  lateness.note(Infinity);
  assert.equal(lateness.ms, 0);
  lateness.note(1_000);
  assert(lateness.ms > 2 && lateness.ms < 10, `${lateness.ms} ms`);
  for (let i = 0; i < 100; i++) lateness.note(0.5);
  assert.equal(lateness.ms, 0);
});
