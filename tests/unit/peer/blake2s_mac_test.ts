import assert from "node:assert/strict";
import fc from "fast-check";
import { blake2sMac } from "../../../src/peer/blake2s_mac.ts";
import { mac } from "../../../src/peer/primitives.ts";
import { toHex } from "../../support/hex.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);

// Made by Python's hashlib.blake2s(data, key=key, digest_size=16).
Deno.test("blake2sMac gives what another implementation gives", () => {
  const long = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.equal(toHex(blake2sMac(KEY, new Uint8Array(0))), "9536f9b267655743dee97b8a670f9f53");
  assert.equal(toHex(blake2sMac(KEY, long)), "d5a40ec316c751a63cd0d91157fa1ebb");
  assert.equal(toHex(blake2sMac(KEY.subarray(0, 16), long)), "805afb4e310e5a99118d41c16c0320da");
});

Deno.test("blake2sMac gives what noble gives, at every length around its blocks", () => {
  const data = Uint8Array.from({ length: 520 }, (_, i) => i * 31);
  for (let length = 0; length <= data.length; length++) {
    const part = data.subarray(length % 5, length);
    assert.deepEqual(blake2sMac(KEY, part), mac(KEY, part), `${length} bytes`);
  }
});

Deno.test("blake2sMac gives what noble gives, for any key and bytes", () => {
  const keys = fc.uint8Array({ minLength: 1, maxLength: 32 });
  fc.assert(fc.property(keys, fc.uint8Array({ maxLength: 600 }), (key, data) => {
    assert.deepEqual(blake2sMac(key, data), mac(key, data));
  }));
});

Deno.test("blake2sMac's result is the caller's: the next call leaves it as it is", () => {
  const first = blake2sMac(KEY, KEY);
  const copy = Uint8Array.from(first);
  blake2sMac(KEY, new Uint8Array(100));
  assert.deepEqual(first, copy);
});

Deno.test("blake2sMac refuses a key of a wrong length, which only a bug makes", () => {
  assert.throws(() => blake2sMac(new Uint8Array(0), KEY), /^Error: Invariant: a MAC's key/);
  assert.throws(() => blake2sMac(new Uint8Array(33), KEY), /^Error: Invariant: a MAC's key/);
});
