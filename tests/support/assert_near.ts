/**
 * Assertions on measured figures.
 *
 * @module
 */

import assert from "node:assert/strict";

/** Fails unless `actual` is within `tolerance` of `expected`. @throws AssertionError naming all three. */
export function assertNear(
  actual: number,
  expected: number,
  tolerance: number,
  what: string,
): void {
  const isNear = Math.abs(actual - expected) <= tolerance;
  assert.ok(isNear, `${what}: ${actual}, not ${expected} ± ${tolerance}`);
}
