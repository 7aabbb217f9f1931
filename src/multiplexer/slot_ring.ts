/**
 * A first-in-first-out line of packet slots with what has to be known of each: when it came, and its flow's
 * hash. It grows by doubling; an empty one that was never used has no memory of its own. Pure.
 *
 * @module
 */

import type { Packet } from "../wire/packet.ts";

/** Places of a line that is used for the first time. */
const FIRST_PLACES = 8;

/** What new lines share. */
const NO_SLOTS: (Packet | null)[] = [];
const NO_TIMES = new Float64Array(0);
const NO_HASHES = new Int32Array(0);

/** A line of slots, which it owns. */
export class SlotRing {
  /**
   * When the first slot came, in ms; of no meaning in an empty line. Others only read it. (A field, since what a method
   * returns is a number on the heap wherever V8 does not inline it.)
   */
  firstEnqueuedMs = NaN;
  #slots = NO_SLOTS;
  #enqueuedMs = NO_TIMES;
  #hashes = NO_HASHES;
  /** Place of the first one. The number of places is a power of two, so places wrap by a mask. */
  #head = 0;
  #pkts = 0;
  #bytes = 0;

  /** Slots in the line. */
  get pkts(): number {
    return this.#pkts;
  }

  /** Bytes of their packets. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Hot. Puts a slot at the end. @param flowHash 31 bits */
  push(slot: Packet, flowHash: number, now: number): void {
    if (this.#pkts === this.#slots.length) this.#grow();
    const place = (this.#head + this.#pkts) & (this.#slots.length - 1);
    this.#slots[place] = slot;
    this.#enqueuedMs[place] = now;
    this.#hashes[place] = flowHash;
    if (this.#pkts === 0) this.firstEnqueuedMs = now;
    this.#pkts++;
    this.#bytes += slot.end - slot.start;
  }

  /** Hot. Takes the first slot, which there must be; what is known of it is asked before. */
  shift(): Packet {
    const slot = this.#slots[this.#head]!;
    this.#slots[this.#head] = null;
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#pkts--;
    this.#bytes -= slot.end - slot.start;
    this.firstEnqueuedMs = this.#enqueuedMs[this.#head]!; // An old one if the line is empty now.
    return slot;
  }

  /** Hot. The first slot, which there must be. */
  get first(): Packet {
    return this.#slots[this.#head]!;
  }

  /** Hot. Flow hash of the first slot. */
  get firstHash(): number {
    return this.#hashes[this.#head]!;
  }

  /** Lets the memory of an empty line go if it has more than so many places. */
  shrink(maxPlaces: number): void {
    if (this.#slots.length <= maxPlaces) return;
    this.#slots = NO_SLOTS;
    this.#enqueuedMs = NO_TIMES;
    this.#hashes = NO_HASHES;
    this.#head = 0;
  }

  #grow(): void {
    const oldPlaces = this.#slots.length;
    const places = Math.max(FIRST_PLACES, 2 * oldPlaces);
    const slots = new Array<Packet | null>(places).fill(null);
    const enqueuedMs = new Float64Array(places);
    const hashes = new Int32Array(places);
    for (let i = 0; i < this.#pkts; i++) {
      const place = (this.#head + i) & (oldPlaces - 1);
      slots[i] = this.#slots[place]!;
      enqueuedMs[i] = this.#enqueuedMs[place]!;
      hashes[i] = this.#hashes[place]!;
    }
    this.#slots = slots;
    this.#enqueuedMs = enqueuedMs;
    this.#hashes = hashes;
    this.#head = 0;
  }
}
