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

Deno.test("TimerWheel serves an item when it is due, at most 50 ms late, whoever else is in it", () => {
  fc.assert(fc.property(
    fc.array(fc.integer({ min: 1, max: 6_000 }), { minLength: 1, maxLength: 20 }),
    fc.integer({ min: 0, max: 1e9 }),
    (periods, startMs) => {
      const wheel = wheelAt(startMs);
      const items = periods.map((everyMs) => itemOf(everyMs, startMs));
      for (const item of items) wheel.add(item, startMs);
      for (let now = startMs; now < startMs + 10_000;) {
        now = Math.max(now, wheel.nextTimeout());
        for (const { dueMs } of items) assert.ok(now < dueMs + 50, `${now} for ${dueMs}`);
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

/** Serves whatever is due, each time at the moment that the wheel asked for. */
function runUntil(wheel: TimerWheel<Item>, endMs: number): number {
  let wakings = 0;
  for (let at = wheel.nextTimeout(); at <= endMs; at = wheel.nextTimeout(), wakings++) {
    wheel.handleTimeout(at);
  }
  return wakings;
}

Deno.test("TimerWheel.hurry has an item served at its very time", () => {
  const wheel = wheelAt(0);
  const item = itemOf(1_000);
  wheel.add(item, 0);
  runUntil(wheel, 500);
  item.dueMs = 503.25;
  wheel.hurry(item, 503.25);
  assert.equal(wheel.nextTimeout(), 503.25);
  wheel.handleTimeout(503.25);
  assert.deepEqual(item.servedMs, [0, 503.25]);
});

Deno.test("TimerWheel serves an item in a hurry again and again while it is due soon", () => {
  const wheel = wheelAt(0);
  const busy = itemOf(1.5);
  const idle = itemOf(1_000);
  wheel.add(busy, 0);
  wheel.add(idle, 0);
  wheel.handleTimeout(0);
  wheel.hurry(busy, 1.5);
  runUntil(wheel, 3_000);
  for (let i = 1; i < busy.servedMs.length; i++) {
    assert.equal(busy.servedMs[i]! - busy.servedMs[i - 1]!, 1.5);
  }
  assert(busy.servedMs.length >= 1_999);
  assert.deepEqual(idle.servedMs, [0, 1_000, 2_000, 3_000]);
});

Deno.test("TimerWheel forgets the hurry of an item that has calmed down", () => {
  const wheel = wheelAt(0);
  const item = itemOf(2);
  wheel.add(item, 0);
  wheel.handleTimeout(0);
  wheel.hurry(item, 2);
  runUntil(wheel, 100);
  (item as { everyMs: number }).everyMs = 1_000;
  assert(runUntil(wheel, 5_100) <= 12, "two wakings a second at most, and some before");
});

Deno.test("TimerWheel.hurry does nothing for an item that is not in the wheel", () => {
  const wheel = wheelAt(0);
  const item = itemOf(100);
  wheel.hurry(item, 5);
  assert.equal(wheel.nextTimeout(), Infinity);
  wheel.add(item, 0);
  wheel.handleTimeout(0);
  wheel.hurry(item, 100);
  assert.equal(wheel.nextTimeout(), 100);
  item.dueMs = Infinity;
  wheel.hurry(item, 7);
  wheel.handleTimeout(7); // it says Infinity: it is gone
  runUntil(wheel, 1_000);
  assert.equal(wheel.nextTimeout(), Infinity);
});
