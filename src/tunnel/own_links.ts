/**
 * The links that a slave has, by name, and what they are called.
 *
 * @module
 */

import type { BudgetState } from "../budget/budget_state.ts";
import type { LinkSpec } from "../linkmap/link_spec.ts";
import type { LinkDefaults, LinkOutcome, NewLink } from "../live_links.ts";
import type { LinkMode } from "../multiplexer/link_settings.ts";
import { UsageError } from "../usage_error.ts";
import type { LinkDrain } from "./link_drain.ts";
import { MAX_LINKS, newLinkSpecs } from "./new_link_spec.ts";
import type { SealedLink } from "./sealed_link.ts";

/** A link of a slave. */
export interface OwnLink {
  spec: LinkSpec;
  readonly link: SealedLink;
  /** While it is handed over; null: it is not. */
  closing: Closing | null;
  /** Why it is kept off until its budget begins anew, in words; empty: it is not. */
  heldReason: string;
}

/** A hand-over under way. */
export interface Closing {
  readonly drain: LinkDrain;
  readonly done: Promise<void>;
  readonly resolve: () => void;
}

/** What {@link OwnLinks.specsOf} works with. */
export interface NewLinkContext {
  readonly lastId: number;
  readonly mode: LinkMode;
  readonly defaults: LinkDefaults;
}

/** The links of one slave. */
export class OwnLinks {
  /** In the order they came. */
  readonly all: OwnLink[] = [];

  /** The links themselves. */
  *links(): IterableIterator<SealedLink> {
    for (const { link } of this.all) yield link;
  }

  /** A link by name. @throws UsageError that lists the names there are. */
  find(name: string): OwnLink {
    const own = this.all.find((it) => it.spec.name === name);
    if (own !== undefined) return own;
    const names = this.all.map((it) => it.spec.name);
    throw new UsageError(
      `There is no link ${JSON.stringify(name)}: ` +
        (names.length === 0 ? "this slave has none" : `there is ${names.join(", ")}`),
    );
  }

  /** What is kept of a link; null: it is not here. */
  of(link: SealedLink): OwnLink | null {
    return this.all.find((it) => it.link === link) ?? null;
  }

  /** All, with the settings that they have now as their user said them: what follows from a budget is none. */
  specs(): readonly LinkSpec[] {
    return this.all.map(({ spec, link }) => ({
      ...spec,
      settings: { ...link.settings, isSpent: false },
    }));
  }

  /** Gives a link another name. @throws UsageError when that is another link's, or there is no such link */
  rename(name: string, to: string): OwnLink {
    const own = this.find(name);
    if (this.all.some(({ spec }) => spec.name === to)) {
      throw new UsageError(`Another link is called ${JSON.stringify(to)}: choose another name`);
    }
    own.spec = { ...own.spec, name: to };
    own.link.name = to;
    return own;
  }

  /** Forgets a link. */
  remove(own: OwnLink): void {
    this.all.splice(this.all.indexOf(own), 1);
  }

  /** What became of a link that was asked for. */
  outcome(own: OwnLink, isChanged: boolean): LinkOutcome {
    const isLast = this.all.every((it) => it === own || it.link.isOff || it.closing !== null);
    return { name: own.spec.name, isChanged, isLast };
  }

  /** Ids, names and the rest for new links. @throws UsageError: a name is taken, or they are too many. */
  specsOf(
    links: readonly NewLink[],
    { lastId, mode, defaults }: NewLinkContext,
  ): readonly LinkSpec[] {
    if (this.all.length + links.length > MAX_LINKS) {
      throw new UsageError(
        `A slave has at most ${MAX_LINKS} links, and this one has ${this.all.length}: ` +
          "remove one with: bindlink link remove NAME",
      );
    }
    const specs = this.all.map(({ spec }) => spec);
    return newLinkSpecs(links, { specs, lastId, mode }, defaults);
  }
}

/** The link with a mode of its own, or none: null. Undefined: as it was. */
export function withMode(spec: LinkSpec, mode: LinkMode | null | undefined): LinkSpec {
  if (mode === undefined) return spec;
  const { hasOwnMode: _, ...others } = spec;
  return mode === null ? others : { ...others, hasOwnMode: true };
}

/** Why a link is off whose budget is used up and hard, for people. */
export function heldReason({ limitBytes, resetsOn }: BudgetState): string {
  const limit = limitBytes === null ? "" : ` of ${Number((limitBytes / 1e9).toPrecision(4))} GB`;
  return `its budget${limit} is used up: off until ${resetsOn}`;
}

/** What is said to someone who wants to switch it on. */
export function heldAdvice({ spec: { name }, heldReason }: OwnLink): string {
  return `${name} stays off: ${heldReason}; to use it all the same, raise its budget: ` +
    `bindlink link set ${name} budget=…, or let it be the last resort: bindlink link set ${name} soft`;
}

/** @throws UsageError when links are not opened any more. */
export function needOpen(isClosed: boolean): void {
  if (isClosed) throw new UsageError("This slave opens no links any more: restart it first");
}
