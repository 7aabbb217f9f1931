/**
 * What was sent in which packet: a ring of records, indexed by packet number.
 *
 * A packet number is used once, so an acknowledgement says exactly which transmission arrived (no
 * ambiguity between an original and its repetition, RFC 9002 §4.2). Records of packets declared
 * lost are kept a while: they may have been late only, and then tell how late.
 *
 * @module
 */

import type { StreamChannel } from "./stream_channel.ts";

/** Packets that may be unresolved, a power of two. Below 65,536: the floor travels as a distance. */
const MAX_RECORDS = 16_384;

/** What became of a packet. */
export const RecordState = { RESOLVED: 0, IN_FLIGHT: 1, LOST: 2 } as const;

/** The ring. A record's fields lie in parallel arrays, at {@link slotOf} its packet number. */
export class SentLog {
  /** When it was sent, ms. */
  readonly sentMs = new Float64Array(MAX_RECORDS);
  /** Its size, headers included. */
  readonly sizeBytes = new Int32Array(MAX_RECORDS);
  /** One of {@link RecordState}. */
  readonly states = new Uint8Array(MAX_RECORDS);
  /** FrameKind of its reliable frame. */
  readonly kinds = new Uint8Array(MAX_RECORDS);
  /** The stream of that frame; null for PING. */
  readonly streams: (StreamChannel | null)[] = new Array(MAX_RECORDS).fill(null);
  /** First number of the stream's that it carries. */
  readonly starts = new Float64Array(MAX_RECORDS);
  /** The number behind the last one. */
  readonly ends = new Float64Array(MAX_RECORDS);

  /** Lowest packet number that is not resolved or forgotten. */
  floor = 1;
  /** Next packet number; they begin at 1. */
  next = 1;
  /** Bytes in flight. */
  inFlightBytes = 0;
  /** Packets in flight. */
  inFlightPkts = 0;

  /** Whether another record fits, after forgetting lost ones if need be. */
  hasRoom(): boolean {
    if (this.next - this.floor < MAX_RECORDS) return true;
    this.raiseFloor(Infinity);
    return this.next - this.floor < MAX_RECORDS;
  }

  /** Hot. Takes a record in; the caller has asked {@link hasRoom}. @returns its packet number. */
  add(
    now: number,
    sizeBytes: number,
    kind: number,
    stream: StreamChannel | null,
    start: number,
    end: number,
  ): number {
    const packetNumber = this.next++;
    const slot = slotOf(packetNumber);
    this.sentMs[slot] = now;
    this.sizeBytes[slot] = sizeBytes;
    this.states[slot] = RecordState.IN_FLIGHT;
    this.kinds[slot] = kind;
    this.streams[slot] = stream;
    this.starts[slot] = start;
    this.ends[slot] = end;
    this.inFlightBytes += sizeBytes;
    this.inFlightPkts++;
    return packetNumber;
  }

  /** Hot. Gives a record a new state, which is never IN_FLIGHT. */
  settle(slot: number, state: number): void {
    if (this.states[slot] === RecordState.IN_FLIGHT) {
      this.inFlightBytes -= this.sizeBytes[slot]!;
      this.inFlightPkts--;
    }
    this.states[slot] = state;
    if (state === RecordState.RESOLVED) this.streams[slot] = null;
  }

  /** Hot. Moves the floor over resolved records, and over lost ones sent before `forgetBeforeMs`. */
  raiseFloor(forgetBeforeMs: number): void {
    while (this.floor < this.next) {
      const slot = slotOf(this.floor);
      const state = this.states[slot];
      if (state === RecordState.IN_FLIGHT) return;
      if (state === RecordState.LOST) {
        if (this.sentMs[slot]! >= forgetBeforeMs) return;
        this.settle(slot, RecordState.RESOLVED);
      }
      this.floor++;
    }
  }

  /** Forgets all records and begins again at packet number 1. */
  reset(): void {
    for (let pn = this.floor; pn < this.next; pn++) this.settle(slotOf(pn), RecordState.RESOLVED);
    this.floor = 1;
    this.next = 1;
  }
}

/** Hot. The ring's slot of a packet number. */
export function slotOf(packetNumber: number): number {
  return packetNumber % MAX_RECORDS;
}
