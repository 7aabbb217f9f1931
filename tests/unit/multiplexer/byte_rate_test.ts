import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteRate } from "../../../src/multiplexer/byte_rate.ts";

Deno.test("ByteRate finds a steady rate within two seconds", () => {
  const rate = new ByteRate();
  let now = 1_000;
  for (; now < 3_000; now += 2) rate.add(2_500, now);
  assert(Math.abs(rate.bps(now) / 10_000_000 - 1) < 0.05, `${rate.bps(now)}`);
});

Deno.test("ByteRate forgets within three seconds", () => {
  const rate = new ByteRate();
  for (let now = 0; now < 1_000; now++) rate.add(1_250, now);
  assert(rate.bps(1_000) > 5_000_000);
  assert(rate.bps(4_000) < 100_000);
});

Deno.test("ByteRate only falls while nothing comes, and is never negative", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 5_000, noNaN: true })), (pauses) => {
      const rate = new ByteRate();
      rate.add(1_000_000, 0);
      let now = 0;
      let last = rate.bps(0);
      for (const pauseMs of pauses) {
        now += pauseMs;
        assert(rate.bps(now) <= last && rate.bps(now) >= 0);
        last = rate.bps(now);
      }
    }),
  );
});

Deno.test("ByteRate does not depend on how bytes are cut into packets", () => {
  const whole = new ByteRate();
  const parts = new ByteRate();
  for (let now = 0; now < 500; now += 5) {
    whole.add(10_000, now);
    for (let i = 0; i < 10; i++) parts.add(1_000, now);
  }
  assert(Math.abs(whole.bps(500) - parts.bps(500)) < 1);
});
