import assert from "node:assert/strict";
import fc from "fast-check";
import { GobReader } from "../../../src/wire/gob_reader.ts";
import { writeGobInt, writeGobUint } from "../../../src/wire/gob_writer.ts";
import { type GobBytes, gobInt, gobUint } from "../../support/gob_writer.ts";

const MAX_UINT64 = 2n ** 64n - 1n;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** A reader in the midst of one message of these bytes. */
function readerOf(...bytes: number[]): GobReader {
  const stream = [...gobUint(bytes.length), ...bytes];
  const reader = new GobReader(Uint8Array.from(stream), 0, stream.length);
  reader.readMessage();
  return reader;
}

function written(write: (bytes: Uint8Array) => number): GobBytes {
  const bytes = new Uint8Array(9);
  return [...bytes.subarray(0, write(bytes))];
}

Deno.test("GobReader.readUint reads Go's documented examples", () => {
  assert.equal(readerOf(7).readUint(), 7); // "7 is transmitted as 07"
  assert.equal(readerOf(0xfe, 0x01, 0x00).readUint(), 256); // "256 as FE 01 00"
});

Deno.test("GobReader.readInt reads Go's documented example", () => {
  assert.equal(readerOf(0xfe, 0x01, 0x01).readInt(), -129); // "-129 as (FE 01 01)"
});

Deno.test("GobReader.readUint reads any 64-bit integer, saturated at 2^53 - 1", () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: MAX_UINT64 }), fc.nat(64), (wide, shift) => {
    const value = wide >> BigInt(shift); // small ones, too
    const reader = readerOf(...gobUint(value));
    assert.equal(reader.readUint(), Number(value < MAX_SAFE ? value : MAX_SAFE));
    assert.ok(!reader.failed && reader.remainingBytes === 0);
  }));
});

Deno.test("GobReader.readInt reads any 64-bit integer, saturated at 2^53 - 1 either way", () => {
  const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  fc.assert(fc.property(int64, fc.nat(63), (wide, shift) => {
    const value = wide >> BigInt(shift);
    const clamped = value > MAX_SAFE ? MAX_SAFE : value < -MAX_SAFE ? -MAX_SAFE : value;
    assert.equal(readerOf(...gobInt(value)).readInt(), Number(clamped));
  }));
});

Deno.test("GobReader.readUint takes leading zeros, as Go does", () => {
  assert.equal(readerOf(0xfd, 0x00, 0x00, 0x07).readUint(), 7);
});

Deno.test("GobReader.readUint refuses more than eight bytes", () => {
  const reader = readerOf(0xf7, 1, 2, 3, 4, 5, 6, 7, 8, 9);
  assert.equal(reader.readUint(), 0);
  assert.ok(reader.failed);
});

Deno.test("GobReader.readUint refuses an integer that goes on behind the message", () => {
  const stream = Uint8Array.of(2, 0xfe, 0x01, 0x00);
  const reader = new GobReader(stream, 0, stream.length);
  reader.readMessage();
  assert.equal(reader.readUint(), 0);
  assert.ok(reader.failed);
});

Deno.test("GobReader.readMessage refuses a message longer than the stream", () => {
  for (const length of [3, 2 ** 31, 2n ** 63n, MAX_UINT64]) {
    const stream = Uint8Array.from([...gobUint(length), 1, 1]);
    const reader = new GobReader(stream, 0, stream.length);
    reader.readMessage();
    assert.ok(reader.failed, `length ${length}`);
  }
});

Deno.test("GobReader.skipBytes refuses more bytes than the message has", () => {
  for (const count of [3, 2n ** 63n]) {
    const reader = readerOf(...gobUint(count), 1, 1);
    reader.skipBytes();
    assert.ok(reader.failed, `count ${count}`);
  }
});

Deno.test("GobReader.readCount refuses more elements than there are bytes", () => {
  assert.equal(readerOf(2, 0, 0).readCount(), 2);
  const reader = readerOf(3, 0, 0);
  assert.equal(reader.readCount(), 0);
  assert.ok(reader.failed);
});

Deno.test("GobReader stays failed: later reads give 0 and field loops end", () => {
  const reader = readerOf(1, 2, 3, 4);
  reader.fail();
  assert.equal(reader.readUint(), 0);
  assert.equal(reader.readInt(), 0);
  assert.equal(reader.readFieldNumber(5), -1);
  assert.equal(reader.remainingBytes, 0);
  assert.ok(reader.failed);
});

Deno.test("writeGobUint writes the fewest bytes, as Go does", () => {
  fc.assert(fc.property(fc.maxSafeNat(), fc.nat(53), (wide, shift) => {
    const value = Math.floor(wide / 2 ** shift);
    assert.deepEqual(written((bytes) => writeGobUint(bytes, 0, value)), gobUint(value));
  }));
});

Deno.test("writeGobInt writes what Go does for any safe integer", () => {
  fc.assert(fc.property(fc.maxSafeInteger(), fc.nat(53), (wide, shift) => {
    const value = Math.trunc(wide / 2 ** shift);
    assert.deepEqual(written((bytes) => writeGobInt(bytes, 0, value)), gobInt(value));
  }));
  for (const value of [Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, -1, 0, 63, 64, -64, -65]) {
    assert.deepEqual(written((bytes) => writeGobInt(bytes, 0, value)), gobInt(value));
  }
});

Deno.test("GobReader.open begins anew, after a failure too", () => {
  const reader = readerOf(1);
  reader.skippedValues = 7;
  reader.fail();
  reader.open(Uint8Array.of(9, 9, 2, 5, 6, 9), 2, 5);
  reader.readMessage();
  assert.equal(reader.readUint(), 5);
  assert.equal(reader.remainingBytes, 1);
  assert.equal(reader.skippedValues, 0);
  assert.ok(!reader.failed);
});

Deno.test("GobReader.skipMessage goes to the next message", () => {
  const stream = Uint8Array.of(3, 1, 2, 3, 1, 8);
  const reader = new GobReader(stream, 0, stream.length);
  reader.readMessage();
  reader.readUint();
  reader.skipMessage();
  assert.equal(reader.remainingBytes, 0);
  reader.readMessage();
  assert.equal(reader.readUint(), 8);
});
