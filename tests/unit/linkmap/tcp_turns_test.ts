import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { PORTION_UNITS, TcpTurns, unitsOf } from "../../../src/linkmap/tcp_turns.ts";

/** Portions in a turn. */
const PORTIONS = 8;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

Deno.test("TcpTurns gives out a turn's portions, and no more until the next", async () => {
  const turns = new TcpTurns();
  for (let i = 0; i < PORTIONS; i++) assert.equal(turns.take(), PORTION_UNITS);
  assert.equal(turns.take(), 0);
  assert.equal(await turns.wait(), PORTION_UNITS);
  for (let i = 1; i < PORTIONS; i++) assert.equal(turns.take(), PORTION_UNITS);
  assert.equal(turns.take(), 0);
});

Deno.test("TcpTurns.settle gives back what was not used, and takes what was used beyond", () => {
  const turns = new TcpTurns();
  turns.take();
  turns.settle(PORTION_UNITS);
  for (let i = 0; i < PORTIONS; i++) assert.equal(turns.take(), PORTION_UNITS);
  turns.settle(PORTION_UNITS);
  turns.settle(-1);
  assert.equal(turns.take(), 0);
  turns.settle(1);
  assert.equal(turns.take(), PORTION_UNITS);
  turns.settle(10_000);
  for (let i = 0; i < PORTIONS; i++) assert.equal(turns.take(), PORTION_UNITS);
  assert.equal(turns.take(), 0, "not more than a turn has");
});

Deno.test("TcpTurns serves those who wait in the order they came, so many in a turn", async () => {
  const turns = new TcpTurns();
  const served: number[] = [];
  const all = Array.from(
    { length: 2 * PORTIONS + 1 },
    (_, i) => turns.wait().then(() => served.push(i)),
  );
  assert.equal(turns.take(), 0, "they came first");
  await Promise.resolve();
  assert.equal(served.length, 0, "not in this turn");
  await nextTurn();
  assert.deepEqual(served, Array.from({ length: PORTIONS }, (_, i) => i));
  await nextTurn();
  assert.equal(served.length, 2 * PORTIONS);
  await Promise.all(all);
  assert.deepEqual(served, served.toSorted((a, b) => a - b));
});

Deno.test("unitsOf counts a long frame as what it takes", () => {
  assert.deepEqual([1, 1_400, 2_047, 2_048, 65_507].map(unitsOf), [1, 1, 1, 2, 32]);
});
