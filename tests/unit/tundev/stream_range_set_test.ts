import assert from "node:assert/strict";
import fc from "fast-check";
import { RangeSet } from "../../../src/tundev/stream_range_set.ts";

/** The set's ranges as pairs. */
function rangesOf(set: RangeSet): [number, number][] {
  return Array.from({ length: set.count }, (_, i) => [set.startAt(i), set.endAt(i)]);
}

/** The same from a plain set of numbers. */
function rangesOfNumbers(numbers: Set<number>): [number, number][] {
  const ranges: [number, number][] = [];
  for (const n of [...numbers].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === n) last[1] = n + 1;
    else ranges.push([n, n + 1]);
  }
  return ranges;
}

Deno.test("RangeSet holds what a plain set of numbers holds, after any adds and removals", () => {
  const step = fc.record({
    what: fc.constantFrom("add", "remove", "removeBelow"),
    start: fc.integer({ min: 0, max: 60 }),
    length: fc.integer({ min: 0, max: 12 }),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const set = new RangeSet();
    const numbers = new Set<number>();
    for (const { what, start, length } of steps) {
      const end = start + length;
      if (what === "add") {
        const before = numbers.size;
        for (let n = start; n < end; n++) numbers.add(n);
        assert.equal(set.add(start, end), numbers.size - before, "count of new numbers");
      } else if (what === "remove") {
        set.remove(start, end);
        for (let n = start; n < end; n++) numbers.delete(n);
      } else {
        set.removeBelow(start);
        for (const n of [...numbers]) if (n < start) numbers.delete(n);
      }
      assert.deepEqual(rangesOf(set), rangesOfNumbers(numbers));
    }
    for (let start = 0; start < 70; start++) {
      for (let end = start + 1; end < start + 5; end++) {
        let isHeld = true;
        for (let n = start; n < end; n++) isHeld &&= numbers.has(n);
        assert.equal(set.containsRange(start, end), isHeld, `[${start}, ${end})`);
      }
    }
  }));
});

Deno.test("RangeSet keeps numbers above 2^32 apart", () => {
  const set = new RangeSet();
  set.add(2 ** 40, 2 ** 40 + 5);
  set.add(5, 6);
  assert.deepEqual(rangesOf(set), [[5, 6], [2 ** 40, 2 ** 40 + 5]]);
});
