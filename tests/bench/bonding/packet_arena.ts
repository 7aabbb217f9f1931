/**
 * The relay's memory: datagrams in slots of one buffer whose address is known, with a free list.
 * One explicit ArrayBuffer, since small typed arrays move and their addresses go stale.
 *
 * @module
 */

/** Bytes of a slot: more than any datagram on an Ethernet path. */
export const SLOT_BYTES = 2_048;

/** Slots that are taken and given back; a slot is its number. */
export class PacketArena {
  /** Address of slot 0. */
  readonly address: number;
  /** How many bytes each slot's datagram has. */
  readonly lengths: Uint16Array;
  /** Index of the client each slot's datagram is for or from. */
  readonly clients: Uint16Array;
  readonly #bytes: ArrayBuffer;
  readonly #free: Int32Array;
  #freeCount: number;

  /** @param slots how many datagrams can be under way at once. */
  constructor(slots: number) {
    this.#bytes = new ArrayBuffer(slots * SLOT_BYTES);
    this.address = addressOf(this.#bytes);
    this.lengths = new Uint16Array(slots);
    this.clients = new Uint16Array(slots);
    this.#free = Int32Array.from({ length: slots }, (_, i) => slots - 1 - i);
    this.#freeCount = slots;
  }

  /** Hot. A free slot, or -1 when there is none. */
  take(): number {
    return this.#freeCount === 0 ? -1 : this.#free[--this.#freeCount]!;
  }

  /** Hot. Gives a slot back. */
  giveBack(slot: number): void {
    this.#free[this.#freeCount++] = slot;
  }

  /** How many are free. */
  get freeCount(): number {
    return this.#freeCount;
  }
}

/** Where a buffer begins. It must be kept referenced as long as the address is used. */
export function addressOf(buffer: ArrayBuffer): number {
  return Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer)));
}
