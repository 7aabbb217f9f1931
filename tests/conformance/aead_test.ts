/**
 * One suite for every implementation of the AEAD port that this machine has, each of its ciphers against noble's.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { openAeadProvider } from "../../src/crypto/aead_provider.ts";
import {
  AEAD_HEADER_BYTES,
  AEAD_KEY_BYTES,
  AEAD_TAG_BYTES,
  type AeadProvider,
  CipherId,
} from "../../src/peer/aead.ts";
import { HEADROOM_BYTES, MAX_PACKET_BYTES, Packet } from "../../src/wire/packet.ts";
import { isLibcryptoThere } from "../support/libcrypto.ts";
import { CIPHER_NAMES, NOBLE, sealByNoble } from "../support/aead_oracle.ts";
import { printFigures } from "../support/figures.ts";
import { mulberry32, testSeed } from "../support/rng.ts";
import { AEAD_VECTORS } from "../unit/crypto/aead_vectors.ts";

const seed = testSeed();
const random = mulberry32(seed);

printFigures("aead conformance", { seed: String(seed) });

// At module level: libraries stay open, and would count as a leak of whichever test came first.
const providers = [await openAeadProvider({ only: "libsodium" })];
// Where the library is there, it has to pass.
if (isLibcryptoThere()) providers.push(await openAeadProvider({ only: "libcrypto" }));

for (const { what, cipher, ...vector } of AEAD_VECTORS) {
  Deno.test(`the oracle gives the bytes of ${what}`, () => {
    const bytes = Uint8Array.fromHex;
    const sealed = NOBLE[cipher](
      bytes(vector.key),
      bytes(vector.nonce),
      bytes(vector.additionalData),
    )
      .encrypt(bytes(vector.plaintext));
    assert.equal(sealed.toHex(), vector.ciphertext + vector.tag);
  });
}

for (const provider of providers) {
  for (const cipher of provider.ciphers) describe(provider, cipher);
}

function describe(provider: AeadProvider, cipher: CipherId): void {
  const name = `${provider.label}, ${CIPHER_NAMES[cipher]}`;
  const key = randomBytes(AEAD_KEY_BYTES);

  /** Of the slot's header and `plaintext`, as noble seals it. */
  function oracle(
    slot: Packet,
    plaintext: Uint8Array,
    linkId: number,
    seqNo: number,
    ownKey: Uint8Array = key,
  ): string {
    const header = slot.bytes.subarray(slot.start - AEAD_HEADER_BYTES, slot.start);
    return sealByNoble(cipher, ownKey, { header, plaintext, linkId, seqNo }).toHex();
  }

  Deno.test(`${name}: seals the oracle's bytes and opens them again, in place and apart, at any size`, () => {
    using sealer = provider.createSealer(cipher, key);
    using opener = provider.createOpener(cipher, key);
    const [inner, sealed, opened] = [randomSlot(), randomSlot(), randomSlot()];
    const check = (size: number, linkId: number, seqNo: number): void => {
      fillRandomly(inner, size);
      const plaintext = inner.toBytes().slice();
      const { start } = sealed;
      const expected = oracle(sealed, plaintext, linkId, seqNo);
      sealer.seal(inner.bytes, inner.start, inner.end, sealed.bytes, start, linkId, seqNo);
      assert.deepEqual(inner.toBytes(), plaintext, "the plaintext stays");
      const end = sealed.end = start + size + AEAD_TAG_BYTES;
      assert.equal(sealed.toBytes().toHex(), expected, "apart");
      assert(opener.open(sealed.bytes, start, end, opened.bytes, opened.start, linkId, seqNo));
      assert.equal(sealed.toBytes().toHex(), expected, "what was sealed stays");
      opened.end = opened.start + size;
      assert.deepEqual(opened.toBytes(), plaintext, "apart");
      assert(opener.open(sealed.bytes, start, end, sealed.bytes, start, linkId, seqNo));
      sealed.end = start + size;
      assert.deepEqual(sealed.toBytes(), plaintext, "in place");
      sealer.seal(sealed.bytes, start, start + size, sealed.bytes, start, linkId, seqNo);
      sealed.end = start + size + AEAD_TAG_BYTES;
      assert.equal(sealed.toBytes().toHex(), expected, "in place");
    };
    for (const size of EDGE_SIZES) check(size, 255, size);
    const linkIds = fc.integer({ min: 1, max: 255 });
    fc.assert(fc.property(fc.nat(3_000), linkIds, fc.maxSafeNat(), check), { seed, numRuns: 40 });
    fc.assert(fc.property(fc.nat(MAX_PACKET_BYTES), linkIds, fc.maxSafeNat(), check), {
      seed,
      numRuns: 5,
    });
  });

  Deno.test(`${name}: the nonce is the link id and the sequence number, big-endian`, () => {
    using sealer = provider.createSealer(cipher, key);
    const slot = randomSlot();
    const plaintext = Uint8Array.of(1, 2, 3);
    const seen = new Set<string>();
    for (const seqNo of SEQUENCE_NUMBERS) {
      for (const linkId of [1, 2, 128, 255]) {
        slot.fill(plaintext);
        const expected = oracle(slot, plaintext, linkId, seqNo);
        sealer.seal(slot.bytes, slot.start, slot.end, slot.bytes, slot.start, linkId, seqNo);
        slot.end += AEAD_TAG_BYTES;
        assert.equal(slot.toBytes().toHex(), expected, `link ${linkId}, number ${seqNo}`);
        seen.add(expected);
      }
    }
    assert.equal(seen.size, 4 * SEQUENCE_NUMBERS.length);
  });

  Deno.test(`${name}: every flipped bit is refused, in header, ciphertext and tag`, () => {
    using opener = provider.createOpener(cipher, key);
    const { slot, plaintext } = sealedSlot(70);
    const { bytes, start, end } = slot;
    const apart = new Packet(1_000);
    const open = (): boolean => opener.open(bytes, start, end, apart.bytes, apart.start, 9, 77);
    for (let at = start - AEAD_HEADER_BYTES; at < end; at++) {
      for (let bit = 1; bit < 256; bit <<= 1) {
        bytes[at]! ^= bit;
        assert.equal(open(), false, `byte ${at - start}, bit ${bit}`);
        bytes[at]! ^= bit;
      }
    }
    assert.equal(open(), true);
    apart.end = apart.start + plaintext.length;
    assert.deepEqual(apart.toBytes(), plaintext);
  });

  Deno.test(`${name}: another link, number or key is refused, and what is cut or has grown`, () => {
    using opener = provider.createOpener(cipher, key);
    using stranger = provider.createOpener(cipher, randomBytes(AEAD_KEY_BYTES));
    const { slot } = sealedSlot(70);
    const { bytes, start, end } = slot;
    const to = new Packet(1_000);
    const open = (until: number, linkId: number, seqNo: number): boolean =>
      opener.open(bytes, start, until, to.bytes, to.start, linkId, seqNo);
    assert.equal(open(end, 8, 77), false);
    assert.equal(open(end, 9, 78), false);
    assert.equal(open(end, 9, 77 + 2 ** 32), false);
    assert.equal(stranger.open(bytes, start, end, to.bytes, to.start, 9, 77), false);
    for (let until = start; until < end; until++) assert.equal(open(until, 9, 77), false);
    assert.equal(open(end + 1, 9, 77), false);
    assert.equal(
      opener.open(bytes, start + 1, end, to.bytes, to.start, 9, 77),
      false,
      "its front cut off",
    );
    assert.equal(open(end, 9, 77), true);
  });

  Deno.test(`${name}: no byte is written outside of what is asked for`, () => {
    using sealer = provider.createSealer(cipher, key);
    using opener = provider.createOpener(cipher, key);
    for (const size of [0, 1, 15, 16, 17, 100, 1_400]) {
      const [inner, sealed, opened] = [randomSlot(), randomSlot(), randomSlot()];
      fillRandomly(inner, size);
      const sealedBefore = sealed.bytes.slice();
      const { start } = sealed;
      sealer.seal(inner.bytes, inner.start, inner.end, sealed.bytes, start, 1, size);
      const end = start + size + AEAD_TAG_BYTES;
      assertSameOutside(sealed.bytes, sealedBefore, start, end);
      const openedBefore = opened.bytes.slice();
      assert(opener.open(sealed.bytes, start, end, opened.bytes, opened.start, 1, size));
      assertSameOutside(opened.bytes, openedBefore, opened.start, opened.start + size);
    }
  });

  Deno.test(`${name}: offsets outside of the buffers are refused`, () => {
    using sealer = provider.createSealer(cipher, key);
    using opener = provider.createOpener(cipher, key);
    const { bytes } = new Packet(1_000);
    const size = bytes.length;
    for (const [from, to, at] of [[-1, 9, 20], [9, 5, 20], [20, size + 1, 20], [20, 40, 15]]) {
      assert.throws(() => sealer.seal(bytes, from!, to!, bytes, at!, 1, 1), /outside/);
    }
    assert.throws(() => sealer.seal(bytes, 20, 40, bytes, size - 20, 1, 1), /outside/);
    for (const [from, to, at] of [[15, 90, 20], [20, size + 1, 20], [20, 90, size - 50]]) {
      assert.throws(() => opener.open(bytes, from!, to!, bytes, at!, 1, 1), /outside/);
    }
  });

  Deno.test(`${name}: after disposal it throws; disposal is idempotent and another's key stays`, () => {
    const copy = key.slice();
    const [sealer, other] = [
      provider.createSealer(cipher, copy),
      provider.createSealer(cipher, key),
    ];
    const opener = provider.createOpener(cipher, copy);
    copy.fill(0); // it was copied
    const slot = randomSlot();
    const { bytes, start } = slot;
    const expected = oracle(slot, bytes.subarray(start, start + 50), 1, 1);
    for (let times = 0; times < 3; times++) {
      sealer[Symbol.dispose]();
      opener[Symbol.dispose]();
    }
    assert.throws(() => sealer.seal(bytes, start, start + 50, bytes, start, 1, 1), /disposed/);
    assert.throws(() => opener.open(bytes, start, start + 50, bytes, start, 1, 1), /disposed/);
    other.seal(bytes, start, start + 50, bytes, start, 1, 1);
    other[Symbol.dispose]();
    assert.equal(bytes.subarray(start, start + 66).toHex(), expected);
  });

  Deno.test(`${name}: a thousand keys at once, used in turns, do not mix`, () => {
    using stack = new DisposableStack();
    const pairs = Array.from({ length: 1_000 }, () => {
      const ownKey = randomBytes(AEAD_KEY_BYTES);
      const sealer = stack.use(provider.createSealer(cipher, ownKey));
      return { ownKey, sealer, opener: stack.use(provider.createOpener(cipher, ownKey)) };
    });
    const slots = pairs.map(() => new Packet(100));
    const plaintext = randomBytes(64);
    for (const [i, { sealer, ownKey }] of pairs.entries()) {
      const slot = slots[i]!;
      slot.fill(plaintext);
      const expected = i % 50 === 0 ? oracle(slot, plaintext, 1, i, ownKey) : null;
      sealer.seal(slot.bytes, slot.start, slot.end, slot.bytes, slot.start, 1, i);
      slot.end += AEAD_TAG_BYTES;
      if (expected !== null) assert.equal(slot.toBytes().toHex(), expected);
    }
    const scratch = new Packet(100);
    for (const [i, slot] of slots.entries()) {
      const { bytes, start, end } = slot;
      const { opener } = pairs[i]!;
      const { opener: wrong } = pairs[(i + 1) % pairs.length]!;
      assert(!wrong.open(bytes, start, end, scratch.bytes, scratch.start, 1, i));
      assert(opener.open(bytes, start, end, bytes, start, 1, i));
      slot.end -= AEAD_TAG_BYTES;
      assert.deepEqual(slot.toBytes(), plaintext);
    }
  });

  /** Sealed with link 9, number 77. */
  function sealedSlot(size: number): { slot: Packet; plaintext: Uint8Array } {
    using sealer = provider.createSealer(cipher, key);
    const slot = randomSlot();
    fillRandomly(slot, size);
    const plaintext = slot.toBytes().slice();
    sealer.seal(slot.bytes, slot.start, slot.end, slot.bytes, slot.start, 9, 77);
    slot.end += AEAD_TAG_BYTES;
    return { slot, plaintext };
  }
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, () => random() * 256);
}

/** With random bytes all over, its headroom included. */
function randomSlot(): Packet {
  const slot = new Packet();
  const pattern = randomBytes(251);
  for (let at = 0; at < slot.bytes.length; at++) slot.bytes[at] = pattern[at % 251]!;
  return slot;
}

/** Makes it a packet of that many bytes. */
function fillRandomly(slot: Packet, size: number): void {
  slot.start = HEADROOM_BYTES;
  slot.end = HEADROOM_BYTES + size;
  slot.bytes.set(randomBytes(Math.min(size, 300)), HEADROOM_BYTES);
}

function assertSameOutside(
  actual: Uint8Array,
  before: Uint8Array,
  start: number,
  end: number,
): void {
  assert.deepEqual(actual.subarray(0, start), before.subarray(0, start), "in front");
  assert.deepEqual(actual.subarray(end), before.subarray(end), "behind");
}

const EDGE_SIZES: readonly number[] = [
  ...[0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513],
  ...[1_400, MAX_PACKET_BYTES],
];

const SEQUENCE_NUMBERS: readonly number[] = [
  ...[0, 1, 255, 256, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 48 + 5],
  ...[0x12_3456_789a_bcde, 2 ** 53 - 2, 2 ** 53 - 1],
];
