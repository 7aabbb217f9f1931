import assert from "node:assert/strict";
import fc from "fast-check";
import { TimerWheel } from "../../../src/tunnel/timer_wheel.ts";

/** Something that is due every so often, and was served then. */
interface Item {
  readonly everyMs: number;
  readonly servedMs: number[];
  dueMs: number;
}

function itemOf(everyMs: number, dueMs = 0): Item {
  return { everyMs, servedMs: [], dueMs };
}

function wheelAt(now: number): TimerWheel<Item> {
  return new TimerWheel((item, at) => {
    if (item.dueMs > at) return item.dueMs; // asked too early
    item.servedMs.push(at);
    item.dueMs = at + item.everyMs;
    return item.dueMs;
  }, now);
}

Deno.test("TimerWheel has nothing to do before something is added", () => {
  const wheel = wheelAt(5_000);
  assert.equal(wheel.nextTimeout(), Infinity);
  wheel.handleTimeout(1e9);
  assert.equal(wheel.nextTimeout(), Infinity);
});

Deno.test("TimerWheel serves an item when it is due, at most 10 ms late, whoever else is in it", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 6_000 }), { minLength: 1, maxLength: 20 }),
    fc.integer({ min: 0, max: 1e9 }),
    (periods, startMs) => {
      const wheel = wheelAt(startMs);
      const items = periods.map((everyMs) => itemOf(everyMs, startMs));
      for (const item of items) wheel.add(item, startMs);
      for (let now = startMs; now < startMs + 10_000;) {
        now = Math.max(now, wheel.nextTimeout());
        for (const { dueMs } of items) assert.ok(now < dueMs + 10, `${now} for ${dueMs}`);
        wheel.handleTimeout(now);
      }
    },
  ));
});

Deno.test("TimerWheel does not ask all that it holds when one is due", () => {
  let asked = 0;
  const wheel = new TimerWheel<number>((_, now) => {
    asked++;
    return now + 1_000;
  }, 0);
  for (let i = 0; i < 1_000; i++) wheel.add(i, i);
  wheel.handleTimeout(999);
  asked = 0;
  for (let now = 1_000; now < 11_000; now += 10) wheel.handleTimeout(now);
  assert.ok(asked <= 10_000, `${asked} times in ten seconds`);
});

Deno.test("TimerWheel forgets an item that says Infinity, and takes it again", () => {
  let asked = 0;
  const wheel = new TimerWheel<string>(() => {
    asked++;
    return Infinity;
  }, 0);
  wheel.add("slave", 0);
  wheel.handleTimeout(0);
  assert.equal(wheel.nextTimeout(), Infinity);
  wheel.add("slave", 100);
  wheel.handleTimeout(100);
  assert.equal(asked, 2);
});

Deno.test("TimerWheel takes an item once, however often it is added", () => {
  const wheel = wheelAt(0);
  const item = itemOf(1_000);
  for (let i = 0; i < 3; i++) wheel.add(item, 0);
  wheel.handleTimeout(0);
  wheel.handleTimeout(1_000);
  assert.deepEqual(item.servedMs, [0, 1_000]);
});

Deno.test("TimerWheel serves each item once after the program stood still", () => {
  const wheel = wheelAt(0);
  const items = [itemOf(1_000), itemOf(250), itemOf(10)];
  for (const item of items) wheel.add(item, 0);
  wheel.handleTimeout(0);
  wheel.handleTimeout(3_600_000);
  for (const { servedMs } of items) assert.deepEqual(servedMs, [0, 3_600_000]);
});
