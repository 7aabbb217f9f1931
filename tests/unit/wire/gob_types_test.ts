import assert from "node:assert/strict";
import { GobReader } from "../../../src/wire/gob_reader.ts";
import {
  GobKind,
  type GobPart,
  GobType,
  GobTypes,
  MAX_GOB_FIELDS,
  MAX_GOB_TYPES,
} from "../../../src/wire/gob_types.ts";
import { readGobTypeId } from "../../../src/wire/gob_value.ts";
import {
  type GobBytes,
  gobInt,
  gobMapType,
  gobMessage,
  gobSliceType,
  gobStructType,
} from "../../support/gob_writer.ts";

/** Reads the definitions. @returns whether the reader took them. */
function define(types: GobTypes, ...definitions: readonly GobBytes[]): boolean {
  const messages = definitions.flatMap((definition) => gobMessage(definition));
  const stream = Uint8Array.from([...messages, ...gobMessage(gobInt(64))]);
  const reader = new GobReader(stream, 0, stream.length);
  readGobTypeId(reader, types);
  return !reader.failed;
}

/** A stream that uses all there may be; `from` is its first id. */
function largestStream(from: number): readonly GobBytes[] {
  return Array.from(
    { length: MAX_GOB_TYPES },
    (_, i) =>
      i === 0
        ? gobStructType(from, "", Array.from({ length: MAX_GOB_FIELDS }, () => ["F", 2] as const))
        : gobSliceType(from + i, 2),
  );
}

Deno.test("GobTypes makes its objects once and uses them for all streams", () => {
  const types = new GobTypes();
  const seen = new Set<GobType | GobPart>();
  for (let stream = 0; stream < 20; stream++) {
    const from = 64 + 100 * stream;
    types.clear();
    assert.ok(define(types, ...largestStream(from)));
    for (let i = 0; i < MAX_GOB_TYPES; i++) seen.add(types.get(from + i)!);
    for (let n = 0; n < MAX_GOB_FIELDS; n++) seen.add(types.get(from)!.fieldAt(n)!);
  }
  assert.equal(seen.size, MAX_GOB_TYPES + MAX_GOB_FIELDS);
});

Deno.test("GobTypes.clear forgets all types", () => {
  const types = new GobTypes();
  define(types, gobSliceType(64, 2));
  assert.equal(types.count, 1);
  types.clear();
  assert.equal(types.count, 0);
  assert.equal(types.get(64), null);
});

Deno.test("GobTypes.define leaves nothing of the type that the object was before", () => {
  const types = new GobTypes();
  define(types, gobMapType(64, 2, 65), gobStructType(65, "", [["F", 2]]));
  types.resolve(types.get(64)!.element);
  types.clear();
  define(types, gobStructType(64, "", []), gobSliceType(66, 0));
  const struct = types.get(64)!;
  assert.equal(struct.kind, GobKind.STRUCT);
  assert.deepEqual([struct.key.typeId, struct.element.typeId, struct.element.type], [0, 0, null]);
  assert.equal(types.get(66)!.fieldAt(0), null);
});

Deno.test("GobTypes.define adds no type when it fails", () => {
  const types = new GobTypes();
  const whole = gobStructType(64, "", [["F", 2]]);
  assert.ok(!define(types, [...whole.slice(0, -1), 1]));
  assert.equal(types.count, 0);
});

Deno.test("GobTypes.resolve finds a type that is defined after it was first looked for", () => {
  const types = new GobTypes();
  define(types, gobSliceType(64, 65));
  const { element } = types.get(64)!;
  assert.equal(types.resolve(element), null);
  define(types, gobSliceType(65, 2));
  assert.equal(types.resolve(element)?.id, 65);
});

Deno.test("GobTypes takes what can't be a type id as none", () => {
  const types = new GobTypes();
  define(types, gobMapType(64, -3, 2 ** 31));
  const map = types.get(64)!;
  assert.deepEqual([map.key.typeId, map.element.typeId], [0, 0]);
});

Deno.test("GobType.fieldAt gives null for numbers that the struct has not", () => {
  const types = new GobTypes();
  define(types, gobStructType(64, "", [["F", 2], ["G", 3]]));
  const struct = types.get(64)!;
  assert.equal(struct.fieldAt(1)?.typeId, 3);
  for (const number of [-1, 2, Number.MAX_SAFE_INTEGER]) assert.equal(struct.fieldAt(number), null);
});

Deno.test("GobType.addField refuses one more than there may be", () => {
  const type = new GobType();
  for (let n = 0; n < MAX_GOB_FIELDS; n++) type.addField();
  assert.throws(() => type.addField(), /^Error: Invariant/);
});
