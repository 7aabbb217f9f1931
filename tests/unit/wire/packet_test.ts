import assert from "node:assert/strict";
import fc from "fast-check";
import {
  HEADROOM_BYTES,
  MAX_PACKET_BYTES,
  Packet,
  TAILROOM_BYTES,
} from "../../../src/wire/packet.ts";

Deno.test("Packet is empty at first and stands behind its headroom", () => {
  const packet = new Packet(100);
  assert.equal(packet.length, 0);
  assert.equal(packet.start, HEADROOM_BYTES);
  assert.equal(packet.capacityBytes, 100);
});

Deno.test("Packet holds the largest UDP payload unless told otherwise", () => {
  const packet = new Packet();
  packet.fill(new Uint8Array(MAX_PACKET_BYTES));
  assert.equal(packet.length, MAX_PACKET_BYTES);
  assert.equal(packet.bytes.length - packet.end, TAILROOM_BYTES);
});

Deno.test("Packet.fill copies any bytes that fit", () => {
  const packet = new Packet(256);
  fc.assert(fc.property(fc.uint8Array({ maxLength: 256 }), (src) => {
    packet.fill(src);
    assert.deepEqual([...packet.toBytes()], [...src]);
  }));
});

Deno.test("Packet.fill refuses what does not fit and leaves the packet as it was", () => {
  const packet = new Packet(2);
  packet.fill(Uint8Array.of(1, 2));
  assert.throws(() => packet.fill(new Uint8Array(3)), {
    name: "RangeError",
    message: "Cannot fill packet: 3 bytes exceed 2",
  });
  assert.deepEqual([...packet.toBytes()], [1, 2]);
});

Deno.test("Packet.fill puts a packet whose start was moved back behind the headroom", () => {
  const packet = new Packet(10);
  packet.fill(Uint8Array.of(1));
  packet.start -= 4;
  packet.fill(Uint8Array.of(2));
  assert.equal(packet.start, HEADROOM_BYTES);
  assert.equal(packet.length, 1);
});

Deno.test("Packet.copyFrom copies the other packet's bytes, not its slot", () => {
  const src = new Packet(10);
  src.fill(Uint8Array.of(1, 2, 3));
  src.start += 1;
  const copy = new Packet(2);
  copy.copyFrom(src);
  src.bytes.fill(0);
  assert.deepEqual([...copy.toBytes()], [2, 3]);
});

Deno.test("Packet.copyFrom copies any packet that fits, again and again, wherever it begins", () => {
  const src = new Packet(2_048);
  const small = new Packet(1_536);
  const exact = new Packet(2_048);
  const moves = fc.array(
    fc.tuple(
      fc.integer({ min: -HEADROOM_BYTES, max: 60 }),
      fc.oneof(fc.integer({ min: 0, max: 1_980 }), fc.constantFrom(0, 1, 255, 256, 257, 1_536)),
    ),
    { maxLength: 20 },
  );
  fc.assert(fc.property(moves, fc.nat({ max: 255 }), (list, seed) => {
    src.bytes.forEach((_, i) => src.bytes[i] = seed + i * 7 + (i >> 8));
    for (const [moved, lengthBytes] of list) {
      src.start = HEADROOM_BYTES + moved;
      src.end = src.start + lengthBytes;
      for (const copy of [small, exact]) {
        const before = [copy.start, copy.end];
        if (lengthBytes > copy.capacityBytes) {
          assert.throws(() => copy.copyFrom(src), RangeError);
          assert.deepEqual([copy.start, copy.end], before);
          continue;
        }
        copy.copyFrom(src);
        assert.equal(copy.start, HEADROOM_BYTES);
        assert.deepEqual(copy.toBytes(), src.toBytes());
        assert.equal(copy.bytes.length, copy.capacityBytes + HEADROOM_BYTES + TAILROOM_BYTES);
      }
    }
  }));
});

Deno.test("Packet.copyFrom copies a packet at the very end of its slot", () => {
  const src = new Packet(100);
  src.end = src.bytes.length;
  src.start = src.end - 20;
  src.bytes.fill(9, src.start);
  const copy = new Packet(20);
  copy.copyFrom(src);
  assert.deepEqual([...copy.toBytes()], new Array(20).fill(9));
});

Deno.test("Packet.reset empties the packet", () => {
  const packet = new Packet(10);
  packet.fill(Uint8Array.of(1, 2, 3));
  packet.start -= 4;
  packet.reset();
  assert.equal(packet.length, 0);
  assert.equal(packet.start, HEADROOM_BYTES);
});

Deno.test("Packet.view and Packet.bytes show the same memory", () => {
  const packet = new Packet(10);
  packet.view.setUint16(packet.start, 0x1234);
  assert.deepEqual([...packet.bytes.subarray(packet.start, packet.start + 2)], [0x12, 0x34]);
});
