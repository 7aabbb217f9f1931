import assert from "node:assert/strict";
import fc from "fast-check";
import { ByteRing } from "../../../src/tundev/stream_byte_ring.ts";
import { patternByte } from "./stream_world.ts";

function pattern(offset: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => patternByte(offset + i));
}

Deno.test("ByteRing gives back what was written, however it wraps and grows", () => {
  const step = fc.record({
    ahead: fc.integer({ min: 0, max: 9000 }),
    length: fc.integer({ min: 1, max: 4000 }),
    discard: fc.integer({ min: 0, max: 3000 }),
  });
  fc.assert(fc.property(
    fc.integer({ min: 0, max: 2 ** 45 }),
    fc.array(step, { maxLength: 20 }),
    (first, steps) => {
      const ring = new ByteRing(16_384);
      ring.discardTo(first);
      let base = first;
      const written = new Map<number, number>(); // offset -> length
      for (const { ahead, length, discard } of steps) {
        ring.write(base + ahead, pattern(base + ahead, length + 7), 0, length);
        written.set(base + ahead, length);
        base += discard;
        ring.discardTo(base);
        for (const [offset, bytes] of written) {
          if (offset < base) {
            written.delete(offset);
            continue;
          }
          const copy = new Uint8Array(bytes + 2);
          ring.copyTo(offset, bytes, copy, 1);
          assert.deepEqual(copy.subarray(1, bytes + 1), pattern(offset, bytes));
          const view = ring.view(offset, bytes);
          assert.ok(view.length > 0 && view.length <= bytes);
          assert.deepEqual(new Uint8Array(view), pattern(offset, view.length));
        }
      }
    },
  ));
});

Deno.test("ByteRing keeps a view's bytes while it grows", () => {
  const ring = new ByteRing(1 << 20);
  ring.write(0, pattern(0, 100), 0, 100);
  const view = ring.view(0, 100);
  ring.write(100, pattern(100, 50_000), 0, 50_000);
  ring.write(60_000, new Uint8Array(4000).fill(1), 0, 4000);
  assert.deepEqual(new Uint8Array(view), pattern(0, 100));
  assert.deepEqual(new Uint8Array(ring.view(0, 100)), pattern(0, 100));
});

Deno.test("ByteRing holds no memory before the first byte and after its release", () => {
  const ring = new ByteRing(1 << 20);
  assert.equal(ring.capacityBytes, 0);
  ring.write(0, new Uint8Array(10), 0, 10);
  assert.equal(ring.capacityBytes, 4096);
  ring.release();
  assert.equal(ring.capacityBytes, 0);
});
