import assert from "node:assert/strict";
import fc from "fast-check";
import { FlowHash } from "../../../src/wire/flow_hash.ts";

const MASK = 0xffff_ffffn;
const rotl = (value: bigint, bits: bigint): bigint =>
  (value << bits | value >> (32n - bits)) & MASK;

/** HalfSipHash-1-3 as its reference writes it, over words, without the length byte. */
function readableHash(seed: number, words: readonly number[]): number {
  const k0 = BigInt(seed) & MASK;
  const k1 = BigInt(seed) >> 32n & MASK;
  let [v0, v1, v2, v3] = [k0, k1, k0 ^ 0x6c796765n, k1 ^ 0x74656462n];
  const round = (): void => {
    v0 = (v0 + v1) & MASK;
    v1 = rotl(v1, 5n) ^ v0;
    v0 = rotl(v0, 16n);
    v2 = (v2 + v3) & MASK;
    v3 = rotl(v3, 8n) ^ v2;
    v0 = (v0 + v3) & MASK;
    v3 = rotl(v3, 7n) ^ v0;
    v2 = (v2 + v1) & MASK;
    v1 = rotl(v1, 13n) ^ v2;
    v2 = rotl(v2, 16n);
  };
  for (const word of words) {
    const m = BigInt(word) & MASK;
    v3 ^= m;
    round();
    v0 ^= m;
  }
  v2 ^= 0xffn;
  for (let i = 0; i < 3; i++) round();
  return Number((v1 ^ v3) & 0x7fff_ffffn);
}

Deno.test("FlowHash is HalfSipHash's rounds, for any seed and words", () => {
  const seed = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
  const words = fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { maxLength: 12 });
  fc.assert(fc.property(seed, words, (seed, words) => {
    const hash = new FlowHash(seed);
    for (let i = 0; i < 2; i++) {
      hash.reset();
      for (const word of words) hash.add(word);
      assert.equal(hash.finish(), readableHash(seed, words));
    }
  }));
});

Deno.test("FlowHash remembers the last hash, and no other: neither of fewer words nor after words that were given up", () => {
  const hashOf = (words: readonly number[], hash: FlowHash): number => {
    hash.reset();
    for (const word of words) hash.add(word);
    return hash.finish();
  };
  const hash = new FlowHash(12_345);
  const all = [
    [1, 2, 3],
    [1, 2],
    [1, 2, 3],
    [4, 2, 3],
    [4, 2, 3],
    [],
    Array.from({ length: 40 }, (_, i) => i),
  ];
  for (const words of [...all, ...all]) {
    assert.equal(hashOf(words, hash), hashOf(words, new FlowHash(12_345)));
    hash.reset();
    hash.add(9); // not finished
    assert.equal(hashOf(words, hash), hashOf(words, new FlowHash(12_345)));
    assert.equal(
      hashOf([9, ...words.slice(1)], hash),
      hashOf([9, ...words.slice(1)], new FlowHash(12_345)),
    );
  }
});
