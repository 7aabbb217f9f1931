/**
 * The type definitions of a gob stream. A stream describes its own types, with ids that depend on
 * what else the sending program registered, so they are read and not assumed.
 *
 * Source: https://pkg.go.dev/encoding/gob, "Types and Values" (there `wireType`), and Go's
 * src/encoding/gob/type.go for the ids.
 *
 * Anyone can send definitions, so what a stream may define is bounded, far beyond what a program that
 * sends control packets has, and the objects are made once and used for all streams: a definition
 * costs no memory.
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
export const FIRST_USER_TYPE_ID = 64;

/** Go's `typeId` is an int32. */
const MAX_TYPE_ID = 0x7fff_ffff;

/** Most types that a stream may define. The original defines 3. */
export const MAX_GOB_TYPES = 32;

/** Most fields that a struct may have. The original's have 2 and 1. */
export const MAX_GOB_FIELDS = 64;

/** Most bytes that a stream's definitions may have together. The original's have 124. */
export const MAX_GOB_DEFINITION_BYTES = 4_096;

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

/**
 * What a type is made of: a field of a struct, the elements of an array, slice or map, a map's keys.
 * Belongs to its {@link GobType} and is overwritten with it.
 */
export class GobPart {
  /** A field's name is where it stands in the stream's bytes: no string is made. */
  nameStart = 0;
  /** Behind its last byte. */
  nameEnd = 0;
  /** Id of the part's type: a predefined one, a defined one, or anything else that was sent. */
  typeId = 0;
  /** What {@link GobTypes.resolve} found for `typeId`, so that it looks once and not for each value. */
  type: GobType | null = null;

  /** Makes it a part of that type without a name. */
  reset(typeId: number): void {
    this.nameStart = 0;
    this.nameEnd = 0;
    this.typeId = typeId;
    this.type = null;
  }
}

/** A defined type. It is overwritten by the next stream's definitions. */
export class GobType {
  /** Its id in its stream. */
  id = 0;
  /** One of {@link GobKind}'s values. */
  kind = 0;
  /** Array: how many elements it has. */
  length = 0;
  /** Struct: how many fields it has. */
  fieldCount = 0;
  /** Array, slice, map: the elements' type. */
  readonly element: GobPart = new GobPart();
  /** Map: the keys' type. */
  readonly key: GobPart = new GobPart();
  /** Made when a struct needs them, kept for later ones: only the first `fieldCount` mean something. */
  readonly #fields: GobPart[] = [];

  /** Struct: the field of that number, by which values name it; null when it has none such, as -1. */
  fieldAt(number: number): GobPart | null {
    return number >= 0 && number < this.fieldCount ? this.#fields[number]! : null;
  }

  /** Makes it a type of that kind with nothing in it. */
  reset(id: number, kind: number): void {
    this.id = id;
    this.kind = kind;
    this.length = 0;
    this.fieldCount = 0;
    this.element.reset(0);
    this.key.reset(0);
  }

  /** Struct: adds a field and gives it to be filled. @throws Error beyond {@link MAX_GOB_FIELDS}. */
  addField(): GobPart {
    if (this.fieldCount === MAX_GOB_FIELDS) throw new Error("Invariant: more fields than allowed");
    const field = this.#fields[this.fieldCount] ?? new GobPart();
    this.#fields[this.fieldCount++] = field;
    field.reset(0);
    return field;
  }
}

/** The types that one stream has defined so far. Kept for many streams, one after another. */
export class GobTypes {
  /** As many as any stream had until now; only the first `#count` are this stream's. */
  readonly #types: GobType[] = [];
  /** Their ids once more, in one place: the scan for one touches nothing else. */
  readonly #ids = new Int32Array(MAX_GOB_TYPES);
  #count = 0;
  #definitionBytes = 0;

  /** Forgets all types: a new stream begins. */
  clear(): void {
    this.#count = 0;
    this.#definitionBytes = 0;
  }

  /** How many types are defined. */
  get count(): number {
    return this.#count;
  }

  /** The type of that id, or null when it is predefined or unknown. */
  get(typeId: number): GobType | null {
    // A scan of at most 32 takes no longer than a Map's lookup, and leaves nothing to collect.
    const ids = this.#ids;
    const count = this.#count;
    for (let i = 0; i < count; i++) {
      if (ids[i] === typeId) return this.#types[i]!;
    }
    return null;
  }

  /** The type of a part, or null when it is predefined or unknown (it may be defined later). */
  resolve(part: GobPart): GobType | null {
    part.type ??= this.get(part.typeId);
    return part.type;
  }

  /**
   * Reads a type definition, an encoded `wireType`: a struct of seven pointers, exactly one of them
   * set. The reader fails when it is malformed or the id is taken, as Go's decoder does, and beyond
   * {@link MAX_GOB_TYPES}, {@link MAX_GOB_FIELDS} and {@link MAX_GOB_DEFINITION_BYTES}.
   */
  define(typeId: number, reader: GobReader): void {
    if (typeId < FIRST_USER_TYPE_ID || typeId > MAX_TYPE_ID) return reader.fail();
    if (this.#count === MAX_GOB_TYPES || this.get(typeId) !== null) return reader.fail();
    const start = reader.position;
    const kind = reader.readFieldNumber(-1);
    if (kind < GobKind.ARRAY || kind > GobKind.TEXT_MARSHALER) return reader.fail();
    const type = this.#types[this.#count] ?? new GobType();
    this.#types[this.#count] = type;
    this.#ids[this.#count] = typeId;
    type.reset(typeId, kind);
    readDescription(reader, type);
    if (reader.readFieldNumber(kind) !== -1) return reader.fail();
    this.#definitionBytes += reader.position - start;
    if (this.#definitionBytes > MAX_GOB_DEFINITION_BYTES) return reader.fail();
    if (!reader.failed) this.#count++;
  }
}

/**
 * `arrayType { CommonType; Elem typeId; Len int }`, `sliceType { CommonType; Elem typeId }`,
 * `structType { CommonType; Field []fieldType }`, `mapType { CommonType; Key, Elem typeId }`,
 * `gobEncoderType { CommonType }`.
 */
function readDescription(reader: GobReader, type: GobType): void {
  const kind = type.kind;
  for (let n = reader.readFieldNumber(-1); n >= 0; n = reader.readFieldNumber(n)) {
    if (n === 0) skipCommonType(reader);
    else if (n === 1 && kind === GobKind.STRUCT) readFields(reader, type);
    else if (n === 1 && kind === GobKind.MAP) type.key.reset(readTypeId(reader));
    else if (n === 1 && kind <= GobKind.SLICE) type.element.reset(readTypeId(reader));
    else if (n === 2 && kind === GobKind.MAP) type.element.reset(readTypeId(reader));
    else if (n === 2 && kind === GobKind.ARRAY) type.length = reader.readInt();
    else reader.fail();
  }
}

/** @returns 0, which is no type, for what can't be an id. */
function readTypeId(reader: GobReader): number {
  const id = reader.readInt();
  return id > 0 && id <= MAX_TYPE_ID ? id : 0;
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
function readFields(reader: GobReader, type: GobType): void {
  const count = reader.readCount();
  if (count > MAX_GOB_FIELDS) return reader.fail();
  for (let i = 0; i < count && !reader.failed; i++) readField(reader, type.addField());
}

function readField(reader: GobReader, field: GobPart): void {
  for (let n = reader.readFieldNumber(-1); n >= 0; n = reader.readFieldNumber(n)) {
    if (n === 0) {
      field.nameStart = reader.skipBytes();
      field.nameEnd = reader.position;
    } else if (n === 1) field.typeId = readTypeId(reader);
    else reader.fail();
  }
}
