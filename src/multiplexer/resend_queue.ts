/**
 * Packets that were lost on a link and wait to go over another one, oldest first. Pure.
 *
 * @module
 */

import type { Packet } from "../wire/packet.ts";
import type { MultiplexerLink } from "./multiplexer_link.ts";

const INITIAL_PLACES = 64;

/** A first-in, first-out ring of columns. */
export class ResendQueue {
  #slots: (Packet | null)[] = [];
  #lostOn: (MultiplexerLink | null)[] = [];
  #firstSentMs = new Float64Array(0);
  #groups = new Uint16Array(0);
  #groupSeqNos = new Uint32Array(0);
  #flags = new Uint8Array(0);
  #resends = new Uint8Array(0);
  #isRescue = new Uint8Array(0);
  #head = 0;
  #count = 0;

  /** Packets that wait. */
  get count(): number {
    return this.#count;
  }

  /**
   * Hot. Takes a packet; owns its slot.
   * @param lostOn the link that it should have come over
   * @param resends how often it will have been sent again
   * @param isRescue its deadline does not count
   */
  push(
    slot: Packet,
    lostOn: MultiplexerLink,
    firstSentMs: number,
    group: number,
    groupSeqNo: number,
    flags: number,
    resends: number,
    isRescue: boolean,
  ): void {
    if (this.#count === this.#slots.length) this.#grow();
    const to = (this.#head + this.#count) % this.#slots.length;
    this.#slots[to] = slot;
    this.#lostOn[to] = lostOn;
    this.#firstSentMs[to] = firstSentMs;
    this.#groups[to] = group;
    this.#groupSeqNos[to] = groupSeqNo;
    this.#flags[to] = flags;
    this.#resends[to] = resends;
    this.#isRescue[to] = isRescue ? 1 : 0;
    this.#count++;
  }

  /** Fields of the oldest packet; meaningful while there is one. */
  get slot(): Packet {
    return this.#slots[this.#head]!;
  }
  get lostOn(): MultiplexerLink {
    return this.#lostOn[this.#head]!;
  }
  get firstSentMs(): number {
    return this.#firstSentMs[this.#head]!;
  }
  get group(): number {
    return this.#groups[this.#head]!;
  }
  get groupSeqNo(): number {
    return this.#groupSeqNos[this.#head]!;
  }
  get flags(): number {
    return this.#flags[this.#head]!;
  }
  get resends(): number {
    return this.#resends[this.#head]!;
  }
  get isRescue(): boolean {
    return this.#isRescue[this.#head] !== 0;
  }

  /** Hot. The oldest packet is gone; its slot is the caller's. */
  shift(): void {
    this.#slots[this.#head] = null;
    this.#lostOn[this.#head] = null;
    this.#head = (this.#head + 1) % this.#slots.length;
    this.#count--;
  }

  #grow(): void {
    const old = this.#slots.length;
    const places = Math.max(INITIAL_PLACES, 2 * old);
    const turned = <T extends { [i: number]: unknown; length: number }>(from: T, to: T): T => {
      for (let i = 0; i < old; i++) to[i] = from[(this.#head + i) % old];
      return to;
    };
    this.#slots = turned(this.#slots, new Array(places).fill(null));
    this.#lostOn = turned(this.#lostOn, new Array(places).fill(null));
    this.#firstSentMs = turned(this.#firstSentMs, new Float64Array(places));
    this.#groups = turned(this.#groups, new Uint16Array(places));
    this.#groupSeqNos = turned(this.#groupSeqNos, new Uint32Array(places));
    this.#flags = turned(this.#flags, new Uint8Array(places));
    this.#resends = turned(this.#resends, new Uint8Array(places));
    this.#isRescue = turned(this.#isRescue, new Uint8Array(places));
    this.#head = 0;
  }
}
