import assert from "node:assert/strict";
import fc from "fast-check";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import {
  FEEDBACK_KIND,
  type FeedbackSource,
  FeedbackWriter,
  MAX_FEEDBACK_BYTES,
} from "../../../src/wire/feedback.ts";
import { FeedbackReader } from "../../../src/wire/feedback_reader.ts";
import { Packet } from "../../../src/wire/packet.ts";

type Range = readonly [first: number, last: number];

/** What a link says, or what was read of it. */
interface Told {
  readonly linkId: number;
  readonly newestReceivedUs: number;
  readonly minTransitUs: number;
  readonly receivedBytes: number;
  readonly ranges: readonly Range[];
}

/** Newest range first. */
function sourceOf(told: Told): FeedbackSource {
  return {
    newestSeqNo: told.ranges[0]?.[1] ?? -1,
    newestReceivedMs: (told.newestReceivedUs + 0.5) / 1_000,
    receivedBytes: told.receivedBytes,
    rangeCount: told.ranges.length,
    rangeFirst: (i) => told.ranges[i]![0],
    rangeLast: (i) => told.ranges[i]![1],
    minTransitUs: () => told.minTransitUs,
  };
}

function usedPacket(): Packet {
  const packet = new Packet(2_000);
  packet.bytes.fill(0xa5);
  packet.start += 7;
  packet.end = packet.start + 3;
  return packet;
}

function packetOf(bytes: Iterable<number>): Packet {
  const packet = new Packet(3_000);
  packet.bytes.fill(0xa5);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

function write(links: readonly Told[], number = 1, maxBytes = MAX_FEEDBACK_BYTES): Packet {
  const out = usedPacket();
  const writer = new FeedbackWriter(maxBytes);
  writer.begin(out, number, links.length, SENT_MS);
  for (const link of links) writer.addLink(link.linkId, sourceOf(link), 0);
  writer.finish();
  return out;
}

function readAll(packet: Packet): Told[] {
  const reader = new FeedbackReader();
  assert.equal(reader.begin(packet), 0);
  const links: Told[] = [];
  while (reader.nextLink()) {
    const ranges: Range[] = [];
    const { linkId, newestReceivedUs, minTransitUs, receivedBytes, newestSeqNo } = reader;
    while (reader.nextRange()) ranges.push([reader.rangeFirst, reader.rangeLast]);
    assert.equal(ranges.length, reader.rangeCount);
    assert.equal(ranges[0]![1], newestSeqNo);
    links.push({ linkId, newestReceivedUs, minTransitUs, receivedBytes, ranges });
  }
  assert(!reader.nextLink());
  assert(!reader.nextRange());
  return links;
}

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const u48 = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const lengths = fc.oneof(
  fc.integer({ min: 1, max: 70 }),
  fc.integer({ min: 1, max: 20_000 }),
  fc.constantFrom(1, 63, 64, 16_383, 16_384, 2 ** 30 - 1),
);

/** Ranges, newest first, that end at or above 0. */
const rangeLists = fc.tuple(
  u48,
  fc.array(fc.tuple(lengths, lengths), { minLength: 1, maxLength: 32 }),
)
  .map(([newest, pairs]) => {
    const ranges: Range[] = [];
    let last = newest;
    for (const [length, gap] of pairs) {
      const first = last - length + 1;
      if (first < 0) break;
      ranges.push([first, last]);
      last = first - gap - 1;
    }
    return ranges.length > 0 ? ranges : [[0, newest % 1_000] as Range];
  });

const links: fc.Arbitrary<Told[]> = fc.uniqueArray(
  fc.record({
    linkId: fc.integer({ min: 1, max: 255 }),
    newestReceivedUs: u32,
    minTransitUs: u32,
    receivedBytes: u48,
    ranges: rangeLists,
  }, { noNullPrototype: true }),
  { selector: ({ linkId }) => linkId, maxLength: 8 },
);

/** When messages are sent: 1,024 us. */
const SENT_MS = 1.024;

const TOLD: Told = {
  linkId: 3,
  newestReceivedUs: 7,
  minTransitUs: 8,
  receivedBytes: 9,
  ranges: [[98, 100], [90, 95]],
};

Deno.test("feedback: what was written is read, with the newest ranges that there is room for", () => {
  fc.assert(
    fc.property(links, u32, (told, number) => {
      const packet = write(told, number);
      assert(packet.length >= 32 && packet.length <= MAX_FEEDBACK_BYTES);
      const reader = new FeedbackReader();
      assert.equal(reader.begin(packet), 0);
      assert.equal(reader.number, number);
      assert.equal(reader.sentUs, 1_024);
      const read = readAll(packet);
      assert.equal(read.length, told.length);
      for (const [i, link] of read.entries()) {
        const wanted = told[i]!;
        assert(link.ranges.length >= 1);
        assert.deepEqual(link, { ...wanted, ranges: wanted.ranges.slice(0, link.ranges.length) });
      }
    }),
    { numRuns: 200 },
  );
});

Deno.test("feedback: six links with 32 ranges of ordinary losses each fit", () => {
  const told = Array.from({ length: 6 }, (_, i) => ({
    ...TOLD,
    linkId: i + 1,
    ranges: Array.from({ length: 32 }, (_, n): Range => [1e6 - 100 * n, 1e6 - 100 * n + 60]),
  }));
  assert.deepEqual(readAll(write(told)), told);
});

Deno.test("feedback: each link gets its share of the room, and has one range at least", () => {
  const ranges = Array.from({ length: 200 }, (_, n): Range => [1e6 - 100 * n, 1e6 - 100 * n + 60]);
  const told = Array.from({ length: 20 }, (_, i) => ({ ...TOLD, linkId: i + 1, ranges }));
  const packet = write(told);
  assert(packet.length <= MAX_FEEDBACK_BYTES);
  const counts = readAll(packet).map((link) => link.ranges.length);
  assert.equal(counts.length, 20);
  assert(Math.min(...counts) >= 10, counts.join());
});

Deno.test("feedback: a link for which there is no room is refused, and the message stays whole", () => {
  const out = usedPacket();
  const writer = new FeedbackWriter(64);
  writer.begin(out, 1, 1, SENT_MS);
  const source = sourceOf({ ...TOLD, ranges: [[5, 5]] });
  assert(writer.addLink(1, source, 0));
  assert(writer.addLink(2, source, 0));
  assert(!writer.addLink(3, source, 0));
  writer.finish();
  assert(out.length <= 64);
  assert.deepEqual(readAll(out).map((link) => link.linkId), [1, 2]);
});

Deno.test("feedback: a link over which nothing came is left out", () => {
  assert.deepEqual(readAll(write([{ ...TOLD, ranges: [] }, { ...TOLD, linkId: 4 }])).length, 1);
  assert.equal(write([]).length, 32);
  assert.deepEqual(readAll(write([])), []);
});

Deno.test("feedback: a range that is too long for its length ends what is said of the link", () => {
  const newest = 2 ** 40;
  const long: Range = [newest - 2 ** 31, newest];
  const [link] = readAll(write([{ ...TOLD, ranges: [long, [0, 5]] }]));
  assert.deepEqual(link!.ranges, [[newest - 2 ** 30 + 2, newest]]);
  const [second] = readAll(write([{ ...TOLD, ranges: [[newest, newest], [0, newest - 2]] }]));
  assert.deepEqual(second!.ranges.length, 2);
  const [far] = readAll(write([{ ...TOLD, ranges: [[newest, newest], [0, 5]] }]));
  assert.deepEqual(far!.ranges, [[newest, newest]]);
});

Deno.test("feedback: times and bytes received wrap around", () => {
  const out = usedPacket();
  const writer = new FeedbackWriter();
  writer.begin(out, 1, 1, SENT_MS);
  const source = {
    ...sourceOf(TOLD),
    newestReceivedMs: 2 ** 40 + 0.25,
    receivedBytes: 2 ** 48 + 5,
  };
  writer.addLink(1, source, 0);
  writer.finish();
  const [link] = readAll(out);
  assert.equal(link!.newestReceivedUs, (2 ** 40 * 1_000 + 250) % 2 ** 32);
  assert.equal(link!.receivedBytes, 5);
});

Deno.test("feedback: the layout is the documented one", () => {
  const packet = write([TOLD], 0x01020304);
  assert.deepEqual(
    [...packet.toBytes()],
    // deno-fmt-ignore
    [
      4, 1, 0, 0, 1, 2, 3, 4, 0, 0, 4, 0,
      3, 2, 0, 0, 0, 0, 0, 100, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0, 0, 0, 9,
      3, 2, 6,
    ],
  );
});

Deno.test("feedback: links can be skipped without their ranges being read", () => {
  const reader = new FeedbackReader();
  assert.equal(reader.begin(write([TOLD, { ...TOLD, linkId: 4 }])), 0);
  assert(reader.nextLink());
  assert(reader.nextRange());
  assert(reader.nextLink());
  assert.equal(reader.linkId, 4);
  assert(!reader.nextLink());
});

/** The bytes of one link's feedback, with what a test wants to be wrong. */
function bytesOf(
  {
    kind = FEEDBACK_KIND as number,
    links = 1,
    linkIds = [3],
    ranges = 1,
    newest = 100,
    tail = [1],
  } = {},
): number[] {
  const entry = (linkId: number): number[] => [
    ...[linkId, ranges, 0, 0, 0, 0, newest >> 8, newest & 255],
    ...new Array<number>(14).fill(0),
    ...tail,
  ];
  return [kind, links, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, ...linkIds.flatMap(entry)];
}

Deno.test("feedback: what is malformed is refused, and has no links", () => {
  const padding = new Array<number>(40).fill(0);
  const reader = new FeedbackReader();
  const refused: [string, number[]][] = [
    ["another kind", bytesOf({ kind: 2 })],
    ["short", bytesOf().slice(0, 31)],
    ["link id 0", bytesOf({ linkIds: [0] })],
    ["twice", bytesOf({ links: 2, linkIds: [3, 3] })],
    ["fewer links", bytesOf({ links: 2 })],
    ["no ranges", bytesOf({ ranges: 0 })],
    ["length 0", bytesOf({ tail: [0] })],
    ["gap 0", [...bytesOf({ ranges: 2, tail: [1, 0, 1] }), ...padding]],
    ["second length 0", [...bytesOf({ ranges: 2, tail: [1, 1, 0] }), ...padding]],
    ["fewer ranges", bytesOf({ ranges: 3, tail: [1, 1, 1] })],
    ["below 0", bytesOf({ newest: 4, tail: [6] })],
    ["gap below 0", bytesOf({ ranges: 2, newest: 4, tail: [1, 4, 1] })],
    ["8 bytes", [...bytesOf({ tail: [0xc0, 0, 0, 0, 0, 0, 0, 1] }), ...padding]],
    ["cut length", bytesOf({ tail: [0x80, 0, 1] })],
  ];
  for (const [name, bytes] of refused) {
    assert.equal(reader.begin(packetOf(bytes)), DropReason.BAD_CONTROL, name);
    assert(!reader.nextLink(), name);
    assert(!reader.nextRange(), name);
  }
  assert.equal(reader.begin(packetOf([...bytesOf(), 0, 0])), 0);
  assert.equal(reader.begin(packetOf([...bytesOf({ newest: 4, tail: [5] }), 9, 9])), 0);
});

Deno.test("feedback: every truncation is refused or reads as padding was cut", () => {
  const told = [TOLD, { ...TOLD, linkId: 4 }, { ...TOLD, linkId: 5, ranges: [[0, 0] as Range] }];
  const bytes = write(told).toBytes();
  const reader = new FeedbackReader();
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(reader.begin(packetOf(bytes.slice(0, length))), DropReason.BAD_CONTROL);
  }
});

Deno.test("feedback: reading never throws, and ranges that are read go down and are not below 0", () => {
  const bodies = fc.array(fc.oneof(fc.nat(255), fc.nat(3)), { minLength: 24, maxLength: 200 });
  fc.assert(
    fc.property(fc.nat(4), bodies, (count, body) => {
      const packet = packetOf([FEEDBACK_KIND, count, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...body]);
      if (new FeedbackReader().begin(packet) !== 0) return;
      const read = readAll(packet);
      assert.equal(read.length, count);
      for (const { ranges } of read) {
        let above = Number.POSITIVE_INFINITY;
        for (const [first, last] of ranges) {
          assert(first >= 0 && first <= last && last < above - 1);
          above = first;
        }
      }
    }),
    { numRuns: 500 },
  );
});
