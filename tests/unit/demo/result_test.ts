import assert from "node:assert/strict";
import { type DemoResult, findFaults } from "../../../scripts/demo/result.ts";

const GOOD: DemoResult = {
  aloneBps: 19e6,
  togetherBps: 29e6,
  afterCutBps: 10e6,
  longestGapMs: 30,
};
const SURVIVING_BPS = 11e6;

Deno.test("findFaults finds none in a good run", () => {
  assert.deepEqual(findFaults(GOOD, SURVIVING_BPS), []);
});

Deno.test("findFaults wants the sum clearly above the best phone", () => {
  const faults = findFaults({ ...GOOD, togetherBps: 22e6 }, SURVIVING_BPS);
  assert.deepEqual(faults, ["three phones together gave 1.16 times the best one, not 1.2"]);
});

Deno.test("findFaults wants the tunnel to carry on after the cut", () => {
  const faults = findFaults({ ...GOOD, afterCutBps: 0 }, SURVIVING_BPS);
  assert.match(faults.join(), /after the cut 0\.0 Mbit\/s came through/);
});

Deno.test("findFaults does not take a long pause for survival", () => {
  const faults = findFaults({ ...GOOD, longestGapMs: 9_000 }, SURVIVING_BPS);
  assert.deepEqual(faults, ["nothing came through for 9.0 s"]);
});

Deno.test("findFaults finds a fault in figures that were never measured", () => {
  const nothing = { aloneBps: 0, togetherBps: 0, afterCutBps: 0, longestGapMs: 0 };
  assert.equal(findFaults(nothing, SURVIVING_BPS).length, 2);
});
