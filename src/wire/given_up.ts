/**
 * The message that says which packets are lost for good: who waits for them to put the others in order need wait no
 * longer. Pure.
 *
 * ```
 * GIVEN_UP  kind 1 | entries 1 | reserved 2 | entries x (order group 1 | reserved 3 | group sequence number 4) | zeros up to 32
 * ```
 *
 * @module
 */

import { DropReason } from "./drop_reason.ts";
import { beginMessage, InnerKind, isMessage } from "./inner_message.ts";
import type { Packet } from "./packet.ts";

/** Entries of one message at most. */
export const MAX_GIVEN_UP = 64;

const ENTRIES_OFFSET = 1;
const FIRST_ENTRY_OFFSET = 4;
const ENTRY_BYTES = 8;

/** A list of packets, made once and filled again and again. */
export class GivenUp {
  readonly #groups = new Uint8Array(MAX_GIVEN_UP);
  readonly #seqNos = new Uint32Array(MAX_GIVEN_UP);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Hot. Adds a packet. @returns false when the list is full; nobody is told of it then, and waits until its time is over. */
  add(group: number, seqNo: number): boolean {
    if (this.#count === MAX_GIVEN_UP) return false;
    this.#groups[this.#count] = group;
    this.#seqNos[this.#count] = seqNo;
    this.#count++;
    return true;
  }

  group(i: number): number {
    return this.#groups[i]!;
  }

  seqNo(i: number): number {
    return this.#seqNos[i]!;
  }

  clear(): void {
    this.#count = 0;
  }

  /** Replaces the packet by the list. */
  encode(out: Packet): void {
    let at = beginMessage(out, FIRST_ENTRY_OFFSET + this.#count * ENTRY_BYTES);
    out.view.setUint8(at, InnerKind.GIVEN_UP);
    out.view.setUint8(at + ENTRIES_OFFSET, this.#count);
    at += FIRST_ENTRY_OFFSET;
    for (let i = 0; i < this.#count; i++, at += ENTRY_BYTES) {
      out.view.setUint8(at, this.#groups[i]!);
      out.view.setUint32(at + 4, this.#seqNos[i]!);
    }
  }

  /** Reads a list. @returns 0, or BAD_CONTROL; then the list is empty. */
  decode(inner: Packet): number {
    this.#count = 0;
    if (!isMessage(inner, InnerKind.GIVEN_UP)) return DropReason.BAD_CONTROL;
    const { view, start, end } = inner;
    const count = view.getUint8(start + ENTRIES_OFFSET);
    if (count > MAX_GIVEN_UP || start + FIRST_ENTRY_OFFSET + count * ENTRY_BYTES > end) {
      return DropReason.BAD_CONTROL;
    }
    for (let i = 0, at = start + FIRST_ENTRY_OFFSET; i < count; i++, at += ENTRY_BYTES) {
      this.add(view.getUint8(at), view.getUint32(at + 4));
    }
    return 0;
  }
}
