import assert from "node:assert/strict";
import { Allowance } from "../../../src/peer/allowance.ts";

Deno.test("Allowance gives its capacity at once, then what comes back", () => {
  const allowance = new Allowance({ capacity: 3, perSecond: 2 });
  const at = (now: number): boolean => allowance.take(now, 1);
  assert.deepEqual([0, 0, 0, 0, 499, 500, 500].map(at), [
    true,
    true,
    true,
    false,
    false,
    true,
    false,
  ]);
});

Deno.test("Allowance holds no more than its capacity, and gives nothing for a clock that goes back", () => {
  const allowance = new Allowance({ capacity: 2, perSecond: 1 });
  const at = (now: number): boolean => allowance.take(now, 1);
  assert.deepEqual([0, 1e9, 1e9, 1e9, 0, 1e9].map(at), [true, true, true, false, false, false]);
});

Deno.test("Allowance lends to who has begun, and is paid back first", () => {
  const allowance = new Allowance({ capacity: 1, perSecond: 1 });
  assert.ok(allowance.take(0, 3));
  allowance.charge(0, 1);
  assert.ok(!allowance.take(3_900, 1));
  assert.ok(allowance.take(4_001, 1));
});
