import assert from "node:assert/strict";
import { bucketsBetween, countOf, quantile } from "../../bench/timers/delay_quantile.ts";

const BUCKETS = new Map([[0.001, 50], [0.01, 98], [0.1, 100], [Infinity, 100]]);

Deno.test("quantile goes straight within a bucket", () => {
  assert.equal(quantile(BUCKETS, 0.5), 0.001);
  assert.equal(quantile(BUCKETS, 0.25), 0.0005);
  assert(Math.abs(quantile(BUCKETS, 0.99) - 0.055) < 1e-12);
  assert.equal(quantile(BUCKETS, 1), 0.1);
});

Deno.test("quantile gives the last finite bound of what lies beyond, and NaN of nothing", () => {
  assert.equal(quantile(new Map([[0.1, 1], [Infinity, 2]]), 0.99), 0.1);
  assert(Number.isNaN(quantile(new Map([[0.1, 0], [Infinity, 0]]), 0.99)));
});

Deno.test("bucketsBetween leaves what came between two looks", () => {
  const after = new Map([[0.001, 51], [0.01, 101], [0.1, 103], [Infinity, 104]]);
  const between = bucketsBetween(BUCKETS, after);
  assert.deepEqual([...between.values()], [1, 3, 3, 4]);
  assert.equal(countOf(between), 4);
});
