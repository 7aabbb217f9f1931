import assert from "node:assert/strict";
import { GoodputMeter } from "../../../scripts/demo/goodput_meter.ts";

Deno.test("GoodputMeter.takeLongestGapMs gives the longest pause between arrivals", () => {
  const meter = new GoodputMeter(0);
  for (const now of [10, 20, 55, 60]) meter.add(100, now);
  assert.equal(meter.takeLongestGapMs(61), 35);
  assert.equal(meter.receivedBytes, 400);
});

Deno.test("GoodputMeter.takeLongestGapMs counts a pause that still goes on, from its beginning", () => {
  const meter = new GoodputMeter(0);
  meter.add(100, 10);
  meter.takeLongestGapMs(20);
  assert.equal(meter.takeLongestGapMs(500), 490);
});

Deno.test("GoodputMeter.takeLongestGapMs tells a pause once", () => {
  const meter = new GoodputMeter(0);
  meter.add(100, 400);
  meter.takeLongestGapMs(400);
  meter.add(100, 410);
  assert.equal(meter.takeLongestGapMs(411), 10);
});
