/**
 * Control packets that are made to break the decoder: lies about lengths, ids and types, recursion. Floods: legacy_control_bounds_test.ts.
 *
 * @module
 */

import assert from "node:assert/strict";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import {
  control,
  decode,
  type Decoded,
  INT,
  INTERFACE,
  TYPES,
  UINT,
} from "../../support/gob_control.ts";
import {
  gobArrayType,
  type GobBytes,
  gobInt,
  gobList,
  gobMapType,
  gobMessage,
  gobSliceType,
  gobString,
  gobStruct,
  gobStructType,
  gobUint,
} from "../../support/gob_writer.ts";

/** `[]` of itself, so deep. */
function nested(depth: number): GobBytes {
  return [...Array.from({ length: depth }, () => 1), 0];
}

/** A stream that is taken as it is; what REFUSED puts before it makes the difference. */
const WHOLE: readonly GobBytes[] = [...TYPES, control(1, [])];

Deno.test("decodeLegacyControl takes the stream that the refused ones are made of", () => {
  assert.equal(decode(...WHOLE).result, 0);
});

const REFUSED: readonly (readonly [string, readonly GobBytes[]])[] = [
  ["nothing", []],
  ["an empty message", [[0]]],
  ["only type definitions", TYPES],
  ["a value of an undefined type", [control(1, [])]],
  ["a type that is defined twice", [TYPES[0]!, ...TYPES, control(1, [])]],
  ["a type id that is no int32", [gobMessage(gobSliceType(2 ** 31, INT)), ...WHOLE]],
  ["a type id that belongs to gob", [
    gobMessage(gobStructType(20, "CP", [["SeqNo", INT]])),
    gobMessage(gobInt(20), gobStruct([[0, gobInt(1)]])),
  ]],
  ["a definition that defines nothing", [gobMessage(gobInt(-110), [0]), ...WHOLE]],
  ["a definition of an unknown kind", [gobMessage(gobInt(-110), [8, 0, 0]), ...WHOLE]],
  ["a definition of two kinds", [
    gobMessage(gobInt(-110), gobStruct([[4, gobStruct([])], [5, gobStruct([])]])),
    ...WHOLE,
  ]],
  ["a definition that ends after a field number", [
    gobMessage(gobInt(-110), [5, 0, 1]),
    ...WHOLE,
  ]],
  ["a definition with another message behind it", [
    gobMessage(gobSliceType(110, INT), gobMessage(gobSliceType(111, INT))),
    ...WHOLE,
  ]],
  ["a description with a field that its kind has not", [
    gobMessage(gobInt(-110), gobStruct([[4, gobStruct([[1, gobInt(INT)]])]])),
    ...WHOLE,
  ]],
  ["Received keyed by an unsigned integer", [
    TYPES[0]!,
    gobMessage(gobMapType(101, UINT, 102)),
    TYPES[2]!,
    control(1, []),
  ]],
  ["an entry type that is not defined", [TYPES[0]!, TYPES[1]!, control(1, [])]],
  ["Received of a type that is not defined", [TYPES[0]!, control(1, [])]],
  ["a field number that the struct has not", [...TYPES, gobMessage(gobInt(100), [3, 0])]],
  ["a field number of 2^63", [...TYPES, gobMessage(gobInt(100), gobUint(2n ** 63n), [0])]],
  ["an entry's field number that the struct has not", [...TYPES, control(1, [[1, [2, 1, 0]]])]],
  ["more entries than bytes", [...TYPES, gobMessage(gobInt(100), [2, 0x7f, 2, 0, 0])]],
  ["2^63 entries", [...TYPES, gobMessage(gobInt(100), [2], gobUint(2n ** 63n), [2, 0, 0])]],
  ["a message of 2^63 bytes", [...TYPES, gobUint(2n ** 63n), [0]]],
  ["a message of 2^64 - 1 bytes first", [gobUint(2n ** 64n - 1n)]],
  ["a struct that does not end", [...TYPES, gobMessage(gobInt(100), [1, 2])]],
  ["two levels of messages", [gobMessage(...TYPES, control(1, []))]],
  ["an array of another length than its type's", [
    gobMessage(gobArrayType(110, INT, 2)),
    gobMessage(gobStructType(100, "CP", [["X", 110], ["SeqNo", INT]])),
    gobMessage(gobInt(100), gobStruct([[0, gobList([gobInt(1)])], [1, gobInt(1)]])),
  ]],
  ["a field of a type that belongs to gob", [
    gobMessage(gobStructType(100, "CP", [["X", 16], ["SeqNo", INT]])),
    gobMessage(gobInt(100), gobStruct([[0, [0]], [1, gobInt(1)]])),
  ]],
  ["an interface value of an undefined type", [
    gobMessage(gobStructType(100, "CP", [["X", INTERFACE], ["SeqNo", INT]])),
    gobMessage(gobInt(100), gobStruct([[0, [1, 0x41, ...gobInt(999), 2, 0, 0]], [1, gobInt(1)]])),
  ]],
  ["an interface value that is no struct and has no zero before it", [
    gobMessage(gobStructType(100, "CP", [["X", INTERFACE], ["SeqNo", INT]])),
    gobMessage(gobInt(100), gobStruct([[0, [1, 0x41, ...gobInt(INT), 2, 1, 2]], [1, gobInt(1)]])),
  ]],
];

for (const [what, messages] of REFUSED) {
  Deno.test(`decodeLegacyControl refuses ${what}`, () =>
    assert.equal(decode(...messages).result, DropReason.BAD_CONTROL));
}

/** A packet with a field X of a type that contains itself, so deep. */
function selfContaining(depth: number): Decoded {
  return decode(
    gobMessage(gobSliceType(110, 110)),
    gobMessage(gobStructType(100, "CP", [["X", 110], ["SeqNo", INT]])),
    gobMessage(gobInt(100), gobStruct([[0, nested(depth)], [1, gobInt(1)]])),
  );
}

Deno.test("decodeLegacyControl skips a value of a type that contains itself", () => {
  assert.equal(selfContaining(20).seqNo, 1);
});

Deno.test("decodeLegacyControl refuses values nested 1,000 deep", () => {
  assert.equal(selfContaining(1_000).result, DropReason.BAD_CONTROL);
});

Deno.test("decodeLegacyControl refuses interfaces nested 500 deep", () => {
  const level = [...gobString("I"), ...gobInt(110), ...gobUint(0), 1]; // then the struct's field 0
  const { result } = decode(
    gobMessage(gobStructType(110, "I", [["I", INTERFACE]])),
    gobMessage(gobStructType(100, "CP", [["X", INTERFACE], ["SeqNo", INT]])),
    gobMessage(gobInt(100), [1], Array.from({ length: 500 }, () => level).flat()),
  );
  assert.equal(result, DropReason.BAD_CONTROL);
});
