/**
 * The integrity benchmark's reckoning: what it must notice it notices, and only that.
 *
 * @module
 */

import assert from "node:assert/strict";
import {
  judgeMemory,
  judgePayload,
  MAX_GROWTH_BYTES,
} from "../../bench/integrity/integrity_verdict.ts";
import { KnownBytes, MAX_VIEW_BYTES, PERIOD_BYTES } from "../../bench/integrity/known_bytes.ts";
import {
  DatagramCheck,
  lengthOf,
  MAX_DATAGRAM_BYTES,
  NumberedDatagrams,
} from "../../bench/integrity/numbered_datagrams.ts";
import { StreamCheck, type StreamReport } from "../../bench/integrity/stream_check.ts";

const KNOWN = new KnownBytes(1);
/** What the inner TCP carries in a segment here, with timestamps. */
const SEGMENT_BYTES = 1_288;
/** Round the ring, and then some. */
const SEGMENTS = 2_000;

/** A stream in pieces of a segment each. */
function segments(): Uint8Array<ArrayBuffer>[] {
  return Array.from({ length: SEGMENTS }, (_, i) => KNOWN.at(i * SEGMENT_BYTES, SEGMENT_BYTES));
}

function check(pieces: readonly Uint8Array<ArrayBuffer>[]): StreamReport {
  const check = new StreamCheck(KNOWN);
  for (const piece of pieces) check.take(piece);
  return check.report();
}

Deno.test("StreamCheck takes the stream in pieces of any length", () => {
  assert.deepEqual(check(segments()), {
    bytes: SEGMENTS * SEGMENT_BYTES,
    wrongBytes: 0,
    firstWrongAt: -1,
  });
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for (let place = 0, length = 1; place < 2 * PERIOD_BYTES; place += length, length += 97) {
    length = 1 + length % MAX_VIEW_BYTES;
    pieces.push(KNOWN.at(place, length).slice());
  }
  assert.equal(check(pieces).wrongBytes, 0);
});

Deno.test("StreamCheck notices one flipped bit, at any place, and says where", () => {
  for (const [segment, byte] of [[0, 0], [3, 1], [700, SEGMENT_BYTES - 1], [SEGMENTS - 1, 5]]) {
    const pieces = segments();
    const wrong = pieces[segment!]!.slice();
    wrong[byte!]! ^= 0x10;
    pieces[segment!] = wrong;
    const report = check(pieces);
    assert.equal(report.wrongBytes, 1);
    assert.equal(report.firstWrongAt, segment! * SEGMENT_BYTES);
  }
});

Deno.test("StreamCheck notices blocks that are swapped, near and far", () => {
  for (const [a, b] of [[10, 11], [10, 18], [0, 64], [5, 821], [1, 1_999]]) {
    const pieces = segments();
    [pieces[a!], pieces[b!]] = [pieces[b!]!, pieces[a!]!];
    assert(check(pieces).wrongBytes > SEGMENT_BYTES, `${a} and ${b}`);
  }
});

Deno.test("StreamCheck notices a block that comes twice, and one that is left out", () => {
  const repeated = segments().toSpliced(100, 0, segments()[99]!);
  assert(check(repeated).wrongBytes > SEGMENT_BYTES);
  assert.equal(check(repeated).firstWrongAt, 100 * SEGMENT_BYTES);
  assert(check(segments().toSpliced(100, 1)).wrongBytes > SEGMENT_BYTES);
  const instead = segments().with(100, segments()[99]!);
  assert(check(instead).wrongBytes > SEGMENT_BYTES / 2);
});

/** Datagrams with the numbers 0 to count - 1. */
function datagrams(count: number): Uint8Array<ArrayBuffer>[] {
  const maker = new NumberedDatagrams(KNOWN);
  return Array.from(
    { length: count },
    (_, i) => maker.write(i, new Uint8Array(MAX_DATAGRAM_BYTES)),
  );
}

Deno.test("Numbered datagrams have all lengths from the shortest to the longest", () => {
  const lengths = new Set(Array.from({ length: MAX_DATAGRAM_BYTES - 3 }, (_, i) => lengthOf(i)));
  assert.equal(lengths.size, MAX_DATAGRAM_BYTES - 3);
  assert.equal(Math.min(...lengths), 4);
  assert.equal(Math.max(...lengths), MAX_DATAGRAM_BYTES);
});

Deno.test("DatagramCheck tells good ones, repeated ones and overtaken ones apart", () => {
  const check = new DatagramCheck(KNOWN);
  const all = datagrams(300);
  for (const i of [0, 1, 3, 2, 3, 299]) check.take(all[i]!);
  assert.deepEqual(check.report(), { good: 5, corrupted: 0, repeated: 1, overtaken: 1 });
});

Deno.test("DatagramCheck notices a flipped bit in number or content, and a wrong length", () => {
  const all = datagrams(50);
  const check = new DatagramCheck(KNOWN);
  for (const byte of [0, 3, 4, all[40]!.length - 1]) {
    const wrong = all[40]!.slice();
    wrong[byte]! ^= 1;
    check.take(wrong);
  }
  check.take(all[40]!.slice(0, -1));
  check.take(new Uint8Array([...all[40]!, 0]));
  check.take(new Uint8Array(3));
  // The content of one under the number of another.
  const mixed = all[40]!.slice();
  mixed[3] = 41;
  check.take(mixed);
  assert.deepEqual(check.report(), { good: 0, corrupted: 8, repeated: 0, overtaken: 0 });
});

const CARRIED = {
  sentBytes: 9,
  receivedBytes: 9,
  wrongBytes: 0,
  corruptedDatagrams: 0,
  repeatedDatagrams: 0,
};

Deno.test("judgePayload holds only when nothing is wrong, missing, too much or repeated", () => {
  const isHeld = (more: Partial<typeof CARRIED>): boolean =>
    judgePayload({ ...CARRIED, ...more }).every((verdict) => verdict.isHeld);
  assert(isHeld({}));
  assert(!isHeld({ wrongBytes: 1 }));
  assert(!isHeld({ receivedBytes: 8 }));
  assert(!isHeld({ receivedBytes: 10 }));
  assert(!isHeld({ corruptedDatagrams: 1 }));
  assert(!isHeld({ repeatedDatagrams: 1 }));
});

Deno.test("judgeMemory takes a step in the first third and one outlier, and no steady growth", () => {
  const MIB = 2 ** 20;
  const settled = Array.from({ length: 30 }, (_, i) => (i < 5 ? 120 : 150) * MIB);
  assert.equal(judgeMemory("slave", settled)?.isHeld, true);
  assert.equal(judgeMemory("slave", settled.with(29, 300 * MIB))?.isHeld, true);
  // A byte of each packet of 1.3 Gbit/s.
  const leaking = settled.map((bytes, i) => bytes + i * 7.2 * MIB);
  assert.equal(judgeMemory("slave", leaking)?.isHeld, false);
  const growing = settled.map((bytes, i) => bytes + i * (MAX_GROWTH_BYTES / 10 + MIB / 10));
  assert.equal(judgeMemory("slave", growing)?.isHeld, false);
});

Deno.test("judgeMemory says nothing of a run that is too short", () => {
  assert.equal(judgeMemory("slave", [1, 2, 3]), null);
});
