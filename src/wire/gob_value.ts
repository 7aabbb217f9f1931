/**
 * Finds and skips values in a gob stream: what to do with everything that is not wanted.
 *
 * Work is O(bytes): every step of every loop here reads at least one byte, or the reader has failed
 * and the loop ends. And it is bounded however long the stream is: by {@link MAX_GOB_SKIPPED_VALUES}
 * and by what a stream may define (gob_types.ts).
 *
 * @module
 */

import type { GobReader } from "./gob_reader.ts";
import {
  FIRST_USER_TYPE_ID,
  GobKind,
  type GobPart,
  type GobType,
  GobTypeId,
  type GobTypes,
  MAX_GOB_DEFINITION_BYTES,
  MAX_GOB_TYPES,
} from "./gob_types.ts";

/**
 * How deep values may nest. Types may refer to themselves (`type T []T`), so only the value bounds
 * the recursion; Go's own decoder stops at 10,000, which is more stack than a datagram deserves.
 */
const MAX_DEPTH = 64;

/**
 * Most values that are skipped in a stream, each element and field of each counted, too: two fields
 * that are not the original's in each of 255 entries. The original's packets have none to skip.
 */
export const MAX_GOB_SKIPPED_VALUES = 512;

/**
 * Looks whether the stream's messages can be definitions and then a value, by their lengths and ids
 * alone: bytes that are no gob stream end here, and so does most that only begins like one, before
 * any type is made. What {@link readGobTypeId} could take passes. The reader is used up.
 */
export function mayHoldGobValue(reader: GobReader): boolean {
  let definitionBytes = 0;
  for (let definitions = 0; definitions <= MAX_GOB_TYPES; definitions++) {
    reader.readMessage();
    const id = reader.readInt();
    if (reader.failed) return false;
    if (id >= 0) return definitions > 0 && id >= FIRST_USER_TYPE_ID;
    if (-id < FIRST_USER_TYPE_ID) return false;
    definitionBytes += reader.remainingBytes;
    if (definitionBytes > MAX_GOB_DEFINITION_BYTES) return false;
    reader.skipMessage();
  }
  return false;
}

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
 * Skips the value of a struct's field or an element of something. The reader fails when the type
 * is unknown, which includes gob's own (ids 9 to 63): a program can hardly send values of them.
 */
export function skipGobValue(reader: GobReader, types: GobTypes, part: GobPart): void {
  skipPart(reader, types, part, MAX_DEPTH);
}

function skipPart(reader: GobReader, types: GobTypes, part: GobPart, depth: number): void {
  const type = part.typeId < FIRST_USER_TYPE_ID ? null : types.resolve(part);
  skipValue(reader, types, part.typeId, type, depth);
}

/** @param type the defined type of that id, or null when there is none. */
function skipValue(
  reader: GobReader,
  types: GobTypes,
  typeId: number,
  type: GobType | null,
  depth: number,
): void {
  if (++reader.skippedValues > MAX_GOB_SKIPPED_VALUES) return reader.fail();
  if (type !== null) {
    return depth === 0 ? reader.fail() : skipDefined(reader, types, type, depth - 1);
  }
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
  if (typeId !== GobTypeId.INTERFACE || depth === 0) return reader.fail();
  skipInterface(reader, types, depth - 1);
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
    const field = type.fieldAt(n);
    if (field === null) return reader.fail();
    skipPart(reader, types, field, depth);
  }
}

function skipElements(reader: GobReader, types: GobTypes, type: GobType, depth: number): void {
  const count = reader.readCount();
  const isMap = type.kind === GobKind.MAP;
  if (type.kind === GobKind.ARRAY && count !== type.length) return reader.fail();
  if (count > MAX_GOB_SKIPPED_VALUES - reader.skippedValues) return reader.fail();
  for (let i = 0; i < count && !reader.failed; i++) {
    if (isMap) skipPart(reader, types, type.key, depth);
    skipPart(reader, types, type.element, depth);
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
  const type = types.get(typeId);
  if (type?.kind === GobKind.STRUCT) return skipValue(reader, types, typeId, type, depth);
  // Anything but a struct is sent like a struct's field of number 0: a zero goes before it.
  if (reader.readUint() !== 0) return reader.fail();
  skipValue(reader, types, typeId, type, depth);
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
