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
