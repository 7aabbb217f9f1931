import assert from "node:assert/strict";
import { VirtualClock, VirtualTimer } from "../../support/virtual_clock.ts";

Deno.test("VirtualClock runs events by time, equal times as they were scheduled", () => {
  const clock = new VirtualClock();
  const seen: string[] = [];
  const note = (name: string) => (): void => void seen.push(`${name}@${clock.now}`);
  clock.at(5, note("b"));
  clock.at(2, note("a"));
  clock.at(5, note("c"));
  clock.at(9, note("d"));
  clock.runUntil(5);
  assert.deepEqual(seen, ["a@2", "b@5", "c@5"]);
  assert.equal(clock.now, 5);
});

Deno.test("VirtualClock runs what an event schedules for the same time", () => {
  const clock = new VirtualClock();
  let seenMs = -1;
  clock.at(3, () => clock.at(1, () => (seenMs = clock.now))); // in the past: at once
  clock.runUntil(3);
  assert.equal(seenMs, 3);
});

Deno.test("VirtualTimer wakes once, at the earliest time it was armed for", () => {
  const clock = new VirtualClock();
  const wokenMs: number[] = [];
  const timer = new VirtualTimer(clock, () => wokenMs.push(clock.now));
  timer.arm(10);
  timer.arm(4);
  timer.arm(7);
  clock.runUntil(20);
  assert.deepEqual(wokenMs, [4]);
  timer.arm(25);
  clock.runUntil(30);
  assert.deepEqual(wokenMs, [4, 25]);
});
