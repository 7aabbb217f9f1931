import assert from "node:assert/strict";
import fc from "fast-check";
import { openMac1 } from "../../../src/crypto/mac1.ts";
import { mac1KeyOf } from "../../../src/peer/handshake_message.ts";
import { mac } from "../../../src/peer/primitives.ts";

const PUBLIC_KEY = Uint8Array.from({ length: 32 }, (_, i) => 3 * i);
const MAC1_KEY = mac1KeyOf(PUBLIC_KEY);

Deno.test("openMac1's MAC is noble's, at every length around BLAKE2s's blocks", async () => {
  const mac1 = await openMac1(PUBLIC_KEY);
  const bytes = Uint8Array.from({ length: 600 }, (_, i) => i * i);
  for (let length = 0; length <= bytes.length; length++) {
    const part = bytes.subarray(0, length);
    assert.deepEqual(Uint8Array.from(mac1(part)), mac(MAC1_KEY, part), `${length} bytes`);
  }
});

Deno.test("openMac1's MAC is noble's for any bytes, wherever they lie in their buffer", async () => {
  const mac1 = await openMac1(PUBLIC_KEY);
  fc.assert(fc.property(fc.uint8Array({ minLength: 3, maxLength: 70_000 }), (bytes) => {
    const part = bytes.subarray(1, -1);
    assert.deepEqual(Uint8Array.from(mac1(part)), mac(MAC1_KEY, part));
  }));
});

Deno.test("openMac1's result is the caller's: the next call leaves it as it is", async () => {
  const mac1 = await openMac1(PUBLIC_KEY);
  const first = mac1(PUBLIC_KEY);
  const copy = Uint8Array.from(first);
  mac1(new Uint8Array(100));
  assert.deepEqual(Uint8Array.from(first), copy);
});

Deno.test("openMac1's MACs under several keys do not disturb each other", async () => {
  const other = PUBLIC_KEY.map((byte) => byte ^ 0xff);
  const [one, two] = [await openMac1(PUBLIC_KEY), await openMac1(other)];
  for (let i = 0; i < 10; i++) {
    assert.deepEqual(Uint8Array.from(one(PUBLIC_KEY)), mac(MAC1_KEY, PUBLIC_KEY));
    assert.deepEqual(Uint8Array.from(two(PUBLIC_KEY)), mac(mac1KeyOf(other), PUBLIC_KEY));
  }
});
