import assert from "node:assert/strict";
import fc from "fast-check";
import { WindowedMin } from "../../../src/multiplexer/windowed_min.ts";

const WINDOW_MS = 1_000;
/** What the window may be shorter by. */
const BUCKET_MS = WINDOW_MS / 5;

interface Sample {
  readonly atMs: number;
  readonly value: number;
}

/** The least of the samples that came within `windowMs` before `now`. */
function slowMin(samples: readonly Sample[], windowMs: number, now: number): number {
  return Math.min(...samples.filter(({ atMs }) => now - atMs < windowMs).map(({ value }) => value));
}

Deno.test("WindowedMin without a sample is Infinity", () => {
  assert.equal(new WindowedMin(WINDOW_MS).value, Infinity);
});

Deno.test("WindowedMin is the least of the window, but for a fifth of it", () => {
  const steps = fc.array(
    fc.record({
      afterMs: fc.oneof(fc.integer({ min: 0, max: 80 }), fc.integer({ min: 0, max: 1_500 })),
      value: fc.double({ min: -100, max: 100, noNaN: true }),
    }),
    { maxLength: 80 },
  );
  fc.assert(
    fc.property(fc.double({ min: -1e6, max: 1e12, noNaN: true }), steps, (startMs, list) => {
      const min = new WindowedMin(WINDOW_MS);
      const samples: Sample[] = [];
      let now = startMs;
      for (const { afterMs, value } of list) {
        now += afterMs;
        samples.push({ atMs: now, value });
        min.add(value, now);
        assert(min.value >= slowMin(samples, WINDOW_MS + 1e-3, now), "older than the window");
        assert(
          min.value <= slowMin(samples, WINDOW_MS - BUCKET_MS - 1e-3, now),
          "forgot too early",
        );
      }
    }),
  );
});

Deno.test("WindowedMin forgets all at once after a pause longer than its window", () => {
  const min = new WindowedMin(WINDOW_MS);
  min.add(1, 0);
  min.add(7, 10 * WINDOW_MS);
  assert.equal(min.value, 7);
});

Deno.test("WindowedMin.reset makes the next sample the least", () => {
  const min = new WindowedMin(WINDOW_MS);
  min.add(1, 0);
  min.reset();
  assert.equal(min.value, Infinity);
  min.add(9, 1);
  assert.equal(min.value, 9);
});
