/**
 * What stands inside a transport packet. The first byte says the kind; an unknown kind is skipped and counted.
 *
 * ```
 * DATA    kind 1 | flags 1 | order group 2 | send time, us 4 | group sequence number 4 | IP packet
 * REPORT  kind 1 | entries 1 | reserved 2 | sequence number 8 | entries x (link id 1 | bytes received 8) | zeros up to 32 bytes
 * NOTICE  kind 1 | code 1 | zeros up to 32 bytes
 * ```
 *
 * @module
 */

import type { ControlPacket } from "./control_packet.ts";
import type { Packet } from "./packet.ts";

/** The first byte. */
export const InnerKind = {
  DATA: 1,
  /** What was received on each link: the control packet. */
  REPORT: 2,
  NOTICE: 3,
} as const;

/** Bytes in front of the IP packet. */
export const DATA_HEADER_BYTES = 12;

/** What a notice says. */
export const NoticeCode = {
  /** The sender ends: the session is over. */
  CLOSING: 1,
  /** To a slave: another machine with this key has joined since; stay away until restarted. */
  REPLACED: 2,
  /** To a slave: its key was revoked. */
  REVOKED: 3,
} as const;

/** Hot. The kind, or -1 when the message is empty. */
export function readInnerKind(_inner: Packet): number {
  throw new Error("Invariant: not written yet");
}

/** Hot. Writes the data header in front of the IP packet and moves `start` there; the caller moves it back. Group 0: unordered; its time and number are 0. */
export function prependDataHeader(_packet: Packet): void {
  throw new Error("Invariant: not written yet");
}

/** Hot. Moves `start` behind the data header. @returns 0, or TRUNCATED. */
export function stripDataHeader(_inner: Packet): number {
  throw new Error("Invariant: not written yet");
}

/** Replaces the packet by a report. */
export function encodeReport(_controlPacket: ControlPacket, _out: Packet): void {
  throw new Error("Invariant: not written yet");
}

/** Reads a report into `out` (its map is cleared first). @returns 0, or BAD_CONTROL. */
export function decodeReport(_inner: Packet, _out: ControlPacket): number {
  throw new Error("Invariant: not written yet");
}

/** Replaces the packet by a notice. */
export function encodeNotice(_code: number, _out: Packet): void {
  throw new Error("Invariant: not written yet");
}

/** The notice's code, or TRUNCATED. */
export function decodeNotice(_inner: Packet): number {
  throw new Error("Invariant: not written yet");
}
