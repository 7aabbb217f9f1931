import assert from "node:assert/strict";
import { compareStamps, nextStamp, stampOf } from "../../../src/peer/stamp.ts";
import { StampSource } from "../../../src/peer/stamp_source.ts";

Deno.test("StampSource.next follows the clock while that goes on", () => {
  let wallMs = 1_000;
  const stamps = new StampSource(() => wallMs);
  assert.deepEqual(stamps.next(), stampOf(1_000));
  wallMs = 9_999;
  assert.deepEqual(stamps.next(), stampOf(9_999));
});

Deno.test("StampSource.next grows when the clock stands still or goes back", () => {
  let wallMs = 1_000;
  const stamps = new StampSource(() => wallMs);
  let last = stamps.next();
  for (wallMs of [1_000, 1_000, 0, -1, NaN, 999]) {
    const stamp = stamps.next();
    assert.ok(compareStamps(stamp, last) > 0, `at ${wallMs} ms`);
    last = stamp;
  }
});

Deno.test("StampSource.raise puts all further stamps behind one, and takes none back", () => {
  const stamps = new StampSource(() => 0);
  stamps.raise(stampOf(5_000));
  stamps.raise(stampOf(4_000));
  assert.deepEqual(stamps.next(), nextStamp(stampOf(5_000)));
});
