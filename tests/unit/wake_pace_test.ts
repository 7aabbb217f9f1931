import assert from "node:assert/strict";
import { WakePace } from "../../src/wake_pace.ts";

/** The delay after a second of wake-ups that come so often and bring so much. */
function delayAt(intervalMs: number, pkts: number, packetBytes: number): number {
  const pace = new WakePace();
  for (let now = 5; now < 1_005; now += intervalMs) pace.add(pkts, pkts * packetBytes, now);
  return pace.delayAt(1_005);
}

Deno.test("WakePace lets a transfer over phones be read a few packets at a time", () => {
  assert(delayAt(1.7, 1, 1_400) > 0, "7 Mbit/s, a packet at a time");
  assert(delayAt(0.6, 1, 1_400) > 0, "20 Mbit/s");
  assert(delayAt(2, 10, 1_400) > 0, "56 Mbit/s");
});

Deno.test("WakePace delays nobody who waits for single packets", () => {
  assert.equal(delayAt(20, 1, 1_400), 0, "a call");
  assert.equal(delayAt(200, 1, 1_400), 0, "now and then");
  assert.equal(delayAt(0.25, 1, 100), 0, "ping-pong without pause");
  assert.equal(delayAt(5, 1, 100), 0, "a game");
});

Deno.test("WakePace delays no fast transfer, but a flood of small packets", () => {
  assert.equal(delayAt(0.4, 40, 1_400), 0, "1 Gbit/s");
  assert(delayAt(0.05, 1, 200) > 0, "20,000 small packets a second");
});

Deno.test("WakePace forgets a transfer that has ended", () => {
  const pace = new WakePace();
  for (let now = 5; now < 1_005; now += 1) pace.add(1, 1_400, now);
  assert(pace.delayAt(1_005) > 0);
  assert.equal(pace.delayAt(1_100), 0, "by itself");
  pace.add(1, 1_400, 2_000);
  assert.equal(pace.delayAt(2_000), 0, "and by what comes long after");
});
