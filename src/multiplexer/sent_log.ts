/**
 * What was sent over one link and is not yet known to have arrived or to be lost, by link sequence number. Pure.
 *
 * A ring of columns that doubles when it is full: an idle link has the smallest. The packets themselves stand in
 * slots of the pool, which the log owns until a packet is acknowledged or handed to be sent again.
 *
 * @module
 */

import type { Packet } from "../wire/packet.ts";

/** First and largest number of places. The largest holds a second of 350 Mbit/s. */
const INITIAL_PLACES = 32;
const MAX_PLACES = 32_768;

/** What became of a packet. */
export const SentState = { NONE: 0, IN_FLIGHT: 1, ACKED: 2, LOST: 3 } as const;

/** The ring. Columns are read by index, see {@link SentLog.find}. */
export class SentLog {
  /** Sequence number in each place; -1: none. */
  seqNos = new Float64Array(INITIAL_PLACES).fill(-1);
  /** One of {@link SentState}. */
  states = new Uint8Array(INITIAL_PLACES);
  /** The inner packet, while it may have to be sent again; null for what never is. */
  slots: (Packet | null)[] = new Array(INITIAL_PLACES).fill(null);
  /** Bytes on the wire. */
  wireBytes = new Uint32Array(INITIAL_PLACES);
  /** Monotonic ms of this sending, and of the first one of the same packet. */
  sentMs = new Float64Array(INITIAL_PLACES);
  firstSentMs = new Float64Array(INITIAL_PLACES);
  /** Order group, its number, data flags, and how often it was sent again before. */
  groups = new Uint16Array(INITIAL_PLACES);
  groupSeqNos = new Uint32Array(INITIAL_PLACES);
  flags = new Uint8Array(INITIAL_PLACES);
  resends = new Uint8Array(INITIAL_PLACES);
  /** Packets and bytes in flight. */
  inFlightPkts = 0;
  inFlightBytes = 0;
  /** Below it nothing is in flight. */
  oldestSeqNo = 0;
  /** One above the newest number in the log. */
  endSeqNo = 0;
  /** The newest number that was taken for lost; -1: none was. */
  newestLostSeqNo = -1;
  #mask = INITIAL_PLACES - 1;

  /**
   * Hot. Makes a place for a datagram that was just sent; its columns are the caller's to fill in.
   * @returns the place, or -1 when the log is full: then the packet cannot be sent again.
   */
  add(seqNo: number, wireBytes: number, now: number): number {
    if (this.inFlightPkts === 0) this.oldestSeqNo = seqNo;
    while (seqNo - this.oldestSeqNo > this.#mask) {
      if (this.#mask + 1 >= MAX_PLACES) return -1;
      this.#grow();
    }
    const at = seqNo & this.#mask;
    this.seqNos[at] = seqNo;
    this.states[at] = SentState.IN_FLIGHT;
    this.wireBytes[at] = wireBytes;
    this.sentMs[at] = now;
    this.inFlightPkts++;
    this.inFlightBytes += wireBytes;
    this.endSeqNo = seqNo + 1;
    return at;
  }

  /** Hot. The place of a number, or -1 when it is not in the log (any more, or never was: not all datagrams are logged). */
  find(seqNo: number): number {
    const at = seqNo & this.#mask;
    return this.seqNos[at] === seqNo ? at : -1;
  }

  /** Hot. A packet is no longer in flight. @param state ACKED or LOST. @returns its slot, the caller's from now on. */
  settle(at: number, state: number): Packet | null {
    const slot = this.slots[at]!;
    this.slots[at] = null;
    this.states[at] = state;
    if (state === SentState.LOST) {
      this.newestLostSeqNo = Math.max(this.newestLostSeqNo, this.seqNos[at]!);
    }
    this.inFlightPkts--;
    this.inFlightBytes -= this.wireBytes[at]!;
    return slot;
  }

  /** Hot. Moves {@link SentLog.oldestSeqNo} over all that is settled. */
  advance(): void {
    if (this.inFlightPkts === 0) {
      this.oldestSeqNo = this.endSeqNo;
      return;
    }
    let seqNo = this.oldestSeqNo;
    while (seqNo < this.endSeqNo) {
      const at = seqNo & this.#mask;
      if (this.seqNos[at] === seqNo && this.states[at] === SentState.IN_FLIGHT) break;
      seqNo++;
    }
    this.oldestSeqNo = seqNo;
  }

  #grow(): void {
    const oldMask = this.#mask;
    const places = (oldMask + 1) * 2;
    const old = {
      seqNos: this.seqNos,
      states: this.states,
      slots: this.slots,
      wireBytes: this.wireBytes,
      sentMs: this.sentMs,
      firstSentMs: this.firstSentMs,
      groups: this.groups,
      groupSeqNos: this.groupSeqNos,
      flags: this.flags,
      resends: this.resends,
    };
    this.seqNos = new Float64Array(places).fill(-1);
    this.states = new Uint8Array(places);
    this.slots = new Array(places).fill(null);
    this.wireBytes = new Uint32Array(places);
    this.sentMs = new Float64Array(places);
    this.firstSentMs = new Float64Array(places);
    this.groups = new Uint16Array(places);
    this.groupSeqNos = new Uint32Array(places);
    this.flags = new Uint8Array(places);
    this.resends = new Uint8Array(places);
    this.#mask = places - 1;
    for (let i = 0; i <= oldMask; i++) {
      const seqNo = old.seqNos[i]!;
      if (seqNo < 0) continue;
      const at = seqNo & this.#mask;
      this.seqNos[at] = seqNo;
      this.states[at] = old.states[i]!;
      this.slots[at] = old.slots[i]!;
      this.wireBytes[at] = old.wireBytes[i]!;
      this.sentMs[at] = old.sentMs[i]!;
      this.firstSentMs[at] = old.firstSentMs[i]!;
      this.groups[at] = old.groups[i]!;
      this.groupSeqNos[at] = old.groupSeqNos[i]!;
      this.flags[at] = old.flags[i]!;
      this.resends[at] = old.resends[i]!;
    }
  }
}
