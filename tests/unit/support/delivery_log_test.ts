import assert from "node:assert/strict";
import { DeliveryLog } from "../../support/delivery_log.ts";

Deno.test("DeliveryLog counts what came after the span's start and up to its end", () => {
  const log = new DeliveryLog(1000);
  log.add(1, 100);
  log.add(2, 200);
  log.add(4, 300);
  assert.equal(log.deliveredBytes, 7000);
  assert.equal(log.goodputBps(0, 1000), 56_000);
  assert.equal(log.goodputBps(100, 200), 160_000);
  assert.equal(log.goodputBps(300, 400), 0);
});

Deno.test("DeliveryLog finds the longest pause, at the span's ends too", () => {
  const log = new DeliveryLog(1000);
  assert.equal(log.longestStallMs(0, 50), 50);
  for (const timeMs of [100, 110, 150, 155]) log.add(1, timeMs);
  assert.equal(log.longestStallMs(0, 200), 100);
  assert.equal(log.longestStallMs(100, 160), 40);
  assert.equal(log.longestStallMs(120, 140), 20);
  assert.equal(log.longestStallMs(140, 300), 145);
});
