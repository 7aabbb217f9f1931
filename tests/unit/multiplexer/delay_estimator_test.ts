import assert from "node:assert/strict";
import fc from "fast-check";
import { DelayEstimator } from "../../../src/multiplexer/delay_estimator.ts";
import { mulberry32 } from "../../support/rng.ts";

const FEEDBACK_MS = 20;

/** Feeds a transit every 20 ms. @returns the time after the last one. */
function feed(
  delay: DelayEstimator,
  startMs: number,
  endMs: number,
  transitMs: (now: number) => number,
  drainFraction = 0,
): number {
  let now = startMs;
  for (; now < endMs; now += FEEDBACK_MS) {
    const transit = transitMs(now);
    delay.handleSample(transit, transit, drainFraction, now);
  }
  return now;
}

Deno.test("DelayEstimator knows nothing before the first sample, and again after a reset", () => {
  const delay = new DelayEstimator();
  assert.equal(delay.hasSample, false);
  feed(delay, 0, 500, (now) => now / 10);
  assert.equal(delay.hasSample, true);
  delay.reset();
  assert.equal(delay.hasSample, false);
  assert.equal(delay.queueMs, 0);
  assert.equal(delay.jitterMs, new DelayEstimator().jitterMs);
});

Deno.test("DelayEstimator takes the least transit for the way's own, the rest for a queue", () => {
  const delay = new DelayEstimator();
  const now = feed(delay, 0, 1_000, () => 40);
  assert.equal(delay.baseMs, 40);
  assert.equal(delay.queueMs, 0);
  feed(delay, now, now + 1_000, () => 75);
  assert.equal(delay.baseMs, 40);
  assert.equal(delay.queueMs, 35);
});

Deno.test("DelayEstimator's queue and jitter do not depend on the clocks' offset", () => {
  const transits = fc.array(fc.integer({ min: 0, max: 4_000 }), { minLength: 1, maxLength: 100 });
  fc.assert(fc.property(transits, fc.integer({ min: -1e6, max: 1e6 }), (list, offsetMs) => {
    const near = new DelayEstimator();
    const far = new DelayEstimator();
    // Quarters: sums with the offset are exact.
    list.forEach((quarters, i) => {
      const transitMs = quarters / 4;
      near.handleSample(transitMs, transitMs, 0, i * FEEDBACK_MS);
      far.handleSample(transitMs + offsetMs, transitMs + offsetMs, 0, i * FEEDBACK_MS);
    });
    assert.equal(far.queueMs, near.queueMs);
    assert.equal(far.jitterMs, near.jitterMs);
    assert.equal(far.baseMs - offsetMs, near.baseMs);
  }));
});

Deno.test("DelayEstimator's queue is never negative and its jitter is finite, whatever comes", () => {
  const samples = fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 3_000 }),
      leastMs: fc.integer({ min: -2_000_000, max: 2_000_000 }),
      overMs: fc.integer({ min: 0, max: 5_000 }),
      drainFraction: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { maxLength: 100 },
  );
  fc.assert(fc.property(samples, (list) => {
    const delay = new DelayEstimator();
    let now = 0;
    for (const { afterMs, leastMs, overMs, drainFraction } of list) {
      now += afterMs;
      delay.handleSample(leastMs, leastMs + overMs, drainFraction, now);
      assert(delay.queueMs >= 0 && delay.queueMs < Infinity);
      assert(delay.jitterMs >= 0 && delay.jitterMs < Infinity);
      assert(delay.baseMs <= leastMs);
    }
  }));
});

Deno.test("DelayEstimator sees a queue within 100 ms of its being there on a link without jitter", () => {
  const delay = new DelayEstimator();
  const now = feed(delay, 0, 3_000, () => 30);
  feed(delay, now, now + 100, () => 70);
  assert(delay.queueMs > 35, `${delay.queueMs}`);
});

Deno.test("DelayEstimator's jitter is about the half-width of uniform jitter, and shows as little queue", () => {
  for (const jitterMs of [5, 10, 25]) {
    const rng = mulberry32(7);
    const delay = new DelayEstimator();
    let measuredMs = 0;
    let queueMs = 0;
    let samples = 0;
    feed(delay, 0, 20_000, (now) => {
      if (now > 5_000) {
        measuredMs += delay.jitterMs;
        queueMs += delay.queueMs;
        samples++;
      }
      return 50 + (rng() * 2 - 1) * jitterMs;
    });
    assert(measuredMs / samples > jitterMs / 2, `${measuredMs / samples} of ${jitterMs}`);
    assert(measuredMs / samples < jitterMs * 1.6, `${measuredMs / samples} of ${jitterMs}`);
    assert(queueMs / samples < jitterMs, `${queueMs / samples} of ${jitterMs}`);
  }
});

Deno.test("DelayEstimator's usual jitter is that of many seconds of traffic, and pings do not change it", () => {
  const rng = mulberry32(7);
  const delay = new DelayEstimator();
  assert(Number.isNaN(delay.usualJitterMs));
  feed(delay, 0, 30_000, () => 50 + (rng() * 2 - 1) * 10);
  const usualMs = delay.usualJitterMs;
  assert(usualMs > 7 && usualMs < 13, `${usualMs}`);
  feed(delay, 30_000, 30_500, () => 50);
  assert(delay.jitterMs < 3 && delay.usualJitterMs > 0.8 * usualMs, `${delay.usualJitterMs}`);
  const beforeMs = delay.usualJitterMs;
  for (let now = 31_000; now < 60_000; now += 1_000) delay.handleSample(50, 50, 0, now);
  assert.equal(delay.usualJitterMs, beforeMs);
  assert(delay.jitterMs < 0.1);
});

Deno.test("DelayEstimator takes a queue that grows and shrinks steadily for no jitter", () => {
  const delay = new DelayEstimator();
  // A queue that fills for 400 ms and drains for 400 ms: 40 ms at most.
  feed(delay, 0, 10_000, (now) => 30 + Math.abs((now % 800) - 400) / 10);
  assert(delay.jitterMs < 2, `${delay.jitterMs}`);
});

Deno.test("DelayEstimator takes a queue that does not drain for a longer way", () => {
  const delay = new DelayEstimator();
  const now = feed(delay, 0, 2_000, () => 30);
  // A handover: 80 ms more for good. A quarter of the capacity is left unused; a queue would be gone in 320 ms.
  feed(delay, now, now + 1_500, () => 110, 0.25);
  assert.equal(delay.baseMs, 110);
  assert.equal(delay.queueMs, 0);
});

Deno.test("DelayEstimator takes a queue that drains for one", () => {
  const delay = new DelayEstimator();
  const now = feed(delay, 0, 2_000, () => 30);
  feed(delay, now, now + 320, (at) => 110 - (at - now) / 4, 0.25);
  assert.equal(delay.baseMs, 30);
  feed(delay, now + 320, now + 400, () => 30, 0.25);
  assert.equal(delay.baseMs, 30);
  assert(delay.queueMs < 25);
});

Deno.test("DelayEstimator believes a queue while nothing is done to drain it", () => {
  const delay = new DelayEstimator();
  const now = feed(delay, 0, 2_000, () => 30);
  feed(delay, now, now + 5_000, () => 60);
  assert.equal(delay.baseMs, 30);
  assert.equal(delay.queueMs, 30);
});

Deno.test("DelayEstimator takes a way that became shorter at once", () => {
  const delay = new DelayEstimator();
  const now = feed(delay, 0, 2_000, () => 80);
  feed(delay, now, now + FEEDBACK_MS, () => 20);
  assert.equal(delay.baseMs, 20);
  assert.equal(delay.queueMs, 0);
});
