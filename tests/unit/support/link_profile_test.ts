import assert from "node:assert/strict";
import { changeProfile, linkProfile } from "../../support/link_profile.ts";

Deno.test("linkProfile without figures is a perfect link", () => {
  const profile = linkProfile();
  assert.equal(profile.rateBps, Infinity);
  assert.equal(profile.delayMs, 0);
  assert.equal(profile.lossFraction, 0);
});

Deno.test("linkProfile gives a queue of two round trips, of 200 ms at least, of 32 KiB at least", () => {
  assert.equal(linkProfile({ rateBps: 8_000_000, delayMs: 100 }).queueBytes, 400_000);
  assert.equal(linkProfile({ rateBps: 8_000_000, delayMs: 10 }).queueBytes, 200_000);
  assert.equal(linkProfile({ rateBps: 100_000, delayMs: 10 }).queueBytes, 32_768);
});

Deno.test("changeProfile leaves the queue as it is when the rate changes", () => {
  const profile = linkProfile({ rateBps: 8_000_000 });
  assert.equal(changeProfile(profile, { rateBps: 1_000_000 }).queueBytes, profile.queueBytes);
});

Deno.test("linkProfile refuses figures that make no sense, naming them", () => {
  assert.throws(() => linkProfile({ rateBps: -1 }), /rateBps is -1/);
  assert.throws(() => linkProfile({ rateBps: NaN }), /rateBps is NaN/);
  assert.throws(() => linkProfile({ lossFraction: 2 }), /lossFraction is 2/);
  assert.throws(
    () => linkProfile({ burstLoss: { fraction: 0.1, meanLengthPkts: 0 } }),
    /meanLength/,
  );
  const misspelt: Record<string, number> = { delay: 3 };
  assert.throws(() => linkProfile(misspelt), /no field "delay"/);
});
