/**
 * What the receiver knows of one order group: the number that is next, which numbers near it arrived, and the
 * packets that came before their turn. Pure: it only keeps; reorder_buffer.ts decides and counts.
 *
 * Numbers are u32 and wrap around. Three things are kept of them:
 * - a ring of bits: which of the last 4,096 and of the next 2,048 numbers arrived;
 * - a ring of slots behind the next number: a held packet, or a mark that the sender gave the number up;
 * - beside each slot the time at which `next` has to have passed it: the earliest deadline of the packets
 *   held at or behind it. These never fall with rising numbers, so the one of `next` itself is the group's.
 *
 * While nothing is going on `next` is missing, so no more than the ring's size of numbers behind it are kept and no
 * two share a slot.
 *
 * @module
 */

import { Packet } from "../wire/packet.ts";

/** How far ahead of the next number a packet may be and wait: with all of it held, 2 MB of 1,000-byte packets. */
export const MAX_AHEAD_PKTS = 2_048;

/** How far behind the next number a packet is told from a repeated one. */
export const MAX_BEHIND_PKTS = 4_096;

/** Bits are cleared by blocks, a ring of them as in RFC 6479: 1 KB, 8,192 numbers, of which 6,145 are looked at. */
const RING_BLOCKS = 256;
const BLOCK_MASK = RING_BLOCKS - 1;
const BLOCK_SHIFT = 5;
const BIT_MASK = 31;
/** Block numbers are u32 numbers without these bits. */
const BLOCK_NUMBER_MASK = 0x7ff_ffff;
const AHEAD_BLOCKS = MAX_AHEAD_PKTS >>> BLOCK_SHIFT;

/** Slots made at first; doubled up to MAX_AHEAD_PKTS when a packet is further ahead. */
const FIRST_SLOTS = 16;

/** Stands in a slot: the number will not come, and nobody waits for it. */
const GIVEN_UP: Packet = new Packet(0);

const NO_NUMBERS = new Float64Array(0);

/** One order group. */
export class ReorderGroup {
  /** The number that is delivered next, u32. */
  next: number;
  /** When the wait for `next` ends, monotonic ms; Infinity when no packet waits for it. */
  headDeadlineMs = Number.POSITIVE_INFINITY;
  /** Numbers behind `next` of which something is known: held, delivered before their turn, given up. */
  aheadPkts = 0;
  /** Packets held. */
  heldPkts = 0;
  /** When the packet arrived that {@link takeHead} gave out last, monotonic ms. */
  takenArrivedMs = 0;

  /** Of the owner: when a packet of the group arrived last, monotonic ms. */
  lastReceivedMs = 0;
  /** Of the owner: packets in a row that were too far back. */
  farBackPkts = 0;
  /** Of waiting_groups.ts: where the group stands in its list; -1: not there. */
  waitingIndex = -1;

  readonly #received = new Uint32Array(RING_BLOCKS);
  #slots: (Packet | null)[] = [];
  #deadlinesMs = NO_NUMBERS;
  #arrivalsMs = NO_NUMBERS;
  /** Highest number of those counted by aheadPkts, while there are any. */
  #top = 0;

  /** @param next u32; nothing before it arrived */
  constructor(next: number) {
    this.next = next;
  }

  /** Hot. How far a number is ahead of the next: below 0 behind it. */
  aheadOf(seqNo: number): number {
    return (seqNo - this.next) | 0;
  }

  /** Hot. Whether a number arrived: MAX_BEHIND_PKTS behind the next to MAX_AHEAD_PKTS ahead. */
  isReceived(seqNo: number): boolean {
    return (this.#received[seqNo >>> BLOCK_SHIFT & BLOCK_MASK]! & 1 << (seqNo & BIT_MASK)) !== 0;
  }

  /** Hot. The same range. */
  markReceived(seqNo: number): void {
    const block = seqNo >>> BLOCK_SHIFT & BLOCK_MASK;
    this.#received[block] = this.#received[block]! | 1 << (seqNo & BIT_MASK);
  }

  /** Hot. Whether anything is known of a number behind this one, which is ahead of `next`. */
  isBelowTop(seqNo: number): boolean {
    return this.aheadPkts > 0 && ((seqNo - this.#top) | 0) < 0;
  }

  /** Hot. `next` goes up by one. */
  step(): void {
    const next = (this.next + 1) >>> 0;
    this.next = next;
    // The block of the highest number that is looked at from now on is an old one.
    if ((next & BIT_MASK) === 0) {
      this.#received[((next >>> BLOCK_SHIFT) + AHEAD_BLOCKS) & BLOCK_MASK] = 0;
    }
  }

  /** `next` goes to a number ahead, while nothing is kept behind `next`. */
  jumpTo(seqNo: number): void {
    const block = this.next >>> BLOCK_SHIFT;
    const blocks = ((seqNo >>> BLOCK_SHIFT) - block) & BLOCK_NUMBER_MASK;
    for (let i = Math.min(blocks, RING_BLOCKS); i > 0; i--) {
      this.#received[(block + AHEAD_BLOCKS + blocks - i + 1) & BLOCK_MASK] = 0;
    }
    this.next = seqNo;
  }

  /** `next` goes anywhere and nothing before it arrived, while nothing is kept behind `next`. */
  restartAt(seqNo: number): void {
    this.#received.fill(0);
    this.next = seqNo;
  }

  /** Hot. Holds a packet, 1 to MAX_AHEAD_PKTS ahead of `next`, that did not arrive yet. Takes the slot. */
  hold(seqNo: number, slot: Packet, deadlineMs: number, now: number): void {
    const index = this.#place(seqNo);
    this.#slots[index] = slot;
    this.#arrivalsMs[index] = now;
    this.heldPkts++;
    this.markReceived(seqNo);
    this.#lowerDeadlines(seqNo, deadlineMs);
  }

  /** A packet in the same range was delivered before its turn. */
  passOver(seqNo: number): void {
    const index = this.#place(seqNo); // may make new rings
    this.#slots[index] = null;
    this.markReceived(seqNo);
  }

  /** A number in the same range that did not arrive will not be waited for. It may arrive all the same. */
  giveUp(seqNo: number): void {
    const index = this.#place(seqNo); // may make new rings
    this.#slots[index] = GIVEN_UP;
  }

  /** Hot. Whether `next` arrived or was given up. Only after `next` moved, while aheadPkts is above 0. */
  isHeadKnown(): boolean {
    return this.isReceived(this.next) || this.isHeadGivenUp();
  }

  /** Whether `next` was given up; asked under the same conditions. */
  isHeadGivenUp(): boolean {
    return this.#slots[this.next & (this.#slots.length - 1)] === GIVEN_UP;
  }

  /** Hot. Takes the packet of `next`, which is known; the caller then steps. @returns null: there is none to deliver. */
  takeHead(): Packet | null {
    const index = this.next & (this.#slots.length - 1);
    const slot = this.#slots[index]!;
    this.#slots[index] = null;
    this.aheadPkts--;
    if (slot === null || slot === GIVEN_UP) return null;
    this.heldPkts--;
    this.takenArrivedMs = this.#arrivalsMs[index]!;
    return slot;
  }

  /** Hot. After `next` moved to a number that is missing. */
  refreshHeadDeadline(): void {
    this.headDeadlineMs = this.aheadPkts === 0
      ? Number.POSITIVE_INFINITY
      : this.#deadlinesMs[this.next & (this.#deadlinesMs.length - 1)]!;
  }

  /** Makes a number known that may not have been. @returns its index in the rings. */
  #place(seqNo: number): number {
    if (this.aheadOf(seqNo) > this.#slots.length) this.#grow(this.aheadOf(seqNo));
    const mask = this.#slots.length - 1;
    const index = seqNo & mask;
    if (this.aheadPkts === 0) this.#top = this.next;
    // Nobody waits for the numbers between the highest before and this one, yet.
    const top = this.#top;
    const isNewTop = ((seqNo - top) | 0) > 0;
    if (isNewTop) {
      for (let at = top; at !== seqNo; at = (at + 1) >>> 0) {
        this.#deadlinesMs[(at + 1) & mask] = Number.POSITIVE_INFINITY;
      }
      this.#top = seqNo;
    }
    if (this.#slots[index] !== GIVEN_UP) this.aheadPkts++;
    return index;
  }

  /** A packet is held at a number until the deadline at most: whatever is missing before it has to be passed by then. */
  #lowerDeadlines(seqNo: number, deadlineMs: number): void {
    const deadlinesMs = this.#deadlinesMs;
    const mask = deadlinesMs.length - 1;
    for (let at = seqNo; at !== this.next; at = (at - 1) >>> 0) {
      if (deadlinesMs[at & mask]! <= deadlineMs) return; // and so are all before it
      deadlinesMs[at & mask] = deadlineMs;
    }
    if (deadlineMs < this.headDeadlineMs) this.headDeadlineMs = deadlineMs;
  }

  #grow(aheadPkts: number): void {
    let size = Math.max(2 * this.#slots.length, FIRST_SLOTS);
    while (size < aheadPkts) size *= 2;
    const slots = new Array<Packet | null>(size).fill(null);
    const deadlinesMs = new Float64Array(size);
    const arrivalsMs = new Float64Array(size);
    const old = this.#slots.length;
    for (let i = 1; i <= old; i++) {
      const from = (this.next + i) & (old - 1);
      const to = (this.next + i) & (size - 1);
      slots[to] = this.#slots[from]!;
      deadlinesMs[to] = this.#deadlinesMs[from]!;
      arrivalsMs[to] = this.#arrivalsMs[from]!;
    }
    this.#slots = slots;
    this.#deadlinesMs = deadlinesMs;
    this.#arrivalsMs = arrivalsMs;
  }
}
