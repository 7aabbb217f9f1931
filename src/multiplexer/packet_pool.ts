/**
 * Packet slots shared by all peers of one end: what waits in a queue, may have to be sent again, or waits
 * for its turn at the receiver, stands in one of these. They are made when first needed and kept, so a
 * thousand idle slaves cost nothing. Pure.
 *
 * @module
 */

import { Packet, PacketMemory } from "../wire/packet.ts";

/** A packet on an ordinary path (MTU 1500) and room to spare. Longer ones get slots of their own, which are not kept. */
const SLOT_CAPACITY_BYTES = 1_536;

/**
 * Slots that are made at once, side by side in one memory. What has a memory of its own has four objects, and a packet that comes
 * back after a round trip finds none of them in the processor's cache; and the address that libcrypto wants has to be
 * looked up for each. Pages of slots that were never used cost nothing.
 */
const SLAB_SLOTS = 128;

/** Slots of one end at most: 64 MiB, a second of 400 Mbit/s and what it has to keep for it. */
const MAX_SLOTS = 34_000;

/** Slots that wait to be used again. */
export class PacketPool {
  readonly #free: Packet[] = [];
  readonly #maxSlots: number;
  #usedSlots = 0;
  /** Of the newest slab: its memory, and slots that were made in it. */
  #slab: PacketMemory | null = null;
  #slabSlots = 0;

  constructor(maxSlots: number = MAX_SLOTS) {
    this.#maxSlots = maxSlots;
  }

  /** Slots given out and not yet back. */
  get usedSlots(): number {
    return this.#usedSlots;
  }

  /** Hot. A slot that holds a copy of the packet; its holder gives it back by {@link release}. Null when all are in use. */
  acquireCopy(src: Packet): Packet | null {
    if (this.#usedSlots >= this.#maxSlots) return null;
    const lengthBytes = src.end - src.start;
    const slot = lengthBytes > SLOT_CAPACITY_BYTES
      ? new Packet(lengthBytes)
      : this.#free.pop() ?? this.#make();
    this.#usedSlots++;
    slot.copyFrom(src);
    return slot;
  }

  /** Hot. Takes a slot back. */
  release(slot: Packet): void {
    this.#usedSlots--;
    if (slot.capacityBytes === SLOT_CAPACITY_BYTES) this.#free.push(slot);
  }

  #make(): Packet {
    if (this.#slab === null || this.#slabSlots === SLAB_SLOTS) {
      this.#slab = new PacketMemory(SLAB_SLOTS * SLOT_BYTES);
      this.#slabSlots = 0;
    }
    return new Packet(SLOT_CAPACITY_BYTES, this.#slab, SLOT_BYTES * this.#slabSlots++);
  }
}

const SLOT_BYTES = PacketMemory.slotBytes(SLOT_CAPACITY_BYTES);
