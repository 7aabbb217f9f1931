/**
 * The original's control packet: a Go `encoding/gob` stream, made afresh for each packet, of
 *
 *     type ControlPacket struct { SeqNo int; Received map[int]ReceivedEntry }
 *     type ReceivedEntry struct { Bytes uint64 }
 *
 * Anyone can send these bytes, so decoding accepts anything, never throws, and its work is
 * proportional to the datagram's length. It takes whatever Go's encoder can make of a compatible
 * struct: fields are found by name and must have the right type, all others are skipped, what follows
 * the value is not looked at. Streams that no encoder makes are refused here and there where Go's
 * decoder is lenient (a struct without its final zero), and the other way round (an undefined type
 * that no value has).
 *
 * @module
 */

import type { ControlPacket } from "./control_packet.ts";
import { DropReason } from "./drop_reason.ts";
import { GobReader } from "./gob_reader.ts";
import { GobKind, type GobType, GobTypeId, GobTypes } from "./gob_types.ts";
import { readGobTypeId, skipGobValue } from "./gob_value.ts";
import { MAX_GOB_INTEGER_BYTES, writeGobInt, writeGobUint } from "./gob_writer.ts";
import type { Packet } from "./packet.ts";

/** Link ids are 1..255: one byte of the datagram header, 0 meaning none. */
const MAX_LINK_ID = 255;

/**
 * The three type definitions before each value, with the ids that Go gives in a program that sends
 * nothing else: a constant. Layout of each: message length, -id, then a `wireType` (gob_types.ts).
 */
const TYPE_DEFINITIONS: Uint8Array = concat(
  // 65: struct ControlPacket { SeqNo int (2); Received (67) }
  [0x33, 0xff, 0x81, 0x03, 0x01, 0x01, 0x0d],
  "ControlPacket",
  [0x01, 0xff, 0x82, 0x00, 0x01, 0x02, 0x01, 0x05],
  "SeqNo",
  [0x01, 0x04, 0x00, 0x01, 0x08],
  "Received",
  [0x01, 0xff, 0x86, 0x00, 0x00, 0x00],
  // 67: map[int (2)] of 66
  [0x32, 0xff, 0x85, 0x04, 0x01, 0x01, 0x21],
  "map[int]multiplexer.ReceivedEntry",
  [0x01, 0xff, 0x86, 0x00, 0x01, 0x04, 0x01, 0xff, 0x84, 0x00, 0x00],
  // 66: struct { Bytes uint (3) }; Go sends no name for it
  [0x16, 0xff, 0x83, 0x03, 0x01, 0x02, 0xff, 0x84, 0x00, 0x01, 0x01, 0x01, 0x05],
  "Bytes",
  [0x01, 0x06, 0x00, 0x00, 0x00],
);

const CONTROL_PACKET_TYPE_ID = 65;

/** Bytes left free for the length of the value's message: enough for 65,535. */
const LENGTH_BYTES = 3;

/** Longest value without entries: type id, SeqNo, Received's number and count, end. */
const MAX_FIXED_BYTES = 3 + 1 + MAX_GOB_INTEGER_BYTES + 1 + 2 + 1;

/** Longest entry: link id, Bytes's number, Bytes, end. */
const MAX_ENTRY_BYTES = 3 + 1 + MAX_GOB_INTEGER_BYTES + 1;

/**
 * Replaces the packet by an encoded control packet. Entries go out in the map's order.
 * @param control `received` holds link ids 1..255 only.
 * @returns its length in bytes.
 * @throws RangeError when the packet's slot could be too small: 126 bytes and 14 per entry are needed,
 * and 20 more.
 */
export function encodeLegacyControl(control: ControlPacket, packet: Packet): number {
  const { received, seqNo } = control;
  if (received.size > MAX_LINK_ID) throw new Error("Invariant: more links than link ids");
  const neededBytes = TYPE_DEFINITIONS.length + LENGTH_BYTES + MAX_FIXED_BYTES +
    MAX_ENTRY_BYTES * received.size;
  if (neededBytes > packet.capacityBytes) {
    throw new RangeError(
      `Cannot encode control packet: ${neededBytes} bytes exceed ${packet.capacityBytes}`,
    );
  }
  packet.reset();
  const bytes = packet.bytes;
  bytes.set(TYPE_DEFINITIONS, packet.start);
  const lengthAt = packet.start + TYPE_DEFINITIONS.length;
  const valueAt = lengthAt + LENGTH_BYTES;
  const valueEnd = writeControl(bytes, valueAt, seqNo, received);
  // The length takes 1 to 3 bytes and is known only now, so the value moves up to it.
  const movedTo = writeGobUint(bytes, lengthAt, valueEnd - valueAt);
  bytes.copyWithin(movedTo, valueAt, valueEnd);
  packet.end = movedTo + (valueEnd - valueAt);
  return packet.length;
}

/** A field that is zero is left out; an empty map is none, since only a nil one counts as zero. */
function writeControl(
  bytes: Uint8Array,
  start: number,
  seqNo: number,
  received: ReadonlyMap<number, number>,
): number {
  let at = writeGobInt(bytes, start, CONTROL_PACKET_TYPE_ID);
  if (seqNo !== 0) {
    bytes[at++] = 1;
    at = writeGobInt(bytes, at, seqNo);
  }
  bytes[at++] = seqNo === 0 ? 2 : 1;
  at = writeGobUint(bytes, at, received.size);
  for (const [linkId, receivedBytes] of received) {
    at = writeGobInt(bytes, at, linkId);
    if (receivedBytes !== 0) {
      bytes[at++] = 1;
      at = writeGobUint(bytes, at, receivedBytes);
    }
    bytes[at++] = 0;
  }
  bytes[at++] = 0;
  return at;
}

/**
 * Decodes the packet's bytes; the packet is borrowed until return and left as it was.
 *
 * Entries for link ids outside 1..255 are ignored; of several for one id the last counts. A missing
 * SeqNo is 0, a missing Received is empty (Go: a nil map), numbers saturate at 2^53 - 1.
 * @param into is overwritten; it means something only when 0 is returned.
 * @returns 0, or {@link DropReason}.BAD_CONTROL.
 *
 * @example
 * ```ts
 * import { decodeLegacyControl, encodeLegacyControl } from "./legacy_control.ts";
 * import { Packet } from "./packet.ts";
 *
 * const packet = new Packet(1500);
 * encodeLegacyControl({ seqNo: 7, received: new Map([[1, 1400]]) }, packet);
 * const control = { seqNo: 0, received: new Map<number, number>() };
 * const result = decodeLegacyControl(packet, control);
 * if (result !== 0 || control.received.get(1) !== 1400) throw new Error("not what was written");
 * ```
 */
export function decodeLegacyControl(packet: Packet, into: ControlPacket): number {
  into.seqNo = 0;
  into.received.clear();
  const reader = new GobReader(packet.bytes, packet.start, packet.end);
  const types = new GobTypes();
  const type = types.get(readGobTypeId(reader, types));
  if (reader.failed || type === undefined) return DropReason.BAD_CONTROL;
  const layout = findLayout(reader, types, type);
  if (layout === undefined) return DropReason.BAD_CONTROL;
  for (let n = reader.readFieldNumber(-1); n >= 0; n = reader.readFieldNumber(n)) {
    const field = type.fields[n];
    if (field === undefined) reader.fail();
    else if (n === layout.seqNoField) into.seqNo = reader.readInt();
    else if (n === layout.receivedField) readReceived(reader, types, layout, into.received);
    else skipGobValue(reader, types, field.typeId);
  }
  return reader.failed ? DropReason.BAD_CONTROL : 0;
}

/** Where the wanted fields are in the sender's types; -1 for one that it does not have. */
interface ControlLayout {
  readonly seqNoField: number;
  readonly receivedField: number;
  readonly entryType: GobType | undefined;
  readonly bytesField: number;
}

/** @returns undefined when a wanted field has another type than ours, or none is there at all. */
function findLayout(reader: GobReader, types: GobTypes, type: GobType): ControlLayout | undefined {
  if (type.kind !== GobKind.STRUCT) return undefined;
  const seqNoField = findField(reader, type, "SeqNo");
  const receivedField = findField(reader, type, "Received");
  if (seqNoField < 0 && receivedField < 0) return undefined;
  if (seqNoField >= 0 && type.fields[seqNoField]!.typeId !== GobTypeId.INT) return undefined;
  if (receivedField < 0) return { seqNoField, receivedField, entryType: undefined, bytesField: -1 };
  const mapType = types.get(type.fields[receivedField]!.typeId);
  if (mapType?.kind !== GobKind.MAP || mapType.keyTypeId !== GobTypeId.INT) return undefined;
  const entryType = types.get(mapType.elementTypeId);
  if (entryType?.kind !== GobKind.STRUCT) return undefined;
  const bytesField = findField(reader, entryType, "Bytes");
  if (bytesField >= 0 && entryType.fields[bytesField]!.typeId !== GobTypeId.UINT) return undefined;
  return { seqNoField, receivedField, entryType, bytesField };
}

function findField(reader: GobReader, type: GobType, name: string): number {
  return type.fields.findIndex((field) => reader.hasText(field.nameStart, field.nameEnd, name));
}

function readReceived(
  reader: GobReader,
  types: GobTypes,
  layout: ControlLayout,
  received: Map<number, number>,
): void {
  const count = reader.readCount();
  for (let i = 0; i < count && !reader.failed; i++) {
    const linkId = reader.readInt();
    const receivedBytes = readEntry(reader, types, layout);
    if (linkId >= 1 && linkId <= MAX_LINK_ID) received.set(linkId, receivedBytes);
  }
}

/** @returns the entry's Bytes. */
function readEntry(reader: GobReader, types: GobTypes, layout: ControlLayout): number {
  let receivedBytes = 0;
  for (let n = reader.readFieldNumber(-1); n >= 0; n = reader.readFieldNumber(n)) {
    const field = layout.entryType?.fields[n];
    if (field === undefined) reader.fail();
    else if (n === layout.bytesField) receivedBytes = reader.readUint();
    else skipGobValue(reader, types, field.typeId);
  }
  return receivedBytes;
}

/** Puts bytes and ASCII texts together. */
function concat(...parts: readonly (string | readonly number[])[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) =>
      typeof part === "string" ? Array.from(part, (char) => char.charCodeAt(0)) : part
    ),
  );
}
