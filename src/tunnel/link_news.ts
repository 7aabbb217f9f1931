/**
 * Notices when a link does something else than before and stays with it: for the log. Looked at once a second; nothing
 * here is in a packet's way.
 *
 * @module
 */

import { explainLink, type LinkStateName, stateNameOf } from "../multiplexer/link_reason.ts";
import type { MultiplexerLink } from "../multiplexer/multiplexer_link.ts";

/** How often links are looked at. What lasts for two looks is told. */
const LOOK_INTERVAL_MS = 1_000;

/** At most one line about a link's doings in this time: what goes to and fro would fill the log. */
const TELL_INTERVAL_MS = 10_000;

/** Something that a link does now. */
export interface LinkNewsItem {
  readonly linkId: number;
  /** What is as it should be is only for those who look closely. */
  readonly level: "debug" | "info";
  readonly message: string;
  /** With numbers. */
  readonly why: string;
}

/** What is said of a state. Not here: what is told at once by `PeerLinks`. */
const LINES: Readonly<Partial<Record<LinkStateName, Pick<LinkNewsItem, "level" | "message">>>> = {
  carrying: { level: "debug", message: "Link carrying" },
  idle: { level: "debug", message: "Link idle" },
  spare: { level: "debug", message: "Link idle" },
  late: { level: "info", message: "Link held out" },
  little: { level: "info", message: "Link held out" },
  lossy: { level: "info", message: "Link held out" },
  capped: { level: "info", message: "Link capped" },
  costly: { level: "info", message: "Link spared" },
  backup: { level: "info", message: "Link kept as backup" },
  spent: { level: "info", message: "Link held back" },
  leaving: { level: "info", message: "Link leaving" },
};

/** What is remembered of a link. */
interface Remembered {
  /** At the last look. */
  seen: LinkStateName;
  /** What the log has; null: nothing that still counts. */
  told: LinkStateName | null;
  /** Monotonic ms of the last line. */
  toldMs: number;
}

/** The doings of one peer's links. */
export class LinkNews {
  readonly #remembered = new Map<number, Remembered>();
  #nextLookMs = Number.NEGATIVE_INFINITY;

  /** Looks at the links if it is time to, and tells what is new. May be called at any time. */
  look(
    links: readonly MultiplexerLink[],
    now: number,
    tell: (news: LinkNewsItem) => void,
  ): void {
    if (now < this.#nextLookMs) return;
    this.#nextLookMs = now + LOOK_INTERVAL_MS;
    for (const link of links) {
      const line = this.#lineOf(link, now);
      if (line) tell({ ...line, linkId: link.port.id, why: explainLink(link, now) });
    }
  }

  /** What is to be said of a link now, if anything. */
  #lineOf(link: MultiplexerLink, now: number): Pick<LinkNewsItem, "level" | "message"> | null {
    const state = stateNameOf(link, now);
    const known = this.#remembered.get(link.port.id);
    if (known === undefined) {
      this.#remembered.set(link.port.id, { seen: state, told: null, toldMs: -Infinity });
      return null;
    }
    const lasts = known.seen === state;
    known.seen = state;
    // When it is heard again, what it does is news.
    if (state === "silent") known.told = null;
    const line = LINES[state];
    if (line === undefined || !lasts || known.told === state) return null;
    if (now - known.toldMs < TELL_INTERVAL_MS) return null;
    known.told = state;
    known.toldMs = now;
    return line;
  }
}
