/**
 * Counts what metered links carry, keeps it in the state directory, and says when a budget is nearly or wholly used. Looks once
 * a second; nothing here is in a packet's way.
 *
 * What a kill takes with it is what was counted since it was last written: ten seconds' worth at most, or four megabytes and
 * what flows in a second.
 *
 * @module
 */

import {
  type BudgetState,
  budgetState,
  type LocalTime,
  warnPercentOf,
} from "../budget/budget_state.ts";
import { overheadBytes } from "../budget/wire_overhead.ts";
import { describeError, type Logger } from "../log.ts";
import type { LinkSettings } from "../multiplexer/link_settings.ts";
import type { BudgetSnapshot, LinkSnapshot } from "../snapshot.ts";
import { LinkUsageBook } from "../state/link_usage_book.ts";
import { localTime } from "./local_time.ts";
import type { SealedLink } from "./sealed_link.ts";

/** How often links are looked at. */
export const LOOK_INTERVAL_MS = 1_000;

/** It is written when it was not for so long, or so much has been counted since. */
const SAVE_INTERVAL_MS = 10_000;
const SAVE_BYTES = 4e6;

/** What a {@link BudgetKeeper} works with. */
export interface BudgetKeeperOptions {
  /** Where it is kept. */
  readonly stateDir: string;
  readonly logger: Logger;
  /** The machine's clock, ms since 1970. */
  readonly wallClock: () => number;
  /** The link stands like that now; told at each look. */
  readonly onState: (link: SealedLink, state: BudgetState) => void;
}

/** A link's counters when it was last looked at. */
interface Counted {
  /**
   * What its usage is kept by: the one said for it, or the name that it had when counting began. One that is handed over for another one of its name has
   * a stand-in for a while.
   */
  readonly key: string;
  readonly packets: number;
  readonly bytes: number;
}

/** Keeps the budgets of one slave's links. */
export class BudgetKeeper {
  readonly #options: BudgetKeeperOptions;
  readonly #book: LinkUsageBook;
  readonly #counted = new WeakMap<SealedLink, Counted>();
  #nextLookMs = Number.POSITIVE_INFINITY;
  #savedMs = Number.NEGATIVE_INFINITY;
  #isSaveBroken = false;

  constructor(options: BudgetKeeperOptions) {
    const { stateDir, logger } = options;
    this.#options = options;
    this.#book = new LinkUsageBook(stateDir, (text) => logger.warn(text));
  }

  /** Monotonic ms when {@link BudgetKeeper.look} is due; Infinity: there is nothing to count. */
  nextTimeout(): number {
    return this.#nextLookMs;
  }

  /** Looks at links: those of which budget or price is known are counted from their first look on. */
  look(links: Iterable<SealedLink>, now: number): void {
    const time = this.#time();
    let hasAny = false;
    for (const link of links) {
      if (!hasBudget(link.settings)) {
        this.#counted.delete(link);
        if (link.settings.isSpent) this.#options.onState(link, this.#stateOf(link, time));
        continue;
      }
      hasAny = true;
      this.#count(link, time);
      const state = this.#stateOf(link, time);
      this.#warn(link, state);
      this.#options.onState(link, state);
    }
    this.#nextLookMs = hasAny ? now + LOOK_INTERVAL_MS : Number.POSITIVE_INFINITY;
    const book = this.#book;
    const isDue = book.unsavedBytes >= SAVE_BYTES || now - this.#savedMs >= SAVE_INTERVAL_MS;
    if (isDue && book.hasUnsaved) this.#save("unsynced", now);
  }

  /** The link has another name for good: a later run finds by that what it carried. */
  rename(link: SealedLink): void {
    const counted = this.#counted.get(link);
    if (counted === undefined || link.usageName !== undefined) return;
    this.#book.copy(counted.key, link.name);
    this.#counted.set(link, { ...counted, key: link.name });
  }

  /** Writes all that was counted, to the disk itself: this end stops. */
  close(links: Iterable<SealedLink>, now: number): void {
    this.look(links, now);
    if (this.#book.hasUnsaved) this.#save("synced", now);
    this.#nextLookMs = Number.POSITIVE_INFINITY;
  }

  /** What is shown of links, with where they stand. @param links those of them that may have a budget */
  addTo(snapshots: readonly LinkSnapshot[], links: Iterable<SealedLink>): LinkSnapshot[] {
    const byId = new Map([...links].map((link) => [link.id, link]));
    return snapshots.map((snapshot) => {
      const link = byId.get(snapshot.id);
      const budget = link === undefined ? null : this.snapshot(link);
      return budget === null ? snapshot : { ...snapshot, budget };
    });
  }

  /** Where a link stands; null: nothing is counted of it. */
  snapshot(link: SealedLink): BudgetSnapshot | null {
    const { settings } = link;
    if (!hasBudget(settings)) return null;
    const state = this.#stateOf(link, this.#time());
    return { ...state, isHard: settings.isBudgetHard, pricePerGb: settings.pricePerGb };
  }

  #time(): LocalTime {
    return localTime(this.#options.wallClock());
  }

  #stateOf(link: SealedLink, time: LocalTime): BudgetState {
    return budgetState(this.#book.usageOf(this.#keyOf(link)), link.settings, time);
  }

  #keyOf(link: SealedLink): string {
    return this.#counted.get(link)?.key ?? link.usageName ?? link.name;
  }

  #count(link: SealedLink, { today }: LocalTime): void {
    const packets = link.sentPackets + link.receivedPackets;
    const bytes = link.sentBytes + link.receivedBytes;
    const key = this.#keyOf(link);
    const before = this.#counted.get(link) ?? { packets, bytes };
    this.#counted.set(link, { key, packets, bytes });
    const headerBytes = (packets - before.packets) * overheadBytes(link.transport, link.remote);
    this.#book.add(key, today, bytes - before.bytes + headerBytes);
  }

  /** Once a period for each of the percentages; again when the budget was raised meanwhile. */
  #warn(link: SealedLink, state: BudgetState): void {
    const { logger } = this.#options;
    const book = this.#book;
    const percent = warnPercentOf(state);
    const key = this.#keyOf(link);
    const toldPercent = book.usageOf(key).toldIn(state);
    if (percent === toldPercent) return;
    book.noteTold(key, state.startsOn, percent);
    if (percent < toldPercent) return;
    logger.warn(percent < 100 ? "Link budget nearly used" : "Link budget used up", {
      link: link.name,
      id: link.id,
      percent,
      usedBytes: state.usedBytes,
      limitBytes: state.limitBytes,
      resetsOn: state.resetsOn,
      ...(percent < 100 ? { runsOutOn: state.runsOutOn } : { then: consequence(link.settings) }),
    });
  }

  #save(durability: "synced" | "unsynced", now: number): void {
    const { logger } = this.#options;
    try {
      if (!this.#book.save(durability)) return;
      this.#savedMs = now;
      this.#isSaveBroken = false;
    } catch (error) {
      // Tried again in ten seconds; said once.
      this.#savedMs = now;
      if (this.#isSaveBroken) return;
      this.#isSaveBroken = true;
      logger.warn("Cannot write down what metered links carried", { reason: describeError(error) });
    }
  }
}

/** Whether a link's usage is counted. */
function hasBudget({ budgetBytes, pricePerGb }: LinkSettings): boolean {
  return budgetBytes < Infinity || pricePerGb !== null;
}

function consequence({ isBudgetHard }: LinkSettings): string {
  return isBudgetHard ? "off" : "used while no other link is up";
}
