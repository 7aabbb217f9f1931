import assert from "node:assert/strict";
import {
  openSodiumAead,
  openSodiumMemory,
  SODIUM_MAX_PACKET_BYTES,
  SodiumOpener,
  SodiumSealer,
} from "../../../src/crypto/sodium_aead.ts";
import { CipherId } from "../../../src/peer/aead.ts";
import { AEAD_VECTORS, openVector, sealVector } from "./aead_vectors.ts";

const memory = await openSodiumMemory();
const provider = await openSodiumAead();
const key = crypto.getRandomValues(new Uint8Array(32));

for (const vector of AEAD_VECTORS.filter(({ cipher }) => cipher === "ChaCha20-Poly1305")) {
  const key = Uint8Array.fromHex(vector.key);
  const additionalBytes = vector.additionalData.length / 2;

  Deno.test(`SodiumSealer gives the bytes of ${vector.what}`, () => {
    using sealer = new SodiumSealer(memory, key, additionalBytes);
    assert.equal(sealVector(vector, sealer), vector.ciphertext + vector.tag);
  });

  Deno.test(`SodiumOpener opens ${vector.what}`, () => {
    using opener = new SodiumOpener(memory, key, additionalBytes);
    assert.equal(openVector(vector, opener), vector.plaintext);
  });
}

Deno.test("openSodiumAead has ChaCha20-Poly1305 and nothing else", () => {
  assert.deepEqual(provider.ciphers, [CipherId.CHACHA20_POLY1305]);
  assert.match(provider.label, /^libsodium \d+\.\d+\.\d+ \(WebAssembly\)$/);
  assert.throws(() => provider.createSealer(CipherId.AES_256_GCM, key), /no cipher 2/);
  assert.throws(() => provider.createOpener(CipherId.AES_256_GCM, key), /no cipher 2/);
});

Deno.test("SodiumSealer refuses a key that is not 32 bytes", () => {
  for (const length of [0, 31, 33]) {
    const wrong = new Uint8Array(length);
    assert.throws(() => new SodiumSealer(memory, wrong, 16), /AEAD key of/);
    assert.throws(() => new SodiumOpener(memory, wrong, 16), /AEAD key of/);
  }
});

Deno.test("SodiumSealer's key is in the library's memory until it is disposed of", () => {
  const ciphers = [new SodiumSealer(memory, key, 16), new SodiumOpener(memory, key, 16)];
  assert.equal(countInMemory(key), 2);
  for (const cipher of ciphers) cipher[Symbol.dispose]();
  assert.equal(countInMemory(key), 0);
});

Deno.test("SodiumSealer's memory is used again: no number of sessions makes it grow", () => {
  const useThousand = (): void => {
    using stack = new DisposableStack();
    for (let i = 0; i < 1_000; i++) stack.use(new SodiumSealer(memory, key, 16));
  };
  useThousand();
  const sizeBytes = memory.raw.HEAPU8.length;
  // 200,000 keys that were not freed would be 6 MB at least, of a memory of 4.
  for (let round = 0; round < 200; round++) useThousand();
  assert.equal(memory.raw.HEAPU8.length, sizeBytes);
});

Deno.test("SodiumSealer goes on when the library's memory has grown, and moved", () => {
  using sealer = new SodiumSealer(memory, key, 16);
  using opener = new SodiumOpener(memory, key, 16);
  const packet = Uint8Array.from({ length: 200 }, (_, i) => i);
  const expected = packet.slice();
  sealer.seal(expected, 16, 100, expected, 16, 1, 2, 3);
  const before = memory.raw.HEAPU8;
  const at = memory.raw._malloc(before.length);
  try {
    assert.notEqual(memory.raw.HEAPU8, before);
    const actual = packet.slice();
    sealer.seal(actual, 16, 100, actual, 16, 1, 2, 3);
    assert.deepEqual(actual, expected);
    assert(opener.open(actual, 16, 116, actual, 16, 1, 2, 3));
    assert.deepEqual(actual.subarray(0, 100), packet.subarray(0, 100));
  } finally {
    memory.raw._free(at);
  }
});

Deno.test("SodiumSealer refuses what is larger than its memory's place for a packet", () => {
  using sealer = new SodiumSealer(memory, key, 16);
  using opener = new SodiumOpener(memory, key, 16);
  const packet = new Uint8Array(new ArrayBuffer(SODIUM_MAX_PACKET_BYTES + 100));
  const most = 16 + SODIUM_MAX_PACKET_BYTES;
  assert.throws(() => sealer.seal(packet, 16, most + 1, packet, 16, 0, 0, 1), /outside/);
  sealer.seal(packet, 16, most, packet, 16, 0, 0, 1);
  assert.equal(opener.open(packet, 16, most + 17, packet, 16, 0, 0, 1), false);
  assert.equal(opener.open(packet, 16, most + 16, packet, 16, 0, 0, 1), true);
});

Deno.test("SodiumOpener leaves dst alone when it refuses", () => {
  using opener = new SodiumOpener(memory, key, 16);
  const packet = crypto.getRandomValues(new Uint8Array(200));
  const dst = packet.slice();
  assert.equal(opener.open(packet, 16, 200, dst, 16, 0, 0, 1), false);
  assert.deepEqual(dst, packet);
});

function countInMemory(bytes: Uint8Array): number {
  const heap = memory.raw.HEAPU8;
  let count = 0;
  for (let at = heap.indexOf(bytes[0]!); at >= 0; at = heap.indexOf(bytes[0]!, at + 1)) {
    if (bytes.every((byte, i) => heap[at + i] === byte)) count++;
  }
  return count;
}
