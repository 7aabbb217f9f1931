/**
 * A few packets that were taken from the queue but do not fit the link whose turn it was: they wait for one that they fit.
 * Empty, and never looked into, while all links carry all packets. Pure.
 *
 * @module
 */

import { ORDER_GROUPS, readOrderGroup } from "../wire/data_header.ts";
import type { Packet } from "../wire/packet.ts";
import { SlotRing } from "./slot_ring.ts";

/** More than this is not taken from the queue: what waits there is seen by CoDel. 5 ms of 40 Mbit/s. */
const MAX_HELD_PKTS = 16;

/** First in, first out. Owns its slots. */
export class HeldPackets {
  readonly #line = new SlotRing();
  /** How many of each order group. */
  readonly #groups = new Uint8Array(ORDER_GROUPS);

  /** Packets that wait. */
  get pkts(): number {
    return this.#line.pkts;
  }

  /** No more can be held. */
  get isFull(): boolean {
    return this.#line.pkts >= MAX_HELD_PKTS;
  }

  /** The first one, which there must be. */
  get first(): Packet {
    return this.#line.first;
  }

  /** Whether a packet has to wait behind one of its own order group, or it would overtake it. */
  hasGroupOf(slot: Packet): boolean {
    const group = readOrderGroup(slot);
    return group !== 0 && this.#groups[group]! > 0;
  }

  /** Holds a packet. */
  push(slot: Packet, now: number): void {
    this.#groups[readOrderGroup(slot)]!++;
    this.#line.push(slot, 0, now);
  }

  /** Takes the first one out; it is the caller's. */
  shift(): Packet {
    const slot = this.#line.shift();
    this.#groups[readOrderGroup(slot)]!--;
    return slot;
  }
}
