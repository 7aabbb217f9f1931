import assert from "node:assert/strict";
import { EvpOpener, EvpSealer } from "../../../ffi/evp_aead.ts";
import { liveEvpContexts } from "../../../ffi/evp_context.ts";
import { loadLibcrypto, openLibcrypto } from "../../../ffi/libcrypto.ts";
import { isLibcryptoThere } from "../../support/libcrypto.ts";
import { AEAD_VECTORS, openVector, sealVector } from "../crypto/aead_vectors.ts";

const ignore = !isLibcryptoThere();

const key = Uint8Array.from({ length: 32 }, (_, i) => 7 * i);
const CIPHERS = ["ChaCha20-Poly1305", "AES-256-GCM"] as const;

function slotOf(sizeBytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new ArrayBuffer(sizeBytes));
}

Deno.test("openLibcrypto lists every library that it tried", () => {
  assert.throws(
    () => openLibcrypto(["libbindlink-none.so.1", "libbindlink-none.so.2"]),
    /^Error: Cannot load libcrypto, tried libbindlink-none\.so\.1: .+; libbindlink-none\.so\.2: /,
  );
});

Deno.test("openLibcrypto refuses a library that lacks its functions, and says which", {
  ignore: Deno.build.os !== "linux",
}, () => {
  assert.throws(() => openLibcrypto(["libc.so.6"]), /libc\.so\.6: .*(EVP_|ERR_|OpenSSL_)/);
});

Deno.test("loadLibcrypto gives the same library each time, with its version", { ignore }, () => {
  assert.equal(loadLibcrypto(), loadLibcrypto());
  assert.match(loadLibcrypto().label, /libcrypto.* \(OpenSSL \d+\.\d+/);
});

for (const vector of AEAD_VECTORS) {
  const additionalBytes = vector.additionalData.length / 2;
  const options = {
    cipher: vector.cipher,
    key: Uint8Array.fromHex(vector.key),
    additionalBytes,
  };

  Deno.test(`EvpSealer gives the bytes of ${vector.what}`, { ignore }, () => {
    using sealer = new EvpSealer(options);
    assert.equal(sealVector(vector, sealer), vector.ciphertext + vector.tag);
  });

  Deno.test(`EvpOpener opens ${vector.what}`, { ignore }, () => {
    using opener = new EvpOpener(options);
    assert.equal(openVector(vector, opener), vector.plaintext);
  });
}

Deno.test("EvpSealer refuses a key that is not 32 bytes", { ignore }, () => {
  for (const length of [0, 16, 31, 33]) {
    const options = { cipher: CIPHERS[0], key: new Uint8Array(length), additionalBytes: 16 };
    assert.throws(() => new EvpSealer(options), /AEAD key of/);
    assert.throws(() => new EvpOpener(options), /AEAD key of/);
  }
});

Deno.test("EvpSealer.seal refuses offsets outside the buffers", { ignore }, () => {
  using sealer = new EvpSealer({ cipher: CIPHERS[1], key, additionalBytes: 16 });
  const src = slotOf(256);
  const dst = slotOf(300);
  const seal = (srcStart: number, srcEnd: number, dstStart: number): void =>
    sealer.seal(src, srcStart, srcEnd, dst, dstStart, 0, 0, 1);
  for (
    const [srcStart, srcEnd, dstStart] of [
      [-1, 10, 16],
      [0, 257, 16],
      [11, 10, 16],
      [0, 256, 29],
      [0, 10, 15],
      [0, 10, -16],
      [0, 10, 300],
      [NaN, 10, 16],
      [0, NaN, 16],
      [0, 10, NaN],
      [0, 10, Infinity],
    ] as const
  ) {
    assert.throws(() => seal(srcStart, srcEnd, dstStart), /outside of a buffer/);
  }
  seal(0, 256, 28);
  seal(0, 10, 16);
});

Deno.test("EvpOpener.open refuses offsets outside the buffers", { ignore }, () => {
  using opener = new EvpOpener({ cipher: CIPHERS[1], key, additionalBytes: 16 });
  const src = slotOf(256);
  const dst = slotOf(200);
  const open = (srcStart: number, srcEnd: number, dstStart: number): boolean =>
    opener.open(src, srcStart, srcEnd, dst, dstStart, 0, 0, 1);
  for (
    const [srcStart, srcEnd, dstStart] of [
      [15, 100, 0],
      [16, 257, 0],
      [50, 49, 0],
      [16, 233, 0],
      [16, 100, 133],
      [16, 100, -1],
      [NaN, 100, 0],
      [16, NaN, 0],
      [16, 100, NaN],
    ] as const
  ) {
    assert.throws(() => open(srcStart, srcEnd, dstStart), /outside of a buffer/);
  }
  assert.equal(open(16, 232, 0), false);
  assert.equal(open(16, 100, 132), false);
});

Deno.test("EvpSealer.seal refuses a buffer that V8 may move, and one that was given away", {
  ignore,
}, () => {
  using sealer = new EvpSealer({ cipher: CIPHERS[1], key, additionalBytes: 16 });
  const slot = slotOf(256);
  const small = new Uint8Array(64);
  assert.throws(() => sealer.seal(small, 16, 20, slot, 16, 0, 0, 1), /may move/);
  assert.throws(() => sealer.seal(slot, 16, 20, small, 16, 0, 0, 1), /may move/);
  sealer.seal(slot, 16, 20, slot, 16, 0, 0, 1);
  const elsewhere = slot.buffer.transfer();
  assert.throws(() => sealer.seal(slot, 16, 20, slot, 16, 0, 0, 2), /outside of a buffer/);
  assert.equal(elsewhere.byteLength, 256);
});

Deno.test("EvpSealer's context is freed, once", { ignore }, () => {
  const before = liveEvpContexts();
  const options = { cipher: CIPHERS[0], key, additionalBytes: 16 };
  const all = [new EvpSealer(options), new EvpOpener(options)];
  assert.equal(liveEvpContexts(), before + 2);
  for (const it of [...all, ...all]) it[Symbol.dispose]();
  assert.equal(liveEvpContexts(), before);
});

Deno.test(
  "EvpSealer seals a thousand buffers in turn, also after garbage collections",
  {
    ignore,
  },
  () => {
    for (const cipher of CIPHERS) {
      using sealer = new EvpSealer({ cipher, key, additionalBytes: 16 });
      using opener = new EvpOpener({ cipher, key, additionalBytes: 16 });
      const slots = Array.from({ length: 1_000 }, () => slotOf(512));
      for (const [i, slot] of slots.entries()) slot.fill(i, 16, 400);
      for (const [i, slot] of slots.entries()) sealer.seal(slot, 16, 400, slot, 16, 1, 2, i);
      const garbage: Uint8Array[] = [];
      for (let i = 0; i < 2_000; i++) garbage[i % 10] = slotOf(100_000);
      for (let i = 1; i < slots.length; i++) {
        const opened = slots[i - 1]!; // whose own packet was opened before
        assert(opener.open(slots[i]!, 16, 416, opened, 100, 1, 2, i), `packet ${i}`);
        assert(opened.subarray(100, 484).every((byte) => byte === (i & 0xff)), `packet ${i}`);
      }
    }
  },
);
