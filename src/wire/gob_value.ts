/**
 * Finds and skips values in a gob stream: what to do with everything that is not wanted.
 *
 * Work is O(bytes): every step of every loop here reads at least one byte, or the reader has failed
 * and the loop ends.
 *
 * @module
 */

import type { GobReader } from "./gob_reader.ts";
import { GobKind, type GobType, GobTypeId, type GobTypes } from "./gob_types.ts";

/**
 * How deep values may nest. Types may refer to themselves (`type T []T`), so only the value bounds
 * the recursion; Go's own decoder stops at 10,000, which is more stack than a datagram deserves.
 */
const MAX_DEPTH = 64;

/**
 * Reads messages until one holds a value, and adds the types that the others define:
 * `((byteCount (-type id, wireType))* (byteCount type id, value))`.
 * @returns the value's type id; the reader stands before the value.
 */
export function readGobTypeId(reader: GobReader, types: GobTypes): number {
  for (;;) {
    reader.readMessage();
    const id = reader.readInt();
    if (id >= 0 || reader.failed) return id;
    types.define(-id, reader);
    if (reader.remainingBytes > 0) reader.fail();
  }
}

/**
 * Skips a value that is a struct's field or an element of something. The reader fails when the type
 * is unknown, which includes gob's own (ids 9 to 63): a program can hardly send values of them.
 */
export function skipGobValue(reader: GobReader, types: GobTypes, typeId: number): void {
  skipValue(reader, types, typeId, MAX_DEPTH);
}

function skipValue(reader: GobReader, types: GobTypes, typeId: number, depth: number): void {
  switch (typeId) {
    case GobTypeId.BOOL:
    case GobTypeId.INT:
    case GobTypeId.UINT:
    case GobTypeId.FLOAT:
      return reader.skipUint();
    case GobTypeId.COMPLEX:
      reader.skipUint();
      return reader.skipUint();
    case GobTypeId.BYTES:
    case GobTypeId.STRING:
      reader.skipBytes();
      return;
  }
  if (depth === 0) return reader.fail();
  if (typeId === GobTypeId.INTERFACE) return skipInterface(reader, types, depth - 1);
  const type = types.get(typeId);
  if (type === undefined) return reader.fail();
  skipDefined(reader, types, type, depth - 1);
}

function skipDefined(reader: GobReader, types: GobTypes, type: GobType, depth: number): void {
  switch (type.kind) {
    case GobKind.STRUCT:
      return skipStruct(reader, types, type, depth);
    case GobKind.ARRAY:
    case GobKind.SLICE:
    case GobKind.MAP:
      return skipElements(reader, types, type, depth);
    default: // GobEncoder, BinaryMarshaler, TextMarshaler
      reader.skipBytes();
  }
}

function skipStruct(reader: GobReader, types: GobTypes, type: GobType, depth: number): void {
  for (let n = reader.readFieldNumber(-1); n >= 0; n = reader.readFieldNumber(n)) {
    const field = type.fields[n];
    if (field === undefined) return reader.fail();
    skipValue(reader, types, field.typeId, depth);
  }
}

function skipElements(reader: GobReader, types: GobTypes, type: GobType, depth: number): void {
  const count = reader.readCount();
  if (type.kind === GobKind.ARRAY && count !== type.length) return reader.fail();
  for (let i = 0; i < count && !reader.failed; i++) {
    if (type.kind === GobKind.MAP) skipValue(reader, types, type.keyTypeId, depth);
    skipValue(reader, types, type.elementTypeId, depth);
  }
}

/**
 * An interface value: the concrete type's name (empty: nil, nothing follows), type definitions if
 * they are new, the type id, a byte count, the value.
 *
 * The value is walked through and not skipped by its byte count, as Go's decoder does: types that
 * are defined inside are needed later, and after them the count no longer tells the value's end.
 */
function skipInterface(reader: GobReader, types: GobTypes, depth: number): void {
  const nameStart = reader.skipBytes();
  if (reader.position === nameStart) return;
  const typeId = readInterfaceTypeId(reader, types);
  reader.skipUint();
  if (types.get(typeId)?.kind === GobKind.STRUCT) return skipValue(reader, types, typeId, depth);
  // Anything but a struct is sent like a struct's field of number 0: a zero goes before it.
  if (reader.readUint() !== 0) return reader.fail();
  skipValue(reader, types, typeId, depth);
}

/**
 * Like {@link readGobTypeId}, in the midst of a value. Go's encoder ends the message after the first
 * new type, whatever is still to come; further types and the rest of the value are messages of
 * their own, or, within an interface value that is itself within one, counted bytes in the same one.
 */
function readInterfaceTypeId(reader: GobReader, types: GobTypes): number {
  for (;;) {
    if (reader.remainingBytes === 0) reader.readMessage();
    const id = reader.readInt();
    if (id >= 0 || reader.failed) return id;
    types.define(-id, reader);
    if (reader.remainingBytes > 0) reader.skipUint();
  }
}
