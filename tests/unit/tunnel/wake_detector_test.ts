import assert from "node:assert/strict";
import { WakeDetector } from "../../../src/tunnel/wake_detector.ts";

/** A detector that has looked each second for ten. */
function settled(): WakeDetector {
  const detector = new WakeDetector();
  for (let s = 0; s <= 10; s++) assert.equal(detector.look(s * 1_000, 5e11 + s * 1_000), 0);
  return detector;
}

Deno.test("WakeDetector sees a machine that slept: the monotonic clock stood still", () => {
  const detector = settled();
  assert.equal(detector.look(10_700, 5e11 + 10_700 + 3_600_000), 3_600_700);
  assert.equal(detector.look(11_700, 5e11 + 11_700 + 3_600_000), 0, "once");
});

Deno.test("WakeDetector sees a program that was stopped: both clocks went on", () => {
  const detector = settled();
  assert.equal(detector.look(15_000, 5e11 + 15_000), 5_000);
  assert.equal(detector.look(16_000, 5e11 + 16_000), 0);
});

Deno.test("WakeDetector takes a late timer of a busy machine for none", () => {
  const detector = settled();
  assert.equal(detector.look(13_000, 5e11 + 13_000), 0);
});

Deno.test("WakeDetector lets clocks be slewed, stepped a little, and set back", () => {
  const detector = settled();
  assert.equal(detector.look(11_000, 5e11 + 12_500), 0);
  assert.equal(detector.look(12_000, 5e11 - 3_600_000), 0);
  assert.equal(detector.look(13_000, 5e11 - 3_599_000), 0);
});
