/**
 * The generated LTE trace: repeatable, in order, about its mean, with fades and handovers.
 *
 * @module
 */

import assert from "node:assert/strict";
import { lteTrace, meanRateOf } from "../../support/lte_trace.ts";

const OPTIONS = { seed: 7, durationMs: 1_800_000, meanRateBps: 20e6, delayMs: 30 };

Deno.test("lteTrace gives the same trace for the same seed, another for another", () => {
  assert.deepEqual(lteTrace(OPTIONS), lteTrace(OPTIONS));
  assert.notDeepEqual(lteTrace({ ...OPTIONS, seed: 8 }), lteTrace(OPTIONS));
});

Deno.test("lteTrace begins at 0, goes forward in steps of at most 100 ms, and has no bad figure", () => {
  const steps = lteTrace(OPTIONS);
  assert.equal(steps[0]!.atMs, 0);
  steps.slice(1).forEach(({ atMs }, i) => {
    const stepMs = atMs - steps[i]!.atMs;
    assert(stepMs > 0 && stepMs <= 100, `${stepMs} ms after ${steps[i]!.atMs}`);
  });
  assert(steps.every(({ rateBps, delayMs }) => rateBps >= 0 && rateBps < 200e6 && delayMs >= 30));
});

Deno.test("lteTrace stays about its mean, with fades and handovers", () => {
  const steps = lteTrace(OPTIONS);
  const mean = meanRateOf(steps, 0, OPTIONS.durationMs);
  assert(mean > 15e6 && mean < 30e6, `${mean} bit/s`);
  const handovers = steps.filter(({ rateBps }) => rateBps === 0).length;
  assert(handovers > 20 && handovers < 120, `${handovers} in half an hour`);
  assert(steps.filter(({ rateBps }) => rateBps > 0 && rateBps < 4e6).length > 100);
});

Deno.test("meanRateOf weighs each rate by its time, within the window only", () => {
  const steps = [
    { atMs: 0, rateBps: 10, delayMs: 0 },
    { atMs: 100, rateBps: 20, delayMs: 0 },
    { atMs: 200, rateBps: 0, delayMs: 0 },
  ];
  assert.equal(meanRateOf(steps, 0, 200), 15);
  assert.equal(meanRateOf(steps, 50, 250), 12.5);
});
