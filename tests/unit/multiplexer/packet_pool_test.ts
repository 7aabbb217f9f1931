import assert from "node:assert/strict";
import fc from "fast-check";
import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { HEADROOM_BYTES, Packet } from "../../../src/wire/packet.ts";

function packetOf(bytes: Uint8Array): Packet {
  const packet = new Packet(bytes.length);
  packet.fill(bytes);
  return packet;
}

Deno.test("PacketPool.acquireCopy gives a slot of its own with the packet's bytes, of any length", () => {
  const pool = new PacketPool();
  fc.assert(fc.property(fc.uint8Array({ maxLength: 4_000, size: "max" }), (bytes) => {
    const packet = packetOf(bytes);
    const slot = pool.acquireCopy(packet)!;
    assert.notEqual(slot.bytes, packet.bytes);
    packet.bytes.fill(0);
    assert.deepEqual(slot.toBytes(), bytes);
    pool.release(slot);
  }));
  assert.equal(pool.usedSlots, 0);
});

Deno.test("PacketPool gives a slot out again only when it is back", () => {
  const pool = new PacketPool();
  const packet = packetOf(Uint8Array.of(1));
  const first = pool.acquireCopy(packet)!;
  const second = pool.acquireCopy(packet)!;
  assert.notEqual(first, second);
  pool.release(first);
  assert.equal(pool.acquireCopy(packet), first);
  assert.notEqual(pool.acquireCopy(packet), second);
});

Deno.test("PacketPool gives null when all slots are in use, and one when one is back", () => {
  const pool = new PacketPool(3);
  const packet = packetOf(Uint8Array.of(1));
  const slots = [1, 2, 3].map(() => pool.acquireCopy(packet)!);
  assert.equal(pool.usedSlots, 3);
  assert.equal(pool.acquireCopy(packet), null);
  assert.equal(pool.usedSlots, 3);
  pool.release(slots[1]!);
  assert.notEqual(pool.acquireCopy(packet), null);
});

Deno.test("PacketPool does not keep a slot of a packet that is too long for an ordinary path", () => {
  const pool = new PacketPool();
  const large = packetOf(new Uint8Array(60_000));
  const slot = pool.acquireCopy(large)!;
  pool.release(slot);
  assert.equal(pool.usedSlots, 0);
  assert.notEqual(pool.acquireCopy(large), slot);
  assert(pool.acquireCopy(packetOf(Uint8Array.of(1)))!.capacityBytes < 10_000);
});

Deno.test("PacketPool gives each packet a place of its own, within slabs and beyond one", () => {
  const pool = new PacketPool();
  const full = (i: number): Uint8Array => new Uint8Array(1_536).fill(i % 251);
  const slots = Array.from({ length: 300 }, (_, i) => pool.acquireCopy(packetOf(full(i)))!);
  for (const slot of slots) slot.start -= HEADROOM_BYTES; // Headers in front touch no other slot.
  for (const [i, slot] of slots.entries()) slot.bytes.fill(i % 251, slot.start, slot.end);
  for (const [i, slot] of slots.entries()) {
    assert(slot.toBytes().every((it) => it === i % 251), `slot ${i}`);
  }
  assert(new Set(slots.map((slot) => slot.bytes)).size <= 3);
});
