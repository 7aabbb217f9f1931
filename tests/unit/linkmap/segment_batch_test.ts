import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_SEGMENTS, MAX_SEND_BYTES } from "../../../ffi/udp_file.ts";
import { SegmentBatch } from "../../../src/linkmap/segment_batch.ts";

/** The same in lists. */
class ReadableBatch {
  datagrams: Uint8Array[] = [];
  /** What the buffer has held since it was last empty: room is not used twice. */
  usedBytes = 0;
  #longest = 0;
  #isEnded = false;

  fits(lengthBytes: number): boolean {
    if (this.datagrams.length === 0) return true;
    const isOfThisLength = !this.#isEnded && lengthBytes > 0 && lengthBytes <= this.#longest;
    return isOfThisLength && this.datagrams.length < MAX_SEGMENTS &&
      this.usedBytes + lengthBytes <= MAX_SEND_BYTES;
  }

  add(datagram: Uint8Array): void {
    if (this.datagrams.length === 0) {
      this.usedBytes = 0;
      this.#longest = datagram.length;
      this.#isEnded = false;
    }
    if (datagram.length < this.#longest) this.#isEnded = true;
    this.usedBytes += datagram.length;
    this.datagrams.push(datagram);
  }

  /** @returns bytes of the first datagrams, which are gone. */
  drop(count: number): number {
    return this.datagrams.splice(0, count).reduce((sum, { length }) => sum + length, 0);
  }
}

/** What the kernel would send. */
function datagramsOf(batch: SegmentBatch): Uint8Array[] {
  const { bytes, offset, bytesUsed, segmentBytes, segments } = batch;
  const cut = Array.from({ length: segments }, (_, i) => {
    const start = offset + i * segmentBytes;
    return bytes.slice(start, Math.min(start + segmentBytes, offset + bytesUsed));
  });
  assert.equal(cut.reduce((sum, { length }) => sum + length, 0), bytesUsed);
  return cut;
}

function assertWithinLimits(batch: SegmentBatch): void {
  const datagrams = datagramsOf(batch);
  assert.ok(datagrams.length <= MAX_SEGMENTS);
  assert.ok(batch.bytesUsed <= MAX_SEND_BYTES);
  assert.ok(batch.offset + batch.bytesUsed <= batch.bytes.length);
  assert.ok(datagrams.slice(0, -1).every(({ length }) => length === batch.segmentBytes));
  assert.ok(datagrams.length < 2 || datagrams.at(-1)!.length > 0);
}

const lengthsBytes = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(1_400, 1_399, 64) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 3 }) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 9_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(30_000, MAX_SEND_BYTES - 1, MAX_SEND_BYTES) },
);

const steps = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      add: lengthsBytes,
      start: fc.constantFrom(0, 64, 64, 64, 71),
      times: fc.constantFrom(1, 1, 2, 70),
    }),
  },
  { weight: 2, arbitrary: fc.record({ drop: fc.integer({ min: 1, max: MAX_SEGMENTS }) }) },
);

Deno.test("SegmentBatch holds what its readable twin holds, within the kernel's limits", () => {
  const sources = [new Uint8Array(70_000), new Uint8Array(70_000)];
  let stamp = 0;
  fc.assert(fc.property(fc.array(steps, { maxLength: 30 }), (run) => {
    const batch = new SegmentBatch();
    const twin = new ReadableBatch();
    for (const step of run) {
      if ("drop" in step) {
        batch.drop(twin.drop(step.drop));
      } else {
        for (let i = 0; i < step.times; i++) {
          const source = sources[stamp % 5 === 0 ? 1 : 0]!;
          const [start, end] = [step.start, step.start + step.add];
          source.fill(++stamp, start, end);
          const fits = batch.fits(step.add);
          assert.equal(fits, twin.fits(step.add), `${step.add} bytes`);
          if (!fits) break;
          batch.add(source, start, end);
          twin.add(source.slice(start, end));
        }
      }
      assertWithinLimits(batch);
      const [held, expected] = [datagramsOf(batch), twin.datagrams];
      assert.equal(held.length, expected.length);
      assert.ok(held.every((it, i) => equalBytes(it, expected[i]!)), "other bytes");
    }
  }));
});

Deno.test("SegmentBatch takes as many full packets as one send carries, and then no more", () => {
  for (
    const [lengthBytes, expected] of [[1_400, 46], [100, 64], [65_507, 1], [32_753, 2]] as const
  ) {
    const batch = new SegmentBatch();
    const source = new Uint8Array(70_000);
    let added = 0;
    for (; batch.fits(lengthBytes); added++) batch.add(source, 0, lengthBytes);
    assert.equal(added, expected, `${lengthBytes} bytes`);
  }
});

Deno.test("SegmentBatch ends with a shorter datagram, and an empty one is alone", () => {
  const batch = new SegmentBatch();
  const source = new Uint8Array(2_000);
  batch.add(source, 0, 1_000);
  assert.equal(batch.fits(1_001), false, "longer");
  assert.equal(batch.fits(0), false);
  batch.add(source, 0, 999);
  assert.equal(batch.fits(999), false, "after the shorter one");
  batch.drop(1_000);
  assert.equal(batch.segments, 1);
  batch.drop(999);
  assert.equal(batch.segments, 0);
  batch.add(source, 7, 7);
  assert.equal(batch.segments, 1);
  assert.equal(batch.fits(0), false);
  assert.equal(batch.fits(1), false);
  batch.drop(0);
  assert.equal(batch.segments, 0);
  assert.equal(batch.fits(1_500), true);
});

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
