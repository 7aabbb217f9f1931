import assert from "node:assert/strict";
import {
  chachaPolyOpen,
  chachaPolySeal,
  hash,
  hkdf,
  hmac,
  isEqual,
  mac,
  nobleDiffieHellman,
  xchachaPolyOpen,
  xchachaPolySeal,
} from "../../../src/peer/primitives.ts";
import { fromHex, toHex } from "../../support/hex.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);

/** RFC 8439 §2.8.2 and draft-irtf-cfrg-xchacha-03 §A.3.1 seal the same text. */
const SUNSCREEN = bytesOf(
  "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, " +
    "sunscreen would be it.",
);

Deno.test("hash gives RFC 7693's digest, however its input is cut", () => {
  const digest = "508c5e8c327c14e2e1a72ba34eeb452f37458b209ed63a294d999b4c86675982";
  assert.equal(toHex(hash(bytesOf("abc"))), digest);
  assert.equal(toHex(hash(bytesOf("a"), new Uint8Array(0), bytesOf("bc"))), digest);
});

// Made by Python's hashlib.blake2s(data, key=key, digest_size=16).
Deno.test("mac gives what another implementation gives for keyed BLAKE2s of 16 bytes", () => {
  const long = Uint8Array.from({ length: 256 }, (_, i) => i);
  assert.equal(toHex(mac(KEY, new Uint8Array(0))), "9536f9b267655743dee97b8a670f9f53");
  assert.equal(toHex(mac(KEY, bytesOf("bindlink"))), "29fe1da68b1eee497c09eeabfdc03694");
  assert.equal(toHex(mac(KEY, long)), "d5a40ec316c751a63cd0d91157fa1ebb");
  assert.equal(
    toHex(mac(KEY.subarray(0, 16), bytesOf("bindlink"))),
    "05d2f49c06ee2fd9ec23b00a7675faa6",
  );
});

// Made by Python's hmac.new(key, data, hashlib.blake2s).
Deno.test("hmac gives what another implementation gives, for keys of up to a block and longer ones", () => {
  assert.equal(
    toHex(hmac(KEY, bytesOf("bindlink"))),
    "640a80128684e1932710e1f1e7de4485e9c1780df445340fbfb6992397d6f8be",
  );
  assert.equal(
    toHex(hmac(Uint8Array.from({ length: 100 }, (_, i) => i), bytesOf("bindlink"))),
    "d0c7657ca882ba08a5bb38892ae3a9508958f280646d3b3a15f5d3bb66ac1532",
  );
});

Deno.test("hkdf gives Noise's outputs, of which fewer are the first ones", () => {
  const outputs = [
    "79f4746530ca8c44c046d13f6148ecb897e1b5fcc2e89485294a40c1a93538cd",
    "09d7aa7e282ab0e5538238a28e2c3067d9207d9f01f6ca814da9171292020b3e",
    "b0a442f87e822c2d5e2627766318c8e0a2b98636bcd81154aef82dadc821d3b0",
  ];
  for (const count of [1, 2, 3] as const) {
    assert.deepEqual(hkdf(KEY, bytesOf("ikm"), count).map(toHex), outputs.slice(0, count));
  }
});

Deno.test("chachaPolyOpen opens what chachaPolySeal sealed, under the same counter only", () => {
  for (const counter of [0, 1, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER]) {
    const sealed = chachaPolySeal(KEY, counter, bytesOf("header"), SUNSCREEN);
    assert.equal(sealed.length, SUNSCREEN.length + 16);
    assert.deepEqual(chachaPolyOpen(KEY, counter, bytesOf("header"), sealed), SUNSCREEN);
    const other = counter === 0 ? 1 : counter - 1;
    assert.equal(chachaPolyOpen(KEY, other, bytesOf("header"), sealed), null);
  }
});

Deno.test("chachaPolyOpen gives null for every flipped byte, every length, another header", () => {
  const sealed = chachaPolySeal(KEY, 7, bytesOf("header"), bytesOf("text"));
  for (let i = 0; i < sealed.length; i++) {
    const bad = Uint8Array.from(sealed);
    bad[i]! ^= 1;
    assert.equal(chachaPolyOpen(KEY, 7, bytesOf("header"), bad), null);
    assert.equal(chachaPolyOpen(KEY, 7, bytesOf("header"), sealed.subarray(0, i)), null);
  }
  assert.equal(chachaPolyOpen(KEY, 7, bytesOf("Header"), sealed), null);
});

Deno.test("chachaPolySeal refuses a counter that does not fit exactly", () => {
  for (const counter of [-1, 0.5, 2 ** 53, NaN]) {
    assert.throws(() => chachaPolySeal(KEY, counter, KEY, KEY), /no counter of a nonce/);
  }
});

Deno.test("xchachaPolySeal gives the draft's ciphertext and tag", () => {
  const key = fromHex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
  const nonce = fromHex("404142434445464748494a4b4c4d4e4f5051525354555657");
  const additionalData = fromHex("50515253c0c1c2c3c4c5c6c7");
  const sealed = xchachaPolySeal(key, nonce, additionalData, SUNSCREEN);
  assert.equal(
    toHex(sealed),
    "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb" +
      "731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452" +
      "2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9" +
      "21f9664c97637da9768812f615c68b13b52e" +
      "c0875924c1c7987947deafd8780acf49",
  );
  assert.deepEqual(xchachaPolyOpen(key, nonce, additionalData, sealed), SUNSCREEN);
});

Deno.test("xchachaPolyOpen gives null for every flipped byte, every length, another nonce", () => {
  const nonce = new Uint8Array(24);
  const sealed = xchachaPolySeal(KEY, nonce, KEY, bytesOf("text"));
  for (let i = 0; i < sealed.length; i++) {
    const bad = Uint8Array.from(sealed);
    bad[i]! ^= 0x80;
    assert.equal(xchachaPolyOpen(KEY, nonce, KEY, bad), null);
    assert.equal(xchachaPolyOpen(KEY, nonce, KEY, sealed.subarray(0, i)), null);
  }
  assert.equal(xchachaPolyOpen(KEY, new Uint8Array(24).fill(1), KEY, sealed), null);
});

Deno.test("isEqual compares lengths and every byte", () => {
  assert.equal(isEqual(KEY, Uint8Array.from(KEY)), true);
  assert.equal(isEqual(new Uint8Array(0), new Uint8Array(0)), true);
  assert.equal(isEqual(KEY, KEY.subarray(0, 31)), false);
  for (let i = 0; i < KEY.length; i++) {
    const other = Uint8Array.from(KEY);
    other[i]! ^= 0x10;
    assert.equal(isEqual(KEY, other), false);
  }
});

Deno.test("nobleDiffieHellman gives RFC 7748's keys and shared secret", () => {
  const alice = fromHex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const bob = fromHex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  const alicePublic = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
  const bobPublic = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
  const shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  assert.equal(toHex(nobleDiffieHellman.publicKey(alice)), alicePublic);
  assert.equal(toHex(nobleDiffieHellman.publicKey(bob)), bobPublic);
  assert.equal(toHex(nobleDiffieHellman.sharedSecret(alice, fromHex(bobPublic))!), shared);
  assert.equal(toHex(nobleDiffieHellman.sharedSecret(bob, fromHex(alicePublic))!), shared);
});

Deno.test("nobleDiffieHellman.sharedSecret gives null for public keys of low order", () => {
  // Order 1, 2, 4 and 8, and the same plus p: https://cr.yp.to/ecdh.html#validate.
  const lowOrder = [
    "00".repeat(32),
    `01${"00".repeat(31)}`,
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    `ec${"ff".repeat(30)}7f`,
    `ed${"ff".repeat(30)}7f`,
    `ee${"ff".repeat(30)}7f`,
  ];
  for (const publicKey of lowOrder) {
    assert.equal(nobleDiffieHellman.sharedSecret(KEY, fromHex(publicKey)), null, publicKey);
  }
});

Deno.test("Primitives refuse keys of a wrong length, which only a bug makes", () => {
  const short = KEY.subarray(1);
  assert.throws(() => chachaPolySeal(short, 0, KEY, KEY), /^Error: Invariant: a key has 32 bytes/);
  assert.throws(() => chachaPolyOpen(short, 0, KEY, KEY), /^Error: Invariant: a key/);
  assert.throws(() => xchachaPolyOpen(KEY, KEY, KEY, KEY), /^Error: Invariant: a nonce has 24/);
  assert.throws(
    () => nobleDiffieHellman.sharedSecret(KEY, short),
    /^Error: Invariant: a public key/,
  );
});

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
