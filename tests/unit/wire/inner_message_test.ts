import assert from "node:assert/strict";
import fc from "fast-check";
import type { ControlPacket } from "../../../src/wire/control_packet.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import {
  DATA_HEADER_BYTES,
  decodeNotice,
  decodeReport,
  encodeNotice,
  encodeReport,
  InnerKind,
  MIN_MESSAGE_BYTES,
  NoticeCode,
  prependDataHeader,
  readInnerKind,
  stripDataHeader,
} from "../../../src/wire/inner_message.ts";
import { Packet } from "../../../src/wire/packet.ts";

const MAX = Number.MAX_SAFE_INTEGER;

const counts = fc.oneof(fc.maxSafeNat(), fc.nat(), fc.constantFrom(0, 2 ** 32 - 1, 2 ** 32, MAX));
const reports: fc.Arbitrary<ControlPacket> = fc.record({
  seqNo: counts,
  received: fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 255 }), counts), {
    selector: ([linkId]) => linkId,
    maxLength: 255,
  }).map((entries) => new Map(entries)),
}, { noNullPrototype: true });

function packetOf(bytes: Iterable<number>): Packet {
  const packet = new Packet(4_000);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

/** A packet whose slot holds rubbish around its bytes, as one that was used before. */
function usedPacket(): Packet {
  const packet = new Packet(4_000);
  packet.bytes.fill(0xa5);
  packet.start += 7;
  packet.end = packet.start + 3;
  return packet;
}

/** The bytes of a report, with what a test wants to be wrong. */
function reportBytes(
  { entries = 1, seqNo = 7n, pairs = [[1, 1_400n]] as [number, bigint][], paddedTo = 32 } = {},
): Uint8Array {
  const lengthBytes = Math.max(12 + pairs.length * 9, paddedTo);
  const view = new DataView(new ArrayBuffer(lengthBytes));
  view.setUint8(0, InnerKind.REPORT);
  view.setUint8(1, entries);
  view.setBigUint64(4, seqNo);
  pairs.forEach(([linkId, receivedBytes], i) => {
    view.setUint8(12 + i * 9, linkId);
    view.setBigUint64(13 + i * 9, receivedBytes);
  });
  return new Uint8Array(view.buffer);
}

function decode(bytes: Iterable<number>): { result: number; report: ControlPacket } {
  const report: ControlPacket = { seqNo: -1, received: new Map([[9, 9]]) };
  const packet = packetOf(bytes);
  const before = [...packet.toBytes()];
  const result = decodeReport(packet, report);
  assert.deepEqual([...packet.toBytes()], before, "the message was changed");
  return { result, report };
}

Deno.test("readInnerKind gives the first byte, whether it is known or not", () => {
  assert.equal(readInnerKind(packetOf([InnerKind.NOTICE, 1])), InnerKind.NOTICE);
  assert.equal(readInnerKind(packetOf([200])), 200);
});

Deno.test("readInnerKind gives -1 for an empty message", () => {
  const packet = packetOf([InnerKind.DATA]);
  packet.end = packet.start;
  assert.equal(readInnerKind(packet), -1);
});

Deno.test("prependDataHeader writes kind 1 and eleven zeros in front of the IP packet", () => {
  const packet = usedPacket();
  prependDataHeader(packet);
  assert.deepEqual([...packet.toBytes()], [1, ...new Array(11).fill(0), 0xa5, 0xa5, 0xa5]);
});

Deno.test("stripDataHeader gives back what prependDataHeader was given", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (body) => {
      const packet = packetOf(body);
      prependDataHeader(packet);
      assert.equal(packet.length, body.length + DATA_HEADER_BYTES);
      assert.equal(readInnerKind(packet), InnerKind.DATA);
      assert.equal(stripDataHeader(packet), 0);
      assert.deepEqual([...packet.toBytes()], [...body]);
    }),
  );
});

Deno.test("stripDataHeader takes any flags, order group, time and number", () => {
  const packet = packetOf([1, ...new Array(11).fill(0xff), 0x45]);
  assert.equal(stripDataHeader(packet), 0);
  assert.deepEqual([...packet.toBytes()], [0x45]);
});

Deno.test("stripDataHeader refuses less than a header and leaves the packet as it was", () => {
  const packet = packetOf([1, ...new Array(10).fill(0)]);
  assert.equal(stripDataHeader(packet), DropReason.TRUNCATED);
  assert.equal(packet.length, 11);
});

Deno.test("encodeReport writes the bytes of the drawing", () => {
  const packet = usedPacket();
  encodeReport(
    { seqNo: 0x1f_0203_0405_0607, received: new Map([[3, 0x0102], [255, MAX]]) },
    packet,
  );
  // deno-fmt-ignore
  assert.deepEqual([...packet.toBytes()], [
    2, 2, 0, 0,
    0x00, 0x1f, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
    3, 0, 0, 0, 0, 0, 0, 0x01, 0x02,
    255, 0x00, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0, 0,
  ]);
});

Deno.test("encodeReport pads an empty report to 32 bytes, with zeros", () => {
  const packet = usedPacket();
  encodeReport({ seqNo: 0, received: new Map() }, packet);
  assert.deepEqual([...packet.toBytes()], [2, ...new Array(31).fill(0)]);
});

Deno.test("decodeReport gives what encodeReport wrote", () => {
  fc.assert(
    fc.property(reports, (report) => {
      const packet = usedPacket();
      encodeReport(report, packet);
      assert.equal(packet.length, Math.max(MIN_MESSAGE_BYTES, 12 + 9 * report.received.size));
      const decoded = decode(packet.toBytes());
      assert.equal(decoded.result, 0);
      assert.deepEqual(decoded.report, report);
    }),
  );
});

Deno.test("decodeReport looks neither at reserved bytes nor at the padding, however long", () => {
  const bytes = new Uint8Array(1_200).fill(0xee);
  bytes.set(reportBytes().subarray(0, 12 + 9));
  bytes.fill(0xee, 2, 4);
  const { result, report } = decode(bytes);
  assert.equal(result, 0);
  assert.deepEqual(report, { seqNo: 7, received: new Map([[1, 1_400]]) });
});

const BAD_REPORTS: readonly (readonly [string, Uint8Array])[] = [
  ["an empty message", new Uint8Array()],
  ["another kind", Uint8Array.from(reportBytes(), (byte, i) => i === 0 ? InnerKind.NOTICE : byte)],
  ["less than 32 bytes", reportBytes({ paddedTo: 31 })],
  ["an entry that is not there", reportBytes({ entries: 3, paddedTo: 38 })],
  ["255 entries that are not there", reportBytes({ entries: 255 })],
  ["link id 0", reportBytes({ pairs: [[0, 1n]] })],
  ["a link id that comes twice", reportBytes({ entries: 2, pairs: [[4, 1n], [4, 2n]] })],
  ["a sequence number of 2^53", reportBytes({ seqNo: 2n ** 53n })],
  ["a sequence number of 2^64 - 1", reportBytes({ seqNo: 2n ** 64n - 1n })],
  ["2^53 bytes received", reportBytes({ pairs: [[1, 2n ** 53n]] })],
];

for (const [what, bytes] of BAD_REPORTS) {
  Deno.test(`decodeReport refuses ${what}`, () => {
    assert.equal(decode(bytes).result, DropReason.BAD_CONTROL);
  });
}

Deno.test("decodeReport does not look behind the message's end", () => {
  const packet = packetOf(
    reportBytes({ entries: 3, pairs: [[1, 1n], [2, 2n], [3, 3n]], paddedTo: 39 }),
  );
  packet.end -= 1;
  const report: ControlPacket = { seqNo: 0, received: new Map() };
  assert.equal(decodeReport(packet, report), DropReason.BAD_CONTROL);
});

Deno.test("decodeReport takes an entry that ends where the message ends", () => {
  const { result, report } = decode(
    reportBytes({ entries: 3, pairs: [[1, 1n], [2, 2n], [3, 3n]], paddedTo: 39 }),
  );
  assert.equal(result, 0);
  assert.equal(report.received.size, 3);
});

Deno.test("decodeReport never throws, and what it takes is sane", () => {
  const anyBytes = fc.uint8Array({ maxLength: 200, size: "max" });
  const startedAsReport = anyBytes.map((bytes) => Uint8Array.of(2, bytes.length % 20, ...bytes));
  fc.assert(
    fc.property(fc.oneof(anyBytes, startedAsReport), (bytes) => {
      const { result, report } = decode(bytes);
      if (result === DropReason.BAD_CONTROL) return;
      assert.equal(result, 0);
      assert.equal(report.received.size, bytes[1]);
      for (const [linkId, receivedBytes] of report.received) {
        assert(linkId >= 1 && linkId <= 255 && Number.isSafeInteger(receivedBytes));
      }
    }),
  );
});

Deno.test("encodeNotice writes kind, code and zeros up to 32 bytes", () => {
  const packet = usedPacket();
  encodeNotice(NoticeCode.REPLACED, packet);
  assert.deepEqual([...packet.toBytes()], [3, 2, ...new Array(30).fill(0)]);
});

Deno.test("decodeNotice gives every code that encodeNotice wrote, unknown ones too", () => {
  for (let code = 0; code <= 255; code++) {
    const packet = usedPacket();
    encodeNotice(code, packet);
    assert.equal(decodeNotice(packet), code);
    assert.equal(packet.length, 32);
  }
});

Deno.test("decodeNotice does not look at the padding, however long", () => {
  assert.equal(decodeNotice(packetOf([3, 1, ...new Array(500).fill(0xee)])), NoticeCode.CLOSING);
});

for (
  const [what, bytes] of [
    ["an empty message", []],
    ["less than 32 bytes", [3, 1, ...new Array(29).fill(0)]],
    ["another kind", [2, 1, ...new Array(30).fill(0)]],
  ] as const
) {
  Deno.test(`decodeNotice refuses ${what}`, () => {
    assert.equal(decodeNotice(packetOf(bytes)), DropReason.TRUNCATED);
  });
}
