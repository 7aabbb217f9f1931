/**
 * Writes down what a master's slaves used: now and then, and soon after one has left, since of a slave that is away commands
 * know what was written.
 *
 * @module
 */

import type { Logger } from "../log.ts";
import type { MasterStore } from "../state/master_store.ts";
import type { SlaveRoster } from "./slave_roster.ts";

/** How often it is written while nobody leaves. */
const SAVE_INTERVAL_MS = 600_000;

/** What a {@link UsageSaver} works with. */
export interface UsageSaverOptions {
  readonly store: MasterStore;
  readonly roster: SlaveRoster;
  readonly logger: Logger;
}

/** Keeps the store's figures. */
export class UsageSaver {
  readonly #options: UsageSaverOptions;
  #nextSaveMs: number;
  #savedDepartures = 0;

  constructor(options: UsageSaverOptions, now: number) {
    this.#options = options;
    this.#nextSaveMs = now + SAVE_INTERVAL_MS;
  }

  /** Called every second: so often at most are slaves written down that come and go. */
  handleTimeout(now: number): void {
    if (now < this.#nextSaveMs && this.#options.roster.departures === this.#savedDepartures) return;
    this.#nextSaveMs = now + SAVE_INTERVAL_MS;
    this.save();
  }

  /** Writes it now. A failure is logged: only figures are lost. */
  save(): void {
    const { store, roster, logger } = this.#options;
    this.#savedDepartures = roster.departures;
    try {
      store.saveUsage(roster.usage());
    } catch (error) {
      logger.warn("Cannot write down what the slaves used", { error });
    }
  }
}
