/**
 * Control packets that no original daemon sends, built by gob_writer.ts.
 *
 * @module
 */

import type { ControlPacket } from "../../src/wire/control_packet.ts";
import { decodeLegacyControl } from "../../src/wire/legacy_control.ts";
import { Packet } from "../../src/wire/packet.ts";
import {
  type GobBytes,
  gobInt,
  gobMap,
  gobMapType,
  gobMessage,
  gobStruct,
  gobStructType,
  gobUint,
} from "./gob_writer.ts";

/** Ids of gob's own types. */
export const INT = 2;
/** Unsigned. */
export const UINT = 3;
/** Text. */
export const STRING = 6;
/** Any type. */
export const INTERFACE = 8;

/** What the decoder made of a stream. */
export interface Decoded {
  readonly result: number;
  readonly seqNo: number;
  readonly received: readonly (readonly [number, number])[];
}

/** Puts the messages together and decodes them. */
export function decode(...messages: readonly GobBytes[]): Decoded {
  const packet = new Packet();
  packet.fill(Uint8Array.from(messages.flat()));
  const control: ControlPacket = { seqNo: 0, received: new Map() };
  const result = decodeLegacyControl(packet, control);
  return { result, seqNo: control.seqNo, received: [...control.received] };
}

/** The types of the original under other ids: 100 = ControlPacket, 101 = the map, 102 = the entry. */
export const TYPES: readonly GobBytes[] = [
  gobMessage(gobStructType(100, "ControlPacket", [["SeqNo", INT], ["Received", 101]])),
  gobMessage(gobMapType(101, INT, 102)),
  gobMessage(gobStructType(102, "ReceivedEntry", [["Bytes", UINT]])),
];

/** An entry of {@link TYPES}. */
export function entry(bytes: number | bigint): GobBytes {
  return gobStruct([[0, gobUint(bytes)]]);
}

/** A value of {@link TYPES}. */
export function control(
  seqNo: number | bigint,
  received: readonly (readonly [number, GobBytes])[],
): GobBytes {
  const pairs = received.map(([id, entry]) => [gobInt(id), entry] as const);
  return gobMessage(gobInt(100), gobStruct([[0, gobInt(seqNo)], [1, gobMap(pairs)]]));
}
