/**
 * The original's control packet: a Go `encoding/gob` stream, made afresh for each packet, of
 *
 *     type ControlPacket struct { SeqNo int; Received map[int]ReceivedEntry }
 *     type ReceivedEntry struct { Bytes uint64 }
 *
 * Anyone can send these bytes, so decoding accepts anything and never throws. Its work is proportional
 * to the datagram's length, and bounded; bytes that are refused leave nothing to collect, since what
 * decodes is made once (there is one thread, and it decodes one packet at a time).
 *
 * It takes whatever Go's encoder can make of a compatible struct: fields are found by name and must
 * have the right type, all others are skipped, what follows the value is not looked at. Streams that
 * no encoder makes are refused here and there where Go's decoder is lenient (a struct without its
 * final zero), and the other way round (an undefined type that no value has). And there are bounds
 * that Go has not, far beyond the original's packets: MAX_CONTROL_BYTES, MAX_ENTRIES, and those of
 * gob_types.ts and gob_value.ts.
 *
 * @module
 */

import type { ControlPacket } from "./control_packet.ts";
import { DropReason } from "./drop_reason.ts";
import { GobReader } from "./gob_reader.ts";
import { GobKind, type GobType, GobTypeId, GobTypes } from "./gob_types.ts";
import { mayHoldGobValue, readGobTypeId, skipGobValue } from "./gob_value.ts";
import { MAX_GOB_INTEGER_BYTES, writeGobInt, writeGobUint } from "./gob_writer.ts";
import type { Packet } from "./packet.ts";

/** Link ids are 1..255: one byte of the datagram header, 0 meaning none. */
const MAX_LINK_ID = 255;

/**
 * Longest control packet that is looked at. With all 255 links ours has at most 3.7 KB; the rest is
 * for fields that another Go program may have. Longer ones can only be made to cost time.
 */
const MAX_CONTROL_BYTES = 16_384;

/** Most entries that are read: all link ids, and as many that are none of ours. */
const MAX_ENTRIES = 512;

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
  const { bytes, start, end } = packet;
  if (end - start > MAX_CONTROL_BYTES) return DropReason.BAD_CONTROL;
  reader.open(bytes, start, end);
  if (!mayHoldGobValue(reader)) return DropReason.BAD_CONTROL;
  reader.open(bytes, start, end);
  types.clear();
  const type = types.get(readGobTypeId(reader, types));
  if (reader.failed || type === null || !findLayout(type)) return DropReason.BAD_CONTROL;
  return readControl(type, into);
}

/** What decodes: made once, used for each packet, and between two of them without meaning. */
const reader = new GobReader(new Uint8Array(), 0, 0);
const types = new GobTypes();
const layout: ControlLayout = {
  seqNoField: -1,
  receivedField: -1,
  entryType: null,
  bytesField: -1,
};
/** The link ids of Received in the order of their first entries, and by id what the last one says. */
const entryLinkIds = new Uint8Array(MAX_LINK_ID);
const entryBytes = new Float64Array(MAX_LINK_ID + 1);
/** In {@link entryBytes}: no entry for the id. */
const NO_ENTRY = -1;

/** Reads the value. The map is filled only when all of it was good: refused bytes cost no memory. */
function readControl(type: GobType, into: ControlPacket): number {
  let seqNo = 0;
  let entries = 0;
  for (let n = reader.readFieldNumber(-1); n >= 0; n = reader.readFieldNumber(n)) {
    const field = type.fieldAt(n);
    if (field === null) reader.fail();
    else if (n === layout.seqNoField) seqNo = reader.readInt();
    else if (n === layout.receivedField) entries = readReceived();
    else skipGobValue(reader, types, field);
  }
  if (reader.failed) return DropReason.BAD_CONTROL;
  into.seqNo = seqNo;
  into.received.clear();
  for (let i = 0; i < entries; i++) {
    const linkId = entryLinkIds[i]!;
    into.received.set(linkId, entryBytes[linkId]!);
  }
  return 0;
}

/** Where the wanted fields are in the sender's types; -1 for one that it does not have. */
interface ControlLayout {
  seqNoField: number;
  receivedField: number;
  entryType: GobType | null;
  bytesField: number;
}

/** Fills the layout. @returns false when a wanted field has another type than ours, or none is there. */
function findLayout(type: GobType): boolean {
  if (type.kind !== GobKind.STRUCT) return false;
  layout.seqNoField = findField(type, "SeqNo");
  layout.receivedField = findField(type, "Received");
  layout.entryType = null;
  layout.bytesField = -1;
  const seqNo = type.fieldAt(layout.seqNoField);
  const received = type.fieldAt(layout.receivedField);
  if (seqNo !== null && seqNo.typeId !== GobTypeId.INT) return false;
  return received === null ? seqNo !== null : findEntryLayout(types.resolve(received));
}

function findEntryLayout(mapType: GobType | null): boolean {
  if (mapType?.kind !== GobKind.MAP || mapType.key.typeId !== GobTypeId.INT) return false;
  const entryType = types.resolve(mapType.element);
  if (entryType?.kind !== GobKind.STRUCT) return false;
  layout.entryType = entryType;
  layout.bytesField = findField(entryType, "Bytes");
  const bytes = entryType.fieldAt(layout.bytesField);
  return bytes === null || bytes.typeId === GobTypeId.UINT;
}

/** @returns the number of the first field of that name, or -1. */
function findField(type: GobType, name: string): number {
  for (let n = 0; n < type.fieldCount; n++) {
    const field = type.fieldAt(n)!;
    if (reader.hasText(field.nameStart, field.nameEnd, name)) return n;
  }
  return -1;
}

/** @returns how many link ids have entries now. */
function readReceived(): number {
  entryBytes.fill(NO_ENTRY);
  let entries = 0;
  const count = reader.readCount();
  if (count > MAX_ENTRIES) reader.fail();
  for (let i = 0; i < count && !reader.failed; i++) {
    const linkId = reader.readInt();
    const receivedBytes = readEntry();
    if (linkId < 1 || linkId > MAX_LINK_ID) continue;
    if (entryBytes[linkId] === NO_ENTRY) entryLinkIds[entries++] = linkId;
    entryBytes[linkId] = receivedBytes;
  }
  return entries;
}

/** @returns the entry's Bytes. */
function readEntry(): number {
  let receivedBytes = 0;
  for (let n = reader.readFieldNumber(-1); n >= 0; n = reader.readFieldNumber(n)) {
    const field = layout.entryType?.fieldAt(n) ?? null;
    if (field === null) reader.fail();
    else if (n === layout.bytesField) receivedBytes = reader.readUint();
    else skipGobValue(reader, types, field);
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
