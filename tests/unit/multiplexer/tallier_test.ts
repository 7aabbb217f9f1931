import assert from "node:assert/strict";
import fc from "fast-check";
import { Tallier } from "../../../src/multiplexer/tallier.ts";

Deno.test("Tallier counts what was added within five seconds", () => {
  const tallier = new Tallier();
  tallier.add(100, 0);
  tallier.add(200, 2_500);
  tallier.add(300, 4_999);
  assert.equal(tallier.total(4_999), 600);
});

Deno.test("Tallier forgets a bucket five seconds after it began", () => {
  const tallier = new Tallier();
  tallier.add(100, 50);
  assert.equal(tallier.total(4_999), 100);
  assert.equal(tallier.total(5_000), 0);
});

Deno.test("Tallier is empty after a pause of hours", () => {
  const tallier = new Tallier();
  tallier.add(100, 0);
  assert.equal(tallier.total(7_200_000), 0);
  tallier.add(7, 7_200_001);
  assert.equal(tallier.total(7_200_001), 7);
});

Deno.test("Tallier counts a time before the latest as the latest", () => {
  const tallier = new Tallier();
  tallier.add(100, 10_000);
  tallier.add(50, 9_000);
  assert.equal(tallier.total(10_000), 150);
});

Deno.test("Tallier equals a list of all additions", () => {
  fc.assert(fc.property(
    fc.array(fc.record({ stepMs: fc.integer({ min: 0, max: 3_000 }), bytes: fc.nat(65_000) }), {
      maxLength: 200,
    }),
    (steps) => {
      const tallier = new Tallier();
      const all: { bucket: number; bytes: number }[] = [];
      let now = 0;
      for (const { stepMs, bytes } of steps) {
        now += stepMs;
        const bucket = Math.floor(now / 100);
        tallier.add(bytes, now);
        all.push({ bucket, bytes });
        const expected = all.filter((it) => it.bucket > bucket - 50)
          .reduce((sum, it) => sum + it.bytes, 0);
        assert.equal(tallier.total(now), expected);
      }
    },
  ));
});
