/**
 * A little gob encoder for tests: writes streams with any type ids, fields and values. It shares no
 * code with src/wire and works with BigInt where that works with halves, so that both would have to
 * be wrong in the same way. Source: https://pkg.go.dev/encoding/gob.
 *
 * @module
 */

/** An encoded piece of a stream. */
export type GobBytes = readonly number[];

/** An unsigned integer: one byte below 128, else a negated byte count and the bytes. */
export function gobUint(value: number | bigint): GobBytes {
  const wide = BigInt(value);
  if (wide < 128n) return [Number(wide)];
  const digits = wide.toString(16);
  const hex = digits.length % 2 === 0 ? digits : `0${digits}`;
  const bytes = hex.match(/../g)!.map((byte) => parseInt(byte, 16));
  return [256 - bytes.length, ...bytes];
}

/** A signed integer. */
export function gobInt(value: number | bigint): GobBytes {
  const wide = BigInt(value);
  return gobUint(wide < 0n ? (~wide << 1n) | 1n : wide << 1n);
}

/** A float: its eight bytes in reverse, as an unsigned integer. */
export function gobFloat(value: number): GobBytes {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return gobUint(view.getBigUint64(0, true));
}

/** A string, or bytes. */
export function gobString(text: string): GobBytes {
  const bytes = new TextEncoder().encode(text);
  return [...gobUint(bytes.length), ...bytes];
}

/** A slice or an array: its count and its elements. */
export function gobList(elements: readonly GobBytes[]): GobBytes {
  return [...gobUint(elements.length), ...elements.flat()];
}

/** A map: its count and its pairs. */
export function gobMap(pairs: readonly (readonly [GobBytes, GobBytes])[]): GobBytes {
  return [...gobUint(pairs.length), ...pairs.flat(2)];
}

/** A struct: pairs of field number and value, in rising order; what is zero is left out by the caller. */
export function gobStruct(fields: readonly (readonly [number, GobBytes])[]): GobBytes {
  let previous = -1;
  const out: number[] = [];
  for (const [number, value] of fields) {
    out.push(...gobUint(number - previous), ...value);
    previous = number;
  }
  return [...out, 0];
}

/** A message: its length and its bytes. */
export function gobMessage(...parts: readonly GobBytes[]): GobBytes {
  const body = parts.flat();
  return [...gobUint(body.length), ...body];
}

/** Field of a struct type: name and type id. */
export type GobFieldSpec = readonly [name: string, typeId: number];

/** A type definition `-id, wireType`, to be put into a message (or into an interface value). */
export function gobStructType(id: number, name: string, fields: readonly GobFieldSpec[]): GobBytes {
  const list = gobList(
    fields.map(([name, type]) => gobStruct([[0, gobString(name)], [1, gobInt(type)]])),
  );
  return definition(id, 2, gobStruct([[0, commonType(name, id)], [1, list]]));
}

/** `map[key]element`. */
export function gobMapType(id: number, key: number, element: number): GobBytes {
  const body = gobStruct([[0, commonType("", id)], [1, gobInt(key)], [2, gobInt(element)]]);
  return definition(id, 3, body);
}

/** `[]element`. */
export function gobSliceType(id: number, element: number): GobBytes {
  return definition(id, 1, gobStruct([[0, commonType("", id)], [1, gobInt(element)]]));
}

/** `[length]element`. */
export function gobArrayType(id: number, element: number, length: number): GobBytes {
  const fields = [[0, commonType("", id)], [1, gobInt(element)], [2, gobInt(length)]] as const;
  return definition(id, 0, gobStruct(fields));
}

/** A type with its own encoding: kind 4 GobEncoder, 5 BinaryMarshaler, 6 TextMarshaler. */
export function gobOpaqueType(id: number, kind: 4 | 5 | 6): GobBytes {
  return definition(id, kind, gobStruct([[0, commonType("Opaque", id)]]));
}

function definition(id: number, kind: number, description: GobBytes): GobBytes {
  return [...gobInt(-id), ...gobStruct([[kind, description]])];
}

function commonType(name: string, id: number): GobBytes {
  return gobStruct(name === "" ? [[1, gobInt(id)]] : [[0, gobString(name)], [1, gobInt(id)]]);
}
