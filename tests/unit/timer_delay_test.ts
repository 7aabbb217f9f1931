import assert from "node:assert/strict";
import { TimerDelay } from "../../src/timer_delay.ts";
import { FakeTimers } from "../support/fake_timers.ts";

function countOf(delay: TimerDelay): number {
  return delay.snapshot().counts.reduce((sum, each) => sum + each, 0);
}

/** Lets a second pass, in which every timer is on time and packets flow. */
function passSecond(timers: FakeTimers, handleLoad: () => void): void {
  const endMs = timers.now + 1_000;
  while (timers.now < endMs) {
    handleLoad();
    while (timers.fireNext(timers.now + 20));
  }
}

Deno.test("TimerDelay looks at a timer each 100 ms while packets flow, and at none before", () => {
  using timers = new FakeTimers();
  const delay = new TimerDelay(() => timers.now);
  delay.handleLoad(0);
  assert.equal(timers.nextMs(), Infinity);
  let pkts = 0;
  passSecond(timers, () => delay.handleLoad(++pkts));
  assert(Math.abs(countOf(delay) - 10) <= 1, String(countOf(delay)));
  assert.equal(delay.snapshot().counts[0], countOf(delay));
  assert.equal(delay.snapshot().sumSeconds, 0);
});

Deno.test("TimerDelay rests a second after the last packet, and begins again with the next", () => {
  using timers = new FakeTimers();
  const delay = new TimerDelay(() => timers.now);
  delay.handleLoad(1);
  while (timers.nextMs() < Infinity) {
    timers.fireNext(timers.nextMs());
    delay.handleLoad(1);
  }
  assert.equal(timers.now, 1_100);
  const count = countOf(delay);
  delay.handleLoad(2);
  assert.equal(timers.nextMs(), 1_200);
  timers.fireNext(1_200);
  assert.equal(countOf(delay), count + 1);
});

Deno.test("TimerDelay counts by how late the timer was", () => {
  using timers = new FakeTimers();
  const delay = new TimerDelay(() => timers.now);
  let pkts = 0;
  for (const lateMs of [0, 1, 1.5, 15, 250, 250, 6_000]) {
    delay.handleLoad(++pkts);
    timers.now = timers.nextMs() + lateMs;
    timers.fireNext(timers.now);
  }
  const { boundsSeconds, counts, sumSeconds } = delay.snapshot();
  const found = Object.fromEntries(counts.map((count, i) => [boundsSeconds[i] ?? "more", count]));
  const expected = { 0.001: 2, 0.002: 1, 0.02: 1, 0.5: 2, more: 1 };
  for (const [bound, count] of Object.entries(found)) {
    assert.equal(count, (expected as Record<string, number>)[bound] ?? 0, bound);
  }
  assert.equal(sumSeconds, 6.5175);
});

Deno.test("TimerDelay leaves no timer behind when it is stopped, and sets none any more", () => {
  using timers = new FakeTimers();
  const delay = new TimerDelay(() => timers.now);
  delay.handleLoad(1);
  delay.stop();
  assert.equal(timers.nextMs(), Infinity);
  delay.handleLoad(2);
  assert.equal(timers.nextMs(), Infinity);
});
