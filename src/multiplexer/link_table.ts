/**
 * The links of one peer, by id and in the order they came. Pure.
 *
 * @module
 */

import type { LinkPort } from "./link_port.ts";
import { MultiplexerLink } from "./multiplexer_link.ts";

/** A timer is late by so much anyhow, ms. */
const USUAL_LATE_MS = 1;

/** Links keep what they earn while the program is late, but not more than of this time: a queue in a phone is out of our hands. */
const MAX_LATE_MS = 6;

/** What is left of an earlier lateness at each look. */
const LATE_DECAY = 0.9;

/** Links. */
export class LinkTable {
  /** In the order they were added. */
  readonly all: MultiplexerLink[] = [];
  /** Dense: a lookup per packet. It grows to the highest id in use. */
  readonly #byId: (MultiplexerLink | null)[] = [];

  #lateMs = 0;

  /** Hot. A link by id, or null. */
  get(linkId: number): MultiplexerLink | null {
    return this.#byId[linkId] ?? null;
  }

  /** @throws Error when the id is taken or not 1..255: a bug of the caller's. */
  add(port: LinkPort): MultiplexerLink {
    const { id } = port;
    if (!Number.isInteger(id) || id < 1 || id > 255) {
      throw new Error(`Invariant: link id ${id} is not 1..255`);
    }
    if (this.#byId[id]) throw new Error(`Invariant: link ${id} added twice`);
    while (this.#byId.length <= id) this.#byId.push(null);
    const link = new MultiplexerLink(port);
    this.#byId[id] = link;
    this.all.push(link);
    return link;
  }

  /** What was due is done so much later, ms: a reactor that sleeps through a transfer is late by some, again and again. */
  noteLate(lateMs: number): void {
    // Infinity: nothing was ever due.
    const excessMs = lateMs === Infinity ? 0 : Math.min(MAX_LATE_MS, lateMs - USUAL_LATE_MS);
    const decayedMs = LATE_DECAY * this.#lateMs;
    this.#lateMs = Math.max(excessMs, decayedMs < 0.1 ? 0 : decayedMs);
    for (const { pacer } of this.all) pacer.lateMs = this.#lateMs;
  }

  /** Forgets a link that is in the table. */
  remove(link: MultiplexerLink): void {
    this.#byId[link.port.id] = null;
    this.all.splice(this.all.indexOf(link), 1);
  }
}
