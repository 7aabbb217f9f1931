/**
 * What metered links carried, by name and day, over all runs: `link-usage.json` of the state directory. Several slaves may use
 * one directory, and even a link of one name: each adds what it has counted to what the file says then, under a lock.
 *
 * @module
 */

import { FileLock } from "../../ffi/file_lock.ts";
import { type Day, isDay } from "../budget/calendar.ts";
import { LinkUsage } from "../budget/link_usage.ts";
import { ensureStateDir } from "./state_dir.ts";
import { fileError, StateError } from "./state_error.ts";
import type { StateFields } from "./state_fields.ts";
import {
  type Durability,
  ownAsDirectory,
  readStateFile,
  removeLeftovers,
  setAside,
  writeStateFile,
} from "./state_file.ts";

/** Leftovers of writers that were killed are removed when they are older than any writer works. */
const LEFTOVER_MS = 60_000;

/** What this run has to tell the file of one link. */
interface Unsaved {
  readonly bytes: Map<Day, number>;
  told: { readonly period: Day; readonly percent: number } | null;
}

/** The usage of links. Nothing is read or made before the first link is asked for. */
export class LinkUsageBook {
  readonly #stateDir: string;
  readonly #warn: (text: string) => void;
  readonly #unsaved = new Map<string, Unsaved>();
  /** As the file has it, and what was counted since; null: not read yet. */
  #links: Map<string, LinkUsage> | null = null;
  #unsavedBytes = 0;

  /** @param warn takes a sentence about what cannot be read: then links begin at nothing */
  constructor(stateDir: string, warn: (text: string) => void) {
    this.#stateDir = stateDir;
    this.#warn = warn;
  }

  /** Bytes that would be forgotten if the program were killed now. */
  get unsavedBytes(): number {
    return this.#unsavedBytes;
  }

  /** Whether {@link save} has anything to do. */
  get hasUnsaved(): boolean {
    return this.#unsaved.size > 0;
  }

  /** What a link carried so far; to be changed by {@link add} and {@link noteTold} only. */
  usageOf(link: string): LinkUsage {
    const links = this.#links ??= this.#open();
    let usage = links.get(link);
    if (usage === undefined) {
      usage = new LinkUsage();
      links.set(link, usage);
    }
    return usage;
  }

  /** Adds what a link carried. @param today by the machine's clock */
  add(link: string, today: Day, bytes: number): void {
    if (bytes === 0) return;
    const usage = this.usageOf(link);
    const day = usage.dayFor(today);
    usage.add(day, bytes);
    const unsaved = this.#unsavedOf(link);
    unsaved.bytes.set(day, (unsaved.bytes.get(day) ?? 0) + bytes);
    this.#unsavedBytes += bytes;
  }

  /** A link has another name: what it carried stands under that, too. What stands there already is not added to, only made up. */
  copy(from: string, to: string): void {
    const { days, toldOf, toldPercent } = this.usageOf(from);
    const known = new Map(this.usageOf(to).days);
    for (const [day, bytes] of days) this.add(to, day, Math.max(0, bytes - (known.get(day) ?? 0)));
    if (toldOf !== "") this.noteTold(to, toldOf, toldPercent);
  }

  /** See {@link LinkUsage.noteTold}. */
  noteTold(link: string, period: Day, percent: number): void {
    this.usageOf(link).noteTold(period, percent);
    this.#unsavedOf(link).told = { period, percent };
  }

  /**
   * Adds what this run has counted to the file.
   * @returns false when another process is doing the same: it is to be tried again.
   * @throws StateError: then nothing was written, and nothing is forgotten.
   */
  save(durability: Durability): boolean {
    if (!this.hasUnsaved) return true;
    const lock = this.#tryLock();
    if (lock === null) return false;
    try {
      const { links, isLost } = this.#readOrKnown();
      for (const [name, { bytes, told }] of isLost ? [] : this.#unsaved) {
        const usage = links.get(name) ?? new LinkUsage();
        for (const [day, of] of bytes) usage.add(day, of);
        if (told !== null) usage.noteTold(told.period, told.percent);
        links.set(name, usage);
      }
      const fields = [...links].map(([name, usage]) => [name, encode(usage)] as const);
      writeStateFile(this.#path, FORMAT, { links: Object.fromEntries(fields) }, durability);
      this.#links = links;
      this.#unsaved.clear();
      this.#unsavedBytes = 0;
      return true;
    } finally {
      lock[Symbol.dispose]();
    }
  }

  get #path(): string {
    return `${this.#stateDir}/link-usage.json`;
  }

  #open(): Map<string, LinkUsage> {
    try {
      for (const warning of ensureStateDir(this.#stateDir)) this.#warn(warning);
      removeLeftovers(this.#path, LEFTOVER_MS);
      return this.#readOrKnown().links;
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      this.#warn(`${error.message}; what metered links carried is counted from nothing`);
      return new Map();
    }
  }

  /** What the file says; empty when there is none. @throws StateError */
  #read(): Map<string, LinkUsage> {
    const links = readStateFile(this.#path, FORMAT)?.object("links");
    return new Map((links?.keys() ?? []).map((name) => [name, decode(links!.object(name))]));
  }

  /**
   * A file that cannot be understood is set aside. What this run knows of it goes on, what was counted since included; with the first
   * read its figures are lost.
   * @throws StateError when it cannot be read at all
   */
  #readOrKnown(): { readonly links: Map<string, LinkUsage>; readonly isLost: boolean } {
    try {
      return { links: this.#read(), isLost: false };
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      const where = setAside(this.#path);
      if (where === "") throw error;
      const from = this.#links === null ? "nothing" : "what this run knows";
      this.#warn(`${error.message}; what metered links carried is counted from ${from}${where}`);
      return { links: this.#links ?? new Map(), isLost: true };
    }
  }

  #tryLock(): FileLock | null {
    const path = `${this.#stateDir}/link-usage.lock`;
    try {
      const lock = FileLock.tryAcquire(path, "");
      if (lock !== null) ownAsDirectory(path);
      return lock;
    } catch (error) {
      throw fileError("lock", path, error);
    }
  }

  #unsavedOf(link: string): Unsaved {
    let unsaved = this.#unsaved.get(link);
    if (unsaved === undefined) {
      unsaved = { bytes: new Map(), told: null };
      this.#unsaved.set(link, unsaved);
    }
    return unsaved;
  }
}

function encode(usage: LinkUsage): Readonly<Record<string, unknown>> {
  const { days, toldOf, toldPercent } = usage;
  return {
    days: Object.fromEntries(days),
    told: toldOf === "" ? null : { period: toldOf, percent: toldPercent },
  };
}

function decode(fields: StateFields): LinkUsage {
  const days = fields.object("days");
  const usage = new LinkUsage(
    days.keys().map((day) => {
      if (!isDay(day)) throw days.error(day, "must be a day such as 2026-01-31");
      return [day, days.integer(day, 0, Number.MAX_SAFE_INTEGER)] as const;
    }),
  );
  if (!fields.has("told")) return usage;
  const told = fields.object("told");
  const period = told.text("period");
  if (!isDay(period)) throw told.error("period", "must be a day such as 2026-01-31");
  usage.noteTold(period, told.integer("percent", 0, 100));
  return usage;
}

const FORMAT = { format: "bindlink link usage", version: 1 } as const;
