import assert from "node:assert/strict";
import fc from "fast-check";
import { TokenBucket } from "../../../src/linkmap/token_bucket.ts";

Deno.test("TokenBucket gives its capacity at once and then as many as come back", () => {
  const bucket = new TokenBucket({ capacity: 3, perSecond: 2 });
  assert.deepEqual([1, 2, 3, 4].map(() => bucket.take(0)), [true, true, true, false]);
  assert.equal(bucket.take(499), false);
  assert.equal(bucket.take(500), true);
  assert.equal(bucket.take(501), false);
});

Deno.test("TokenBucket never gives more than capacity and refill allow", () => {
  fc.assert(fc.property(fc.array(fc.nat(300), { maxLength: 200 }), (stepsMs) => {
    const bucket = new TokenBucket({ capacity: 5, perSecond: 10 });
    let now = 0;
    let taken = 0;
    for (const stepMs of stepsMs) {
      now += stepMs;
      if (bucket.take(now)) taken++;
      assert(taken <= 5 + now / 100 + 1e-9, `${taken} by ${now} ms`);
    }
  }));
});
