/**
 * What the user said of links that were made by themselves, in `auto-links.json`: kept for the next time that the interface comes, and for
 * later runs. Its loss costs a word of the user, so it is not synced.
 *
 * @module
 */

import { decodeChange, encodeChange } from "../control/link_requests.ts";
import { describeError, type Logger } from "../log.ts";
import type { LinkChange } from "../multiplexer/link_settings.ts";
import { ensureStateDir } from "../state/state_dir.ts";
import { readStateFile, writeStateFile } from "../state/state_file.ts";

const FORMAT = { format: "bindlink auto links", version: 1 } as const;

/** Settings by interface. */
export class RememberedLinks {
  readonly #stateDir: string;
  readonly #logger: Logger;
  readonly #changes: Map<string, LinkChange>;

  /** Reads the file; one that cannot be understood is told of, and replaced with the next change. */
  constructor(stateDir: string, logger: Logger) {
    this.#stateDir = stateDir;
    this.#logger = logger;
    this.#changes = this.#read((reason) =>
      logger.warn("Cannot read what was said of interfaces' links before", { reason })
    );
  }

  /** What was said of an interface's link so far. */
  of(device: string): LinkChange {
    return this.#changes.get(device) ?? {};
  }

  /** Adds to it, and writes it down. Never throws: the change holds for this run in any case. */
  add(device: string, change: LinkChange): void {
    // Other slaves of this machine may have written meanwhile.
    for (const [name, other] of this.#read(() => {})) this.#changes.set(name, other);
    this.#changes.set(device, { ...this.of(device), ...change });
    try {
      ensureStateDir(this.#stateDir);
      const interfaces = Object.fromEntries(
        [...this.#changes].map(([name, it]) => [name, encodeChange(it)]),
      );
      writeStateFile(this.#path, FORMAT, { interfaces }, "unsynced");
    } catch (error) {
      const reason = describeError(error);
      this.#logger.warn("Cannot keep a link's settings for later", { interface: device, reason });
    }
  }

  get #path(): string {
    return `${this.#stateDir}/auto-links.json`;
  }

  #read(onProblem: (reason: string) => void): Map<string, LinkChange> {
    try {
      const fields = readStateFile(this.#path, FORMAT)?.object("interfaces");
      return new Map(fields?.keys().map((name) => [name, decodeChange(fields.value(name))]));
    } catch (error) {
      onProblem(describeError(error));
      return new Map();
    }
  }
}
