import assert from "node:assert/strict";
import { x25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { nodeDiffieHellman } from "../../../src/crypto/x25519.ts";

const hex = Uint8Array.fromHex;
const { publicKey, sharedSecret } = nodeDiffieHellman;

/** noble throws where the shared secret is all zeros. */
function nobleSharedSecret(secret: Uint8Array, point: Uint8Array): string | null {
  try {
    return x25519.getSharedSecret(secret, point).toHex();
  } catch {
    return null;
  }
}

const KEYS = fc.uint8Array({ minLength: 32, maxLength: 32 });

Deno.test("nodeDiffieHellman gives the answers of RFC 7748 section 5.2", () => {
  for (
    const [scalar, point, expected] of [
      [
        "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
        "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552",
      ],
      [
        "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
        "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957",
      ],
    ] as const
  ) {
    assert.equal(sharedSecret(hex(scalar), hex(point))?.toHex(), expected);
  }
});

Deno.test("nodeDiffieHellman gives RFC 7748's answer after a thousand rounds", () => {
  let k = hex(`09${"00".repeat(31)}`);
  let u = k;
  for (let round = 0; round < 1_000; round++) [k, u] = [sharedSecret(k, u)!, k];
  assert.equal(k.toHex(), "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51");
});

Deno.test("nodeDiffieHellman gives the answers of RFC 7748 section 6.1", () => {
  const alice = hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const bob = hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  const alicePublic = publicKey(alice);
  const bobPublic = publicKey(bob);
  assert.equal(
    alicePublic.toHex(),
    "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
  );
  assert.equal(
    bobPublic.toHex(),
    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
  );
  const expected = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  assert.equal(sharedSecret(alice, bobPublic)?.toHex(), expected);
  assert.equal(sharedSecret(bob, alicePublic)?.toHex(), expected);
});

Deno.test("nodeDiffieHellman gives noble's answers for any keys", () => {
  fc.assert(
    fc.property(KEYS, KEYS, (secret, point) => {
      assert.equal(publicKey(secret).toHex(), x25519.getPublicKey(secret).toHex());
      assert.equal(
        sharedSecret(secret, point)?.toHex() ?? null,
        nobleSharedSecret(secret, point),
      );
    }),
    { numRuns: 40 },
  );
});

Deno.test("nodeDiffieHellman clamps a secret key, as RFC 7748 section 5 has it", () => {
  fc.assert(
    fc.property(KEYS, (secret) => {
      const clamped = Uint8Array.from(secret);
      clamped[0]! &= 248;
      clamped[31] = clamped[31]! & 127 | 64;
      assert.deepEqual(publicKey(secret), publicKey(clamped));
      assert.deepEqual(sharedSecret(secret, BASE_POINT), publicKey(clamped));
    }),
    { numRuns: 20 },
  );
});

Deno.test("nodeDiffieHellman gives null for a point of low order", () => {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  for (const point of LOW_ORDER_POINTS.map(hex)) {
    for (const highBit of [0, 0x80]) { // not part of the number
      const sent = Uint8Array.from(point);
      sent[31]! |= highBit;
      assert.equal(sharedSecret(secret, sent), null, sent.toHex());
      assert.equal(nobleSharedSecret(secret, sent), null, sent.toHex());
    }
  }
});

Deno.test("nodeDiffieHellman takes a number above the field's for what is left of it, as noble does", () => {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  // 2^255 - 19 + n for n from 2 to 18: all that fit into 255 bits, but for those of low order.
  for (let n = 2; n <= 18; n++) {
    const above = hex(`${(0xed + n).toString(16)}${"ff".repeat(30)}7f`);
    const canonical = hex(`${n.toString(16).padStart(2, "0")}${"00".repeat(31)}`);
    const shared = sharedSecret(secret, above);
    assert(shared);
    assert.deepEqual(shared, sharedSecret(secret, canonical), `2^255 - 19 + ${n}`);
    assert.equal(shared.toHex(), nobleSharedSecret(secret, above));
  }
});

Deno.test("nodeDiffieHellman ignores the highest bit of a public key", () => {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  const point = publicKey(crypto.getRandomValues(new Uint8Array(32)));
  const flagged = Uint8Array.from(point);
  flagged[31]! |= 0x80;
  assert.deepEqual(sharedSecret(secret, flagged), sharedSecret(secret, point));
});

Deno.test("nodeDiffieHellman refuses keys of another length, and leaves its arguments alone", () => {
  const key = crypto.getRandomValues(new Uint8Array(32));
  const before = key.slice();
  for (const length of [0, 31, 33]) {
    assert.throws(() => publicKey(new Uint8Array(length)), /X25519 key of/);
    assert.throws(() => sharedSecret(new Uint8Array(length), key), /X25519 key of/);
    assert.throws(() => sharedSecret(key, new Uint8Array(length)), /X25519 key of/);
  }
  const shared = sharedSecret(key, key);
  assert.deepEqual(key, before);
  assert.equal(shared?.buffer.byteLength, 32, "memory of its own");
  assert.equal(publicKey(key).buffer.byteLength, 32, "memory of its own");
});

const BASE_POINT = hex(`09${"00".repeat(31)}`);

/** 0, 1, the two of order 8, and p - 1, p, p + 1: https://cr.yp.to/ecdh.html#validate. */
const LOW_ORDER_POINTS: readonly string[] = [
  "00".repeat(32),
  `01${"00".repeat(31)}`,
  "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
  "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
  `ec${"ff".repeat(30)}7f`,
  `ed${"ff".repeat(30)}7f`,
  `ee${"ff".repeat(30)}7f`,
];
