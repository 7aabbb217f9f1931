/**
 * The type definitions of a gob stream. A stream describes its own types, with ids that depend on
 * what else the sending program registered, so they are read and not assumed.
 *
 * Source: https://pkg.go.dev/encoding/gob, "Types and Values" (there `wireType`), and Go's
 * src/encoding/gob/type.go for the ids.
 *
 * @module
 */

import type { GobReader } from "./gob_reader.ts";

/** Ids of the predefined types ("the bootstrap types", type.go). */
export const GobTypeId = {
  BOOL: 1,
  INT: 2,
  UINT: 3,
  FLOAT: 4,
  BYTES: 5,
  STRING: 6,
  COMPLEX: 7,
  INTERFACE: 8,
} as const;

/** Lower ids belong to gob itself: it cannot be told what they are (type.go, `firstUserId`). */
const FIRST_USER_TYPE_ID = 64;

/** What a defined type is: the number of the field of `wireType` that describes it. */
export const GobKind = {
  ARRAY: 0,
  SLICE: 1,
  STRUCT: 2,
  MAP: 3,
  /** GobEncoder: counted bytes that only the type itself understands. */
  GOB_ENCODER: 4,
  /** encoding.BinaryMarshaler: the same on the wire. */
  BINARY_MARSHALER: 5,
  /** encoding.TextMarshaler: the same on the wire. */
  TEXT_MARSHALER: 6,
} as const;

/** One field of a struct type. The name is where it stands in the stream's bytes: no string is made. */
export interface GobField {
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly typeId: number;
}

/** A defined type. What its kind has no use for is 0 or empty. */
export interface GobType {
  /** One of {@link GobKind}'s values. */
  readonly kind: number;
  /** Array, slice, map: id of the elements' type. */
  readonly elementTypeId: number;
  /** Map: id of the keys' type. */
  readonly keyTypeId: number;
  /** Array: how many elements it has. */
  readonly length: number;
  /** Struct: its fields in order; a value names them by index. */
  readonly fields: readonly GobField[];
}

const NO_FIELDS: readonly GobField[] = [];

/** The types that one stream has defined so far. */
export class GobTypes {
  readonly #types = new Map<number, GobType>();

  /** The type of that id, or undefined when it is predefined or unknown. */
  get(typeId: number): GobType | undefined {
    return this.#types.get(typeId);
  }

  /**
   * Reads a type definition, an encoded `wireType`: a struct of seven pointers, exactly one of them
   * set. The reader fails when it is malformed or the id is taken, as Go's decoder does.
   */
  define(typeId: number, reader: GobReader): void {
    if (typeId < FIRST_USER_TYPE_ID || this.#types.has(typeId)) return reader.fail();
    const kind = reader.readFieldNumber(-1);
    if (kind < GobKind.ARRAY || kind > GobKind.TEXT_MARSHALER) return reader.fail();
    const type = readDescription(reader, kind);
    if (reader.readFieldNumber(kind) !== -1) return reader.fail();
    this.#types.set(typeId, type);
  }
}

/**
 * `arrayType { CommonType; Elem typeId; Len int }`, `sliceType { CommonType; Elem typeId }`,
 * `structType { CommonType; Field []fieldType }`, `mapType { CommonType; Key, Elem typeId }`,
 * `gobEncoderType { CommonType }`.
 */
function readDescription(reader: GobReader, kind: number): GobType {
  let first = 0;
  let second = 0;
  let fields = NO_FIELDS;
  for (let n = reader.readFieldNumber(-1); n >= 0; n = reader.readFieldNumber(n)) {
    if (n === 0) skipCommonType(reader);
    else if (n === 1 && kind === GobKind.STRUCT) fields = readFields(reader);
    else if (n === 1 && kind <= GobKind.MAP) first = reader.readInt();
    else if (n === 2 && (kind === GobKind.ARRAY || kind === GobKind.MAP)) second = reader.readInt();
    else reader.fail();
  }
  const isMap = kind === GobKind.MAP;
  return {
    kind,
    elementTypeId: isMap ? second : first,
    keyTypeId: isMap ? first : 0,
    length: isMap ? 0 : second,
    fields,
  };
}

/** `CommonType { Name string; Id typeId }`: neither matters; the id was already given. */
function skipCommonType(reader: GobReader): void {
  for (let n = reader.readFieldNumber(-1); n >= 0; n = reader.readFieldNumber(n)) {
    if (n === 0) reader.skipBytes();
    else if (n === 1) reader.skipUint();
    else reader.fail();
  }
}

/** `[]fieldType`, of `fieldType { Name string; Id typeId }`. */
function readFields(reader: GobReader): readonly GobField[] {
  const fields: GobField[] = [];
  const count = reader.readCount();
  for (let i = 0; i < count && !reader.failed; i++) fields.push(readField(reader));
  return fields;
}

function readField(reader: GobReader): GobField {
  let nameStart = 0;
  let nameEnd = 0;
  let typeId = 0;
  for (let n = reader.readFieldNumber(-1); n >= 0; n = reader.readFieldNumber(n)) {
    if (n === 0) {
      nameStart = reader.skipBytes();
      nameEnd = reader.position;
    } else if (n === 1) typeId = reader.readInt();
    else reader.fail();
  }
  return { nameStart, nameEnd, typeId };
}
