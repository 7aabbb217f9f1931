/**
 * What slaves used over all runs, in `usage.json`: apart from the keys, since it is written often and its loss
 * costs nothing but figures.
 *
 * @module
 */

import { encodeKey } from "./key_text.ts";
import type { SlaveRecord, SlaveUsage } from "./master_store.ts";
import { StateError } from "./state_error.ts";
import { readStateFile, removeLeftovers, setAside, writeStateFile } from "./state_file.ts";

/** The usage of one master's slaves. */
export class UsageBook {
  readonly #path: string;
  /** By public key: a new slave of a revoked one's name begins at nothing. */
  readonly #usage: Map<string, SlaveUsage>;

  private constructor(path: string, usage: Map<string, SlaveUsage>) {
    this.#path = path;
    this.#usage = usage;
  }

  /**
   * Reads the file. One that cannot be understood is set aside as `usage.json.broken`, and one that cannot be read
   * is left alone; either is told to `warn`, and all figures begin at nothing.
   */
  static open(stateDir: string, warn: (text: string) => void): UsageBook {
    const path = `${stateDir}/usage.json`;
    removeLeftovers(path, 0);
    try {
      return new UsageBook(path, readUsage(path));
    } catch (error) {
      if (!(error instanceof StateError)) throw error;
      warn(`${error.message}; the figures of "bindlink slaves" begin anew${setAside(path)}`);
      return new UsageBook(path, new Map());
    }
  }

  /** What a slave used before this run and what {@link UsageBook.save} added. */
  usageOf(record: SlaveRecord): SlaveUsage {
    return this.#usage.get(encodeKey(record.publicKey)) ?? NO_USAGE;
  }

  /** Sets what slaves used, forgets those not in `records`, and writes the file. @throws StateError */
  save(records: readonly SlaveRecord[], usage: ReadonlyMap<string, SlaveUsage>): void {
    const known = new Set(records.map((it) => encodeKey(it.publicKey)));
    for (const key of this.#usage.keys()) {
      if (!known.has(key)) this.#usage.delete(key);
    }
    for (const record of records) {
      const used = usage.get(record.name);
      if (used !== undefined) this.#usage.set(encodeKey(record.publicKey), used);
    }
    // The daemon does this every now and then while packets wait.
    const slaves = Object.fromEntries(this.#usage);
    writeStateFile(this.#path, FORMAT, { slaves }, "unsynced");
  }
}

function readUsage(path: string): Map<string, SlaveUsage> {
  const slaves = readStateFile(path, FORMAT)?.object("slaves");
  return new Map((slaves?.keys() ?? []).map((key) => {
    const fields = slaves!.object(key);
    return [key, {
      lastSeenAt: fields.timeOrNull("lastSeenAt"),
      receivedBytes: fields.integer("receivedBytes", 0, Number.MAX_SAFE_INTEGER),
      sentBytes: fields.integer("sentBytes", 0, Number.MAX_SAFE_INTEGER),
    }];
  }));
}

const FORMAT = { format: "bindlink usage", version: 1 } as const;

/** Of a slave that was never seen. */
export const NO_USAGE: SlaveUsage = { lastSeenAt: null, receivedBytes: 0, sentBytes: 0 };
