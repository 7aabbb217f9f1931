import assert from "node:assert/strict";
import fc from "fast-check";
import { Backoff } from "../../../src/linkmap/backoff.ts";

Deno.test("Backoff grows up to ten seconds and begins anew after a reset", () => {
  const backoff = new Backoff();
  const waits = Array.from({ length: 12 }, () => backoff.nextMs(0.5));
  assert.equal(waits[0], 500);
  for (let i = 1; i < waits.length; i++) assert(waits[i]! >= waits[i - 1]!);
  assert.equal(waits.at(-1), 10_000);
  backoff.reset();
  assert.equal(backoff.nextMs(0.5), 500);
});

Deno.test("Backoff spreads each wait by a quarter either way", () => {
  fc.assert(fc.property(
    fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    fc.nat(30),
    (random, failures) => {
      const jittered = new Backoff();
      const plain = new Backoff();
      for (let i = 0; i <= failures; i++) {
        const ratio = jittered.nextMs(random) / plain.nextMs(0.5);
        assert(ratio >= 0.75 && ratio < 1.2500001, `ratio ${ratio}`);
      }
    },
  ));
});
