/**
 * A slave's links as interfaces that come and go need them: they are added as by a command, and forgotten without a hand-over.
 *
 * @module
 */

import type { LinkSpec } from "../linkmap/link_spec.ts";
import type { LinkOutcome, NewLink } from "../live_links.ts";
import type { LinkChange } from "../multiplexer/link_settings.ts";
import type { OwnLink } from "./own_links.ts";
import type { SlaveLinks } from "./slave_links.ts";

/** The links of one slave. */
export class InterfaceLinks {
  readonly #links: SlaveLinks;

  constructor(links: SlaveLinks) {
    this.#links = links;
  }

  /** See {@link SlaveLinks.specs}. */
  get specs(): readonly LinkSpec[] {
    return this.#links.specs;
  }

  /** See {@link SlaveLinks.onChange}. */
  set onChange(onChange: (name: string, change: LinkChange) => void) {
    this.#links.onChange = onChange;
  }

  /** See {@link SlaveLinks.add}. */
  add(links: readonly NewLink[]): readonly string[] {
    return this.#links.add(links);
  }

  /** See {@link SlaveLinks.remove}. */
  remove(name: string): Promise<LinkOutcome> {
    return this.#links.remove(name);
  }

  /** Whether a link carries; one that is switched off, by whomever, or not there, is off. */
  stateOf(name: string): "up" | "down" | "off" {
    const own = this.#find(name);
    if (own === undefined || own.link.isOff || own.closing !== null) return "off";
    const { peer } = this.#links.options;
    return peer.multiplexer.getLink(own.link.id)?.isAlive ? "up" : "down";
  }

  /** Forgets a link that leads nowhere any more: what is in flight goes over others at once. None of that name: nothing happens. */
  drop(name: string, reason: string): void {
    const { own: all, linkMap, options: { peer, clock, logger } } = this.#links;
    const own = this.#find(name);
    if (own === undefined) return;
    const { link, closing } = own;
    const now = clock();
    this.#links.lookAtBudgets(now);
    own.closing = null;
    all.remove(own);
    closing?.resolve();
    void linkMap.release(link, reason);
    peer.remove(link.id, now);
    logger.info("Link removed", { link: name, id: link.id, reason });
  }

  #find(name: string): OwnLink | undefined {
    return this.#links.own.all.find(({ spec }) => spec.name === name);
  }
}
