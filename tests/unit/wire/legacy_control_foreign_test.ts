/**
 * Control packets with other type ids, other order and other fields than the original's. The
 * encoder that makes them shares no code with the decoder.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import {
  control,
  decode,
  entry,
  INT,
  INTERFACE,
  STRING,
  TYPES,
  UINT,
} from "../../support/gob_control.ts";
import {
  gobArrayType,
  type GobBytes,
  type GobFieldSpec,
  gobFloat,
  gobInt,
  gobList,
  gobMap,
  gobMapType,
  gobMessage,
  gobOpaqueType,
  gobSliceType,
  gobString,
  gobStruct,
  gobStructType,
  gobUint,
} from "../../support/gob_writer.ts";

/** A kind of extra field: the types it needs, its type's id, and one value of it. */
interface Extra {
  readonly name: string;
  readonly types: readonly GobBytes[];
  readonly id: number;
  readonly value: GobBytes;
}

const EXTRAS: readonly Extra[] = [
  { name: "bool", types: [], id: 1, value: gobUint(1) },
  { name: "int", types: [], id: INT, value: gobInt(-(2n ** 63n)) },
  { name: "uint", types: [], id: UINT, value: gobUint(2n ** 64n - 1n) },
  { name: "float", types: [], id: 4, value: gobFloat(-1.7e300) },
  { name: "bytes", types: [], id: 5, value: gobString("\0".repeat(200)) },
  { name: "string", types: [], id: STRING, value: gobString("Received") },
  { name: "complex", types: [], id: 7, value: [...gobFloat(1.5), ...gobFloat(0)] },
  { name: "nil interface", types: [], id: INTERFACE, value: gobString("") },
  {
    name: "interface of int",
    types: [],
    id: INTERFACE,
    value: [...gobString("int"), ...gobInt(INT), ...gobUint(3), 0, ...gobInt(300)],
  },
  {
    name: "interface of a struct",
    types: [gobStructType(110, "S", [["A", STRING]])],
    id: INTERFACE,
    value: [
      ...gobString("main.S"),
      ...gobInt(110),
      ...gobUint(4),
      ...gobStruct([[0, gobString("x")]]),
    ],
  },
  {
    name: "array",
    types: [gobArrayType(111, INT, 3)],
    id: 111,
    value: gobList([gobInt(0), gobInt(-70), gobInt(9)]),
  },
  {
    name: "slice of slices",
    types: [gobSliceType(112, 113), gobSliceType(113, STRING)],
    id: 112,
    value: gobList([gobList([]), gobList([gobString("a"), gobString("")])]),
  },
  {
    name: "map of structs",
    types: [gobMapType(114, STRING, 115), gobStructType(115, "Bytes", [["Bytes", STRING]])],
    id: 114,
    value: gobMap([[gobString("k"), gobStruct([[0, gobString("v")]])], [
      gobString(""),
      gobStruct([]),
    ]]),
  },
  {
    name: "list",
    types: [gobStructType(116, "Node", [["V", INT], ["Next", 116]])],
    id: 116,
    value: gobStruct([[1, gobStruct([[0, gobInt(4)], [1, gobStruct([])]])]]),
  },
  { name: "GobEncoder", types: [gobOpaqueType(117, 4)], id: 117, value: gobString("any") },
  { name: "BinaryMarshaler", types: [gobOpaqueType(118, 5)], id: 118, value: gobString("") },
  { name: "TextMarshaler", types: [gobOpaqueType(119, 6)], id: 119, value: gobString("text") },
];

for (const extra of EXTRAS) {
  Deno.test(`decodeLegacyControl skips a field of kind ${extra.name}, in the packet and its entries`, () => {
    const { result, seqNo, received } = decode(
      ...extra.types.map((type) => gobMessage(type)),
      gobMessage(gobStructType(100, "CP", [["X", extra.id], ["SeqNo", INT], ["Received", 101]])),
      gobMessage(gobMapType(101, INT, 102)),
      gobMessage(gobStructType(102, "E", [["Bytes", UINT], ["X", extra.id]])),
      gobMessage(
        gobInt(100),
        gobStruct([
          [0, extra.value],
          [1, gobInt(7)],
          [
            2,
            gobMap([
              [gobInt(1), gobStruct([[0, gobUint(1500)], [1, extra.value]])],
              [gobInt(2), gobStruct([[1, extra.value]])],
            ]),
          ],
        ]),
      ),
    );
    assert.equal(result, 0);
    assert.equal(seqNo, 7);
    assert.deepEqual(received, [[1, 1500], [2, 0]]);
  });
}

Deno.test("decodeLegacyControl reads any ids, field order, extra fields and order of definitions", () => {
  const ids = fc.uniqueArray(fc.integer({ min: 64, max: 100_000 }), { minLength: 3, maxLength: 3 });
  const extras = fc.array(fc.constantFrom(...EXTRAS.filter(({ types }) => types.length === 0)), {
    maxLength: 5,
  });
  const entries = fc.uniqueArray(
    fc.tuple(fc.integer({ min: 1, max: 255 }), fc.maxSafeNat()),
    { selector: ([id]) => id, maxLength: 20 },
  );
  const numbers = fc.record({ seqNo: fc.maxSafeInteger(), at: fc.nat(5), order: fc.boolean() });
  fc.assert(
    fc.property(ids, extras, entries, numbers, (ids, extras, entries, { seqNo, at, order }) => {
      const [controlId, mapId, entryId] = ids as [number, number, number];
      const fields: (readonly [GobFieldSpec, GobBytes])[] = extras.map((extra, i) =>
        [[`Extra${i}`, extra.id], extra.value] as const
      );
      const pairs = entries.map(([id, bytes]) => [gobInt(id), entry(bytes)] as const);
      fields.splice(at, 0, [["SeqNo", INT], gobInt(seqNo)]);
      fields.splice(order ? 0 : at + 1, 0, [["Received", mapId], gobMap(pairs)]);
      const definitions = [
        gobMessage(gobStructType(controlId, "Other", fields.map(([spec]) => spec))),
        gobMessage(gobMapType(mapId, INT, entryId)),
        gobMessage(gobStructType(entryId, "", [["Bytes", UINT]])),
      ];
      if (order) definitions.reverse();
      const value = gobStruct(fields.map(([, value], i) => [i, value] as const));
      const decoded = decode(...definitions, gobMessage(gobInt(controlId), value));
      assert.equal(decoded.result, 0);
      assert.equal(decoded.seqNo, seqNo);
      assert.deepEqual(new Map(decoded.received), new Map(entries));
    }),
  );
});

Deno.test("decodeLegacyControl reads new types within an interface value, message after message", () => {
  // What Go's encoder does: the first definition ends the message, further ones are messages, then
  // comes the rest of the value.
  const { result, seqNo } = decode(
    gobMessage(gobStructType(100, "CP", [["X", INTERFACE], ["SeqNo", INT]])),
    gobMessage(gobInt(100), gobUint(1), gobString("S"), gobStructType(110, "S", [["A", 111]])),
    gobMessage(gobSliceType(111, INT)),
    gobMessage(gobInt(110), gobUint(5), gobStruct([[0, gobList([gobInt(1)])]]), [1], gobInt(8), [
      0,
    ]),
  );
  assert.equal(result, 0);
  assert.equal(seqNo, 8);
});

Deno.test("decodeLegacyControl saturates what a number can't hold", () => {
  const { seqNo, received } = decode(
    ...TYPES,
    control(2n ** 63n - 1n, [[1, entry(2n ** 64n - 1n)]]),
  );
  assert.equal(seqNo, Number.MAX_SAFE_INTEGER);
  assert.deepEqual(received, [[1, Number.MAX_SAFE_INTEGER]]);
});

Deno.test("decodeLegacyControl ignores link ids outside 1..255", () => {
  const ids = [-1, 0, 1, 255, 256, 2 ** 40, -(2 ** 40)];
  const { result, received } = decode(...TYPES, control(1, ids.map((id) => [id, entry(5)])));
  assert.equal(result, 0);
  assert.deepEqual(received, [[1, 5], [255, 5]]);
});

Deno.test("decodeLegacyControl takes the last of several entries for one link id", () => {
  const { result, received } = decode(...TYPES, control(1, [[3, entry(1)], [3, entry(2)]]));
  assert.equal(result, 0);
  assert.deepEqual(received, [[3, 2]]);
});

const RECEIVED_OF_TWO = gobMessage(gobInt(100), [2, 2], gobInt(1), [0], gobInt(2), [0, 0]);

Deno.test("decodeLegacyControl takes an entry without fields as 0 bytes", () => {
  assert.deepEqual(decode(...TYPES, RECEIVED_OF_TWO).received, [[1, 0], [2, 0]]);
});
