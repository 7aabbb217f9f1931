import assert from "node:assert/strict";
import fc from "fast-check";
import { RttEstimator } from "../../../src/multiplexer/rtt_estimator.ts";

/** RFC 6298 §2.2 and §2.3, as it stands there: the deviation first. */
function rfc6298(samples: readonly number[]): { srttMs: number; rttvarMs: number } {
  let srttMs = NaN;
  let rttvarMs = NaN;
  for (const rttMs of samples) {
    if (Number.isNaN(srttMs)) {
      srttMs = rttMs;
      rttvarMs = rttMs / 2;
      continue;
    }
    rttvarMs = (1 - 1 / 4) * rttvarMs + 1 / 4 * Math.abs(srttMs - rttMs);
    srttMs = (1 - 1 / 8) * srttMs + 1 / 8 * rttMs;
  }
  return { srttMs, rttvarMs };
}

const rtts = fc.array(fc.double({ min: 0, max: 5_000, noNaN: true }), { minLength: 1 });

Deno.test("RttEstimator smooths as RFC 6298 does", () => {
  fc.assert(fc.property(rtts, (samples) => {
    const rtt = new RttEstimator();
    samples.forEach((rttMs, i) => rtt.handleSample(rttMs, i * 20));
    const expected = rfc6298(samples);
    assert(Math.abs(rtt.srttMs - expected.srttMs) < 1e-6);
    assert(Math.abs(rtt.rttvarMs - expected.rttvarMs) < 1e-6);
    assert(Math.abs(rtt.lateMs - (expected.srttMs + 4 * expected.rttvarMs)) < 1e-6);
  }));
});

Deno.test("RttEstimator's least round trip is never above the smoothed one", () => {
  fc.assert(fc.property(rtts, (samples) => {
    const rtt = new RttEstimator();
    samples.forEach((rttMs, i) => {
      rtt.handleSample(rttMs, i * 900);
      assert(rtt.minMs <= rtt.srttMs);
      assert(rtt.minMs <= rttMs);
    });
  }));
});

Deno.test("RttEstimator assumes a slow link until something was measured", () => {
  const rtt = new RttEstimator();
  assert.equal(rtt.hasSample, false);
  assert(rtt.minMs === rtt.srttMs && rtt.srttMs > 0);
  assert(rtt.lateMs > rtt.srttMs);
});

Deno.test("RttEstimator forgets a least round trip after some ten seconds", () => {
  const rtt = new RttEstimator();
  rtt.handleSample(20, 0);
  for (let now = 20; now <= 12_000; now += 20) rtt.handleSample(90, now);
  assert(rtt.minMs > 85);
});

Deno.test("RttEstimator.reset goes back to knowing nothing", () => {
  const rtt = new RttEstimator();
  rtt.handleSample(5, 0);
  rtt.reset();
  const fresh = new RttEstimator();
  assert.deepEqual(
    [rtt.hasSample, rtt.srttMs, rtt.rttvarMs, rtt.minMs],
    [fresh.hasSample, fresh.srttMs, fresh.rttvarMs, fresh.minMs],
  );
  rtt.handleSample(70, 1);
  assert.equal(rtt.minMs, 70);
});
