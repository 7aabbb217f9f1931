import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compareStamps,
  isStamp,
  momentOf,
  nextStamp,
  NO_STAMP,
  stampOf,
} from "../../../src/peer/stamp.ts";
import { fromHex, toHex } from "../../support/hex.ts";

/** What a clock can show: years 1970 to 275760. */
const clocks = fc.integer({ min: 0, max: 8_640_000_000_000_000 });

Deno.test("stampOf gives TAI64N: 2^62 + 10 s at the beginning of 1970", () => {
  assert.equal(toHex(stampOf(0)), "400000000000000a00000000");
  assert.equal(toHex(stampOf(1_700_000_000_123)), "400000006553f10a0754d4c0");
});

Deno.test("momentOf reads the moment that stampOf has written", () => {
  fc.assert(fc.property(clocks, (ms) => assert.equal(momentOf(stampOf(ms)), ms)));
});

Deno.test("stampOf carries into the high half of the seconds", () => {
  assert.equal(toHex(stampOf((2 ** 32 - 11) * 1_000)), "40000000ffffffff00000000");
  assert.equal(toHex(stampOf((2 ** 32 - 10) * 1_000)), "400000010000000000000000");
});

Deno.test("stampOf takes a clock without a time for 1970", () => {
  for (const wallClockMs of [-1, -1e15, NaN, -Infinity]) {
    assert.deepEqual(stampOf(wallClockMs), stampOf(0));
  }
});

Deno.test("Stamps are ordered as the clock's milliseconds are", () => {
  fc.assert(fc.property(clocks, clocks, (a, b) => {
    assert.equal(Math.sign(compareStamps(stampOf(a), stampOf(b))), Math.sign(a - b));
    assert.ok(isStamp(stampOf(a)));
  }));
});

Deno.test("nextStamp is later than the stamp, and not later than the next millisecond's", () => {
  fc.assert(fc.property(clocks, (ms) => {
    const next = nextStamp(stampOf(ms));
    assert.ok(isStamp(next));
    assert.ok(compareStamps(next, stampOf(ms)) > 0);
    assert.ok(compareStamps(next, stampOf(ms + 1)) < 0);
  }));
});

Deno.test("nextStamp carries from nanoseconds to seconds, and within them", () => {
  assert.equal(toHex(nextStamp(fromHex("40000000000000ff3b9ac9ff"))), "400000000000010000000000");
  assert.equal(toHex(nextStamp(fromHex("40000000ffffffff3b9ac9ff"))), "400000010000000000000000");
  assert.equal(toHex(nextStamp(NO_STAMP)), "000000000000000000000001");
});

Deno.test("nextStamp leaves the very last stamp as it is, and never leaves what a stamp can be", () => {
  const last = fromHex("7fffffffffffffff3b9ac9ff");
  assert.deepEqual(nextStamp(last), last);
  assert.notEqual(nextStamp(last), last);
});

Deno.test("nextStamp reads a view at any place of its buffer", () => {
  const buffer = Uint8Array.of(9, 9, 9, ...stampOf(5_000), 9);
  assert.deepEqual(nextStamp(buffer.subarray(3, 15)), nextStamp(stampOf(5_000)));
});

Deno.test("isStamp refuses reserved seconds, a second of nanoseconds, another length", () => {
  assert.ok(isStamp(NO_STAMP));
  assert.ok(isStamp(fromHex("7fffffffffffffff3b9ac9ff")));
  assert.ok(!isStamp(fromHex("800000000000000000000000")));
  assert.ok(!isStamp(fromHex("40000000000000003b9aca00")));
  assert.ok(!isStamp(fromHex("4000000000000000000000")));
  assert.ok(!isStamp(fromHex("40000000000000000000000000")));
});
