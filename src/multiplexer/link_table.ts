/**
 * The links of one peer, by id and in the order they came. Pure.
 *
 * @module
 */

import type { Lateness } from "./lateness.ts";
import type { LinkPort } from "./link_port.ts";
import { MultiplexerLink } from "./multiplexer_link.ts";
import { Pacer } from "./pacer.ts";

/** Links. */
export class LinkTable {
  /** In the order they were added. */
  readonly all: MultiplexerLink[] = [];
  /** Dense: a lookup per packet. It grows to the highest id in use. */
  readonly #byId: (MultiplexerLink | null)[] = [];
  readonly #lateness: Lateness;

  constructor(lateness: Lateness) {
    this.#lateness = lateness;
  }

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
    const link = new MultiplexerLink(port, new Pacer(this.#lateness));
    this.#byId[id] = link;
    this.all.push(link);
    return link;
  }

  /** Forgets a link that is in the table. */
  remove(link: MultiplexerLink): void {
    this.#byId[link.port.id] = null;
    this.all.splice(this.all.indexOf(link), 1);
  }
}
