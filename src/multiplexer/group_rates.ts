/**
 * How much each order group has sent of late: tells thin flows, which are sent as soon as they come, from those that
 * can fill a link. Pure.
 *
 * @module
 */

import { ORDER_GROUPS } from "../wire/data_header.ts";

/** Time constant of the rates. */
const MEMORY_MS = 300;

/** A group that sends less is thin: a call, a game, a shell, the first packets of a download. */
const THIN_BPS = 400_000;
const THIN_BYTES = THIN_BPS / 8_000 * MEMORY_MS;

/** Rates by group. */
export class GroupRates {
  /** Made with the first packet: an idle peer has none. */
  #bytes: Float64Array | null = null;
  #updatedMs = new Float64Array(0);

  /** Hot. Counts a packet. @returns whether its group is thin. */
  add(group: number, bytes: number, now: number): boolean {
    if (this.#bytes === null) {
      this.#bytes = new Float64Array(ORDER_GROUPS);
      this.#updatedMs = new Float64Array(ORDER_GROUPS).fill(now);
    }
    const elapsedMs = now - this.#updatedMs[group]!;
    // Packets that were read together have one time.
    const kept = elapsedMs === 0 ? 1 : Math.exp(-elapsedMs / MEMORY_MS);
    const recent = this.#bytes[group]! * kept + bytes;
    this.#bytes[group] = recent;
    this.#updatedMs[group] = now;
    return recent < THIN_BYTES;
  }
}
