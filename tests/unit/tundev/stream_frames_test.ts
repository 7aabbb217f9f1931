import assert from "node:assert/strict";
import fc from "fast-check";
import {
  MAX_STREAM_OFFSET,
  readOffset,
  readU48,
  STREAM_HEADER_BYTES,
  STREAM_MAGIC,
  varintBytes,
  VarintReader,
  writeHeader,
  writeOffset,
  writeU48,
  writeVarint,
} from "../../../src/tundev/stream_frames.ts";
import { Packet } from "../../../src/wire/packet.ts";

Deno.test("writeHeader lays the bytes out as docs/tcp-stand-in.md draws them", () => {
  const packet = new Packet(100);
  writeHeader(packet, 1, 0x01020304, 0xa1a2a3a4, 0x0506_0708_090a, 0x0b0c);
  packet.end += STREAM_HEADER_BYTES;
  const hex = [...packet.toBytes()].map((b) => b.toString(16).padStart(2, "0")).join(" ");
  assert.equal(hex, "b1 01 01 02 03 04 a1 a2 a3 a4 05 06 07 08 09 0a 0b 0c");
});

Deno.test("A packet's first byte is no IP version", () => {
  assert.ok(![4, 6].includes(STREAM_MAGIC >> 4));
});

Deno.test("writeVarint and VarintReader agree on numbers up to 2^49", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 49 - 1 }), (value) => {
    const bytes = new Uint8Array(10);
    const end = writeVarint(bytes, 1, value);
    const reader = new VarintReader();
    reader.at = 1;
    assert.equal(reader.read(bytes, end), value);
    assert.equal(reader.at, end);
    assert.equal(varintBytes(value), end - 1);
  }));
});

Deno.test("VarintReader refuses a number that is cut off or too long", () => {
  const reader = new VarintReader();
  assert.equal(reader.read(Uint8Array.of(0x80, 0x80), 2), -1);
  reader.at = 0;
  assert.equal(reader.read(new Uint8Array(10).fill(0x80), 10), -1);
});

Deno.test("Offsets survive up to 2^53 - 2, larger ones are refused", () => {
  const view = new DataView(new ArrayBuffer(8));
  fc.assert(fc.property(fc.integer({ min: 0, max: MAX_STREAM_OFFSET }), (offset) => {
    writeOffset(view, 0, offset);
    assert.equal(readOffset(view, 0), offset);
  }));
  view.setBigUint64(0, 2n ** 53n);
  assert.equal(readOffset(view, 0), -1);
  view.setBigUint64(0, 2n ** 64n - 1n);
  assert.equal(readOffset(view, 0), -1);
});

Deno.test("48-bit numbers survive", () => {
  const view = new DataView(new ArrayBuffer(6));
  fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), (value) => {
    writeU48(view, 0, value);
    assert.equal(readU48(view, 0), value);
  }));
});
