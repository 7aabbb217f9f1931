import assert from "node:assert/strict";
import fc from "fast-check";
import { IndexRing } from "../../support/index_ring.ts";
import { TimeHeap } from "../../support/time_heap.ts";

Deno.test("TimeHeap gives entries by time, equal times in the order they came", () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
    const heap = new TimeHeap();
    times.forEach((time, i) => heap.push(i, time));
    const expected = times.map((_, i) => i).toSorted((a, b) => times[a]! - times[b]! || a - b);
    const actual = times.map(() => heap.shift());
    assert.deepEqual(actual, expected);
    assert.equal(heap.headTime, Infinity);
  }));
});

Deno.test("IndexRing is first in, first out over growth and wrapping", () => {
  // A positive number pushes that many, a negative one takes as many.
  fc.assert(fc.property(fc.array(fc.integer({ min: -9, max: 9 })), (moves) => {
    const ring = new IndexRing(4);
    const oracle: number[] = [];
    let next = 0;
    for (const move of moves) {
      for (let i = 0; i < move; i++) {
        ring.push(next, next * 2);
        oracle.push(next++);
      }
      for (let i = 0; i < -move && oracle.length > 0; i++) {
        assert.equal(ring.headTime, oracle[0]! * 2);
        assert.equal(ring.shift(), oracle.shift());
      }
      assert.equal(ring.length, oracle.length);
      assert.equal(ring.tailTime, oracle.length === 0 ? -Infinity : oracle.at(-1)! * 2);
    }
  }));
});
