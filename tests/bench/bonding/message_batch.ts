/**
 * A row of `struct mmsghdr` for recvmmsg(2) and sendmmsg(2), each with one iovec that points to a slot
 * of the arena, and a socket address.
 *
 * @module
 */

import { addressOf, type PacketArena, SLOT_BYTES } from "./packet_arena.ts";
import { IOVEC_BYTES, MMSG_LENGTH_OFFSET, MMSGHDR_BYTES, SOCKADDR_BYTES } from "./relay_libc.ts";

/** Datagrams in one call: some milliseconds of the fastest link. */
export const BATCH_PKTS = 64;

/** One row. */
export class MessageBatch {
  /** Address of the first header, for the calls. */
  readonly address: number;
  /** The slots the headers point to. */
  readonly slots = new Int32Array(BATCH_PKTS);
  /** How many of the headers are in use, when sending. */
  count = 0;
  readonly #headers = new ArrayBuffer(BATCH_PKTS * MMSGHDR_BYTES);
  readonly #iovecs = new ArrayBuffer(BATCH_PKTS * IOVEC_BYTES);
  readonly #names = new ArrayBuffer(BATCH_PKTS * SOCKADDR_BYTES);
  readonly #headerView = new DataView(this.#headers);
  readonly #iovecView = new DataView(this.#iovecs);
  readonly #nameBytes = new Uint8Array(this.#names);
  readonly #nameView = new DataView(this.#names);
  readonly #namesAddress: number;
  readonly #arena: PacketArena;

  constructor(arena: PacketArena) {
    this.#arena = arena;
    this.address = addressOf(this.#headers);
    this.#namesAddress = addressOf(this.#names);
    const iovecsAddress = addressOf(this.#iovecs);
    for (let i = 0; i < BATCH_PKTS; i++) {
      const header = i * MMSGHDR_BYTES;
      this.#setAddress(this.#headerView, header + 16, iovecsAddress + i * IOVEC_BYTES);
      this.#headerView.setUint32(header + 24, 1, true); // iovlen
    }
    this.slots.fill(-1);
  }

  /** Hot. Fills the headers whose slot was kept with fresh slots. @returns how many are usable. */
  prepareReceive(): number {
    let usable = 0;
    while (usable < BATCH_PKTS) {
      if (this.slots[usable]! < 0) {
        const slot = this.#arena.take();
        if (slot < 0) break;
        this.slots[usable] = slot;
        this.#point(usable, slot, SLOT_BYTES);
      }
      // The kernel writes the name's length; it must be the room there is at each call.
      this.#name(usable, SOCKADDR_BYTES);
      usable++;
    }
    return usable;
  }

  /** Hot. Takes a received datagram's slot out; the caller owns it. Its length stands in the arena. */
  takeReceived(index: number): number {
    const slot = this.slots[index]!;
    this.slots[index] = -1;
    this.#arena.lengths[slot] = this.#headerView.getUint32(
      index * MMSGHDR_BYTES + MMSG_LENGTH_OFFSET,
      true,
    );
    return slot;
  }

  /** Hot. Port and address of a datagram's sender as one number below 2^48. */
  senderOf(index: number): number {
    const at = index * SOCKADDR_BYTES;
    return this.#nameView.getUint32(at + 4) * 65_536 + this.#nameView.getUint16(at + 2);
  }

  /** A copy of the sender's socket address. */
  senderName(index: number): Uint8Array<ArrayBuffer> {
    return this.#nameBytes.slice(index * SOCKADDR_BYTES, (index + 1) * SOCKADDR_BYTES);
  }

  /** Hot. Adds a datagram to send. @param name null on a connected socket. */
  append(slot: number, name: Uint8Array | null): void {
    const index = this.count++;
    this.slots[index] = slot;
    this.#point(index, slot, this.#arena.lengths[slot]!);
    if (name !== null) this.#nameBytes.set(name, index * SOCKADDR_BYTES);
    this.#name(index, name === null ? 0 : SOCKADDR_BYTES);
  }

  #point(index: number, slot: number, lengthBytes: number): void {
    const at = index * IOVEC_BYTES;
    this.#setAddress(this.#iovecView, at, this.#arena.address + slot * SLOT_BYTES);
    this.#iovecView.setUint32(at + 8, lengthBytes, true);
  }

  #name(index: number, lengthBytes: number): void {
    const at = index * MMSGHDR_BYTES;
    const address = lengthBytes === 0 ? 0 : this.#namesAddress + index * SOCKADDR_BYTES;
    this.#setAddress(this.#headerView, at, address);
    this.#headerView.setUint32(at + 8, lengthBytes, true);
  }

  /** A pointer below 2^48, as two halves: a BigInt would be allocated. */
  #setAddress(view: DataView, at: number, address: number): void {
    view.setUint32(at, address % 0x1_0000_0000, true);
    view.setUint32(at + 4, Math.floor(address / 0x1_0000_0000), true);
  }
}
