/**
 * What a control packet may cost: each bound from both sides, and the work of the worst packets.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { ControlPacket } from "../../../src/wire/control_packet.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { decodeLegacyControl, encodeLegacyControl } from "../../../src/wire/legacy_control.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { control, decode, entry, INT, INTERFACE, TYPES, UINT } from "../../support/gob_control.ts";
import {
  type GobBytes,
  type GobFieldSpec,
  gobInt,
  gobMap,
  gobMapType,
  gobMessage,
  gobSliceType,
  gobString,
  gobStruct,
  gobStructType,
  gobUint,
} from "../../support/gob_writer.ts";

/** So many of them, each made of its index. */
function times<T>(count: number, make: (index: number) => T): readonly T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function assertTaken(messages: readonly GobBytes[], seqNo: number): void {
  const decoded = decode(...messages);
  assert.equal(decoded.result, 0);
  assert.equal(decoded.seqNo, seqNo);
}

function assertRefused(messages: readonly GobBytes[]): void {
  assert.equal(decode(...messages).result, DropReason.BAD_CONTROL);
}

/** A stream of so many bytes: what stands behind the value is not looked at. */
function ofLength(lengthBytes: number): readonly GobBytes[] {
  const stream = [...TYPES, control(3, [])];
  return [...stream, times(lengthBytes - stream.flat().length, () => 0)];
}

Deno.test("decodeLegacyControl reads a packet of 16,384 bytes and refuses a longer one", () => {
  assertTaken(ofLength(16_384), 3);
  assertRefused(ofLength(16_385));
});

/** TYPES and as many others as make so many. */
function withTypes(count: number): readonly GobBytes[] {
  const others = times(count - TYPES.length, (i) => gobMessage(gobSliceType(1_000 + i, INT)));
  return [...others, ...TYPES, control(3, [])];
}

Deno.test("decodeLegacyControl reads a packet with 32 types and refuses one with 33", () => {
  assertTaken(withTypes(32), 3);
  assertRefused(withTypes(33));
});

/** A packet whose value consists of an interface with this definition in it, and SeqNo 3. */
function withLateType(types: readonly GobBytes[], definition: GobBytes): readonly GobBytes[] {
  return [
    ...types,
    gobMessage(gobStructType(100, "CP", [["X", INTERFACE], ["SeqNo", INT]])),
    gobMessage(gobInt(100), [1], gobString("S"), definition),
    gobMessage(gobInt(110), gobUint(1), [0], [1], gobInt(3), [0]),
  ];
}

Deno.test("decodeLegacyControl counts the types that a value defines, too", () => {
  const others = times(31, (i) => gobMessage(gobSliceType(1_000 + i, INT)));
  const late = gobStructType(110, "S", []);
  assertTaken(withLateType(others.slice(1), late), 3);
  assertRefused(withLateType(others, late));
});

/** A packet whose struct has so many fields, SeqNo the last. */
function withFields(count: number): readonly GobBytes[] {
  const fields = times(count - 1, (i): GobFieldSpec => [`F${i}`, INT]);
  return [
    gobMessage(gobStructType(100, "CP", [...fields, ["SeqNo", INT]])),
    gobMessage(gobInt(100), gobStruct([[count - 1, gobInt(3)]])),
  ];
}

Deno.test("decodeLegacyControl reads a struct of 64 fields and refuses one of 65", () => {
  assertTaken(withFields(64), 3);
  assertRefused(withFields(65));
});

/** Bytes of a definition: its message without the length and the type id. */
function definitionBytes(definition: GobBytes, id: number): number {
  return definition.length - gobInt(-id).length;
}

/** A struct without fields whose definition has so many bytes. */
function structOfBytes(id: number, lengthBytes: number): GobBytes {
  const shortest = definitionBytes(gobStructType(id, "x".repeat(300), []), id) - 300;
  return gobStructType(id, "x".repeat(lengthBytes - shortest), []);
}

const LIMIT_BYTES = 4_096;

Deno.test("decodeLegacyControl reads definitions of 4,096 bytes together and refuses more", () => {
  const ours = TYPES.flat().length - 3 * TYPES.length; // without a byte of length and two of id
  for (const [excess, result] of [[0, 0], [1, DropReason.BAD_CONTROL]] as const) {
    const other = structOfBytes(110, LIMIT_BYTES - ours + excess);
    const decoded = decode(gobMessage(other), ...TYPES, control(3, []));
    assert.equal(decoded.result, result, `${excess} bytes too many`);
  }
});

Deno.test("decodeLegacyControl counts the bytes of definitions within a value, too", () => {
  const cp = gobStructType(100, "CP", [["X", INTERFACE], ["SeqNo", INT]]);
  const left = LIMIT_BYTES - definitionBytes(cp, 100);
  assertTaken(withLateType([], structOfBytes(110, left)), 3);
  assertRefused(withLateType([], structOfBytes(110, left + 1)));
});

Deno.test("decodeLegacyControl reads 512 entries, of which at most 255 count, and refuses 513", () => {
  const entries = times(513, (i) => [i % 300, entry(i % 100)] as const);
  const { result, received } = decode(...TYPES, control(1, entries.slice(0, 512)));
  assert.equal(result, 0);
  assert.equal(received.length, 255);
  assertRefused([...TYPES, control(1, entries)]);
});

/** A packet with a field to be skipped: a list, which makes one value, and so many in it. */
function withSkipped(elements: number): readonly GobBytes[] {
  return [
    gobMessage(gobSliceType(110, UINT)),
    gobMessage(gobStructType(100, "CP", [["X", 110], ["SeqNo", INT]])),
    gobMessage(gobInt(100), [1], gobUint(elements), times(elements, () => 5), [1], gobInt(3), [0]),
  ];
}

Deno.test("decodeLegacyControl skips 512 values and refuses a packet with more", () => {
  assertTaken(withSkipped(511), 3);
  assertRefused(withSkipped(512));
});

Deno.test("decodeLegacyControl counts skipped values wherever they are", () => {
  const pairs = (count: number): GobBytes =>
    gobMap(times(count, (i) => [gobInt(i % 63), gobStruct([[0, gobUint(5)]])] as const));
  const withPairs = (count: number): readonly GobBytes[] => [
    gobMessage(gobMapType(110, INT, 111)),
    gobMessage(gobStructType(111, "", [["X", UINT]])),
    gobMessage(gobStructType(100, "CP", [["X", 110], ["Y", UINT], ["SeqNo", INT]])),
    gobMessage(gobInt(100), gobStruct([[0, pairs(count)], [1, gobUint(1)], [2, gobInt(3)]])),
  ];
  assertTaken(withPairs(170), 3); // 1 + 3 * 170 + 1 = 512
  assertRefused(withPairs(171));
});

Deno.test("decodeLegacyControl reads 255 entries with two fields more in each", () => {
  const more = times(2, (i): GobFieldSpec => [`X${i}`, UINT]);
  const value = gobStruct(times(3, (i) => [i, gobUint(700 + i)] as const));
  const { result, received } = decode(
    TYPES[0]!,
    TYPES[1]!,
    gobMessage(gobStructType(102, "E", [["Bytes", UINT], ...more])),
    control(1, times(255, (i) => [i + 1, value] as const)),
  );
  assert.equal(result, 0);
  assert.deepEqual(received, times(255, (i) => [i + 1, 700]));
});

Deno.test("decodeLegacyControl knows nothing of an earlier packet's types", () => {
  assertTaken([...TYPES, control(3, [])], 3);
  assertRefused([TYPES[0]!, control(3, [])]);
  assertRefused([TYPES[0]!, TYPES[1]!, control(3, [])]);
});

Deno.test("decodeLegacyControl knows nothing of an earlier packet's fields", () => {
  assertTaken(withFields(64), 3);
  const type = gobMessage(gobStructType(100, "CP", [["SeqNo", INT]]));
  assertTaken([type, gobMessage(gobInt(100), gobStruct([[0, gobInt(4)]]))], 4);
  assertRefused([type, gobMessage(gobInt(100), gobStruct([[1, gobInt(4)]]))]);
});

Deno.test("decodeLegacyControl puts nothing into the result for a packet that is refused late", () => {
  const packet = new Packet();
  const pairs = times(200, (i) => [i + 1, entry(5)] as const);
  packet.fill(Uint8Array.from([...TYPES, control(3, pairs)].flat()));
  packet.bytes[packet.end - 1] = 9; // in place of the struct's end
  const into: ControlPacket = { seqNo: 0, received: new Map() };
  assert.equal(decodeLegacyControl(packet, into), DropReason.BAD_CONTROL);
  assert.equal(into.received.size, 0);
});

/** How many bytes of the stream are read, one read a byte: all that decoding does follows a read. */
function countReads(stream: GobBytes): number {
  const packet = new Packet();
  packet.fill(Uint8Array.from(stream));
  let reads = 0;
  const bytes = new Proxy(packet.bytes, {
    get(target, property): unknown {
      reads++;
      return Reflect.get(target, property);
    },
  });
  const watched = { bytes, start: packet.start, end: packet.end } as unknown as Packet;
  decodeLegacyControl(watched, { seqNo: 0, received: new Map() });
  return reads;
}

/** Repeats until so many bytes are full. */
function fill(lengthBytes: number, unit: GobBytes): GobBytes {
  return times(Math.floor(lengthBytes / unit.length), () => unit).flat();
}

/** A packet with a list X of lists of 100 of these units each, as many as fit; the last byte is wrong. */
function flooded(
  lengthBytes: number,
  types: readonly GobBytes[],
  typeId: number,
  unit: GobBytes,
): GobBytes {
  const definitions = [
    ...types,
    gobSliceType(120, typeId),
    gobSliceType(121, 120),
    gobStructType(100, "CP", [["X", 121], ["SeqNo", INT]]),
  ].flatMap((type) => gobMessage(type));
  const list = [100, ...times(100, () => unit).flat()];
  const lists = Math.floor((lengthBytes - definitions.length - 10) / list.length);
  const body = times(lists, () => list).flat();
  return [...definitions, ...gobMessage(gobInt(100), [1], gobUint(lists), body, [9])];
}

const EMPTY_STRUCT = gobStructType(110, "", []);
const PAIR = gobStructType(111, "", [["A", 110], ["B", 110]]);

/** Packets of about so many bytes that keep a decoder without bounds busy to their end. */
const FLOODS: Readonly<Record<string, (lengthBytes: number) => GobBytes>> = {
  "fields of one struct": (n) =>
    gobMessage(gobInt(-110), [3, 2], gobUint(n - 20), fill(n - 20, [0]), [0, 0]),
  "types": (n) => times(n / 8, (i) => gobMessage(gobInt(-1_000 - i), [5, 0, 0])).flat().slice(0, n),
  "types of 64 fields": (n) =>
    times(n / 75, (i) => gobMessage(gobInt(-1_000 - i), [3, 2, 64], fill(64, [0]), [0, 0])).flat(),
  "empty structs": (n) => flooded(n, [EMPTY_STRUCT], 110, [0]),
  "structs of structs": (n) => flooded(n, [EMPTY_STRUCT, PAIR], 111, [1, 0, 1, 0, 0]),
  "lists in lists": (n) => flooded(n, [gobSliceType(112, 112)], 112, [1, 1, 1, 0]),
  "maps": (n) => flooded(n, [gobMapType(112, UINT, UINT)], 112, [1, 3, 3]),
  "interfaces": (n) => {
    const value = [...gobString("S"), ...gobInt(110), 0, 0];
    return flooded(n, [EMPTY_STRUCT], INTERFACE, value);
  },
  "long integers": (n) => flooded(n, [], UINT, gobUint(2n ** 64n - 1n)),
  "entries": (n) => [
    ...TYPES.flat(),
    ...gobMessage(gobInt(100), [2], gobUint(Math.min(512, (n - 200) / 2)), fill(n - 200, [2, 0]), [
      9,
    ]),
  ],
  "messages without bytes": (n) => fill(n, [0]),
  "noise": (n) => times(n, (i) => (i * 2_654_435_761 >>> 9) & 0xff),
};

/** A packet may make the decoder read so many bytes: 512 skipped values of nine bytes, and little more. */
const MAX_READS = 512 * 9 + 512;

for (const [what, make] of Object.entries(FLOODS)) {
  Deno.test(`decodeLegacyControl does bounded work for a flood of ${what}`, () => {
    for (const lengthBytes of [1_400, 16_300]) {
      const stream = make(lengthBytes);
      const reads = countReads(stream);
      // At most each byte once, and the heads of the messages a second time.
      assert.ok(reads <= stream.length + 33 * 12, `${reads} reads of ${stream.length} bytes`);
      assert.ok(reads <= MAX_READS, `${reads} reads of ${stream.length} bytes`);
    }
    assert.equal(countReads(fill(65_507, make(1_400))), 0); // too long: not looked at
  });
}

Deno.test("decodeLegacyControl ends at the first byte of what can't be a gob stream's length or id", () => {
  assert.ok(countReads(gobMessage(gobInt(100), fill(1_300, [0]))) <= 6); // a value without a type
  assert.ok(countReads([...gobUint(1_400), ...fill(1_300, [0])]) <= 4); // longer than there is
  assert.ok(countReads(gobMessage(gobInt(-20), fill(1_300, [0]))) <= 6); // gob's own type
});

Deno.test("decodeLegacyControl reads a packet of ours once, and its definitions' heads a second time", () => {
  const packet = new Packet();
  encodeLegacyControl({ seqNo: 5, received: new Map([[1, 70_000]]) }, packet);
  const reads = countReads([...packet.toBytes()]);
  assert.ok(reads <= packet.length + 4 * 4, `${reads} reads of ${packet.length} bytes`);
});
