/**
 * Reads a running daemon's configuration anew and makes what has changed hold, as far as it can while the daemon runs. A
 * configuration with a mistake changes nothing.
 *
 * @module
 */

import type { CommonOptions, DaemonOptions, SlaveOptions } from "../daemon_options.ts";
import type { LiveLinks } from "../live_links.ts";
import { describeError, type Logger } from "../log.ts";
import type { ReloadReport } from "../reload_report.ts";
import { UsageError } from "../usage_error.ts";
import { planLinks } from "./link_plan.ts";
import { reachableSlave, waitingOptions } from "./waiting_options.ts";

/** How the log is written. */
export type LogStyle = Pick<CommonOptions, "logLevel" | "logFormat">;

/** A configuration that was read. */
export interface ConfigurationRead {
  readonly options: DaemonOptions;
  /** What is to be warned of, in sentences. */
  readonly warnings: readonly string[];
}

/** Where a daemon's options come from, for when they are read anew. */
export interface Configuration {
  /** Reads command line, environment and files as at the start. @throws Error that says what is wrong. */
  readonly read: () => Promise<ConfigurationRead>;
  readonly setLog: (style: LogStyle) => void;
  /** Calls back whenever somebody else wants it to be read anew, until it is disposed of. */
  readonly onAsked: (reload: () => void) => Disposable;
}

/** What a {@link Reloader} works with. */
export interface ReloaderOptions {
  /** What the daemon was started with. */
  readonly running: DaemonOptions;
  readonly configuration: Configuration;
  /** A slave's with sessions; else null. */
  readonly links: LiveLinks | null;
  /** Lets slaves reach each other, or not; null at a slave. */
  readonly setSlaveToSlave: ((isAllowed: boolean) => void) | null;
  readonly logger: Logger;
}

/** Ids are one byte, and never 0. */
const MAX_LINKS = 255;

/** Reloads one daemon. */
export class Reloader implements Disposable {
  readonly #context: ReloaderOptions;
  #running: DaemonOptions;
  readonly #asked: Disposable;
  /** The reload under way, or the last one. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(context: ReloaderOptions) {
    this.#context = context;
    this.#running = context.running;
    // What goes wrong is in the log.
    this.#asked = context.configuration.onAsked(() => void this.reload().catch(() => {}));
  }

  /** Reloads, after those that were asked for before. @throws Error that says why nothing has changed. */
  async reload(): Promise<ReloadReport> {
    const before = this.#last;
    const mine = before.then(() => this.#reload(), () => this.#reload());
    this.#last = mine;
    return await mine;
  }

  /** Nobody is listened to from now on. */
  [Symbol.dispose](): void {
    this.#asked[Symbol.dispose]();
  }

  async #reload(): Promise<ReloadReport> {
    const { logger } = this.#context;
    try {
      const { options, warnings } = await this.#context.configuration.read();
      const waiting = waitingOptions(this.#running, options);
      const changes = await this.#apply(options);
      logger.info("Configuration read anew", { changes: changes.join("; ") || "none" });
      for (const warning of warnings) logger.warn(warning);
      if (waiting.length > 0) {
        logger.warn("Some options hold from the next start on", { options: waiting.join(", ") });
      }
      return { changes, waiting, warnings };
    } catch (error) {
      const reason = describeError(error);
      logger.error("Cannot reload: the configuration of before holds", { reason });
      // Not the asker's mistake, but the file's.
      throw new Error(`Nothing has changed: ${reason}`, { cause: error });
    }
  }

  /** @returns what is different, in words. @throws UsageError: then nothing is. */
  async #apply(wanted: DaemonOptions): Promise<readonly string[]> {
    const running = this.#running;
    const { logLevel, logFormat } = wanted;
    const { links, setSlaveToSlave } = this.#context;
    const isSlave = running.protocol === "secure" && running.role === "slave" &&
      wanted.protocol === "secure" && wanted.role === "slave";
    if (isSlave && links !== null) {
      const reachable = reachableSlave(running, wanted);
      const words = await this.#applyLinks(running, reachable, links);
      this.#running = reachable;
      return [...words, ...this.#applyLog(running, wanted)];
    }
    const isMaster = running.protocol === "secure" && running.role === "master" &&
      wanted.protocol === "secure" && wanted.role === "master";
    const { allowsSlaveToSlave } = isMaster ? wanted : { allowsSlaveToSlave: false };
    const isOther = isMaster && running.allowsSlaveToSlave !== allowsSlaveToSlave;
    if (isOther) setSlaveToSlave?.(allowsSlaveToSlave);
    this.#running = isMaster
      ? { ...running, logLevel, logFormat, allowsSlaveToSlave }
      : { ...running, logLevel, logFormat };
    const words = isOther
      ? [`Slaves ${allowsSlaveToSlave ? "reach" : "do not reach"} each other`]
      : [];
    return [...words, ...this.#applyLog(running, wanted)];
  }

  async #applyLinks(
    running: SlaveOptions,
    wanted: SlaveOptions,
    links: LiveLinks,
  ): Promise<readonly string[]> {
    const plan = planLinks({ before: running.links, after: wanted.links, running: links.specs });
    const count = links.specs.length + plan.adds.length;
    if (count > MAX_LINKS) {
      throw new UsageError(
        `A slave has at most ${MAX_LINKS} links, and there would be ${count} for a moment: ` +
          "remove some first, reload, then add",
      );
    }
    const { mode } = wanted.linkDefaults;
    const isOtherMode = mode !== running.linkDefaults.mode;
    if (isOtherMode) links.setMode(mode);
    links.setDefaults(wanted.linkDefaults);
    for (const { from, to } of plan.renames) links.rename(from, to);
    for (const { name, change } of plan.changes) links.change(name, change);
    if (plan.adds.length > 0) links.add(plan.adds);
    // Last: what they carry is handed over, also to those that are new.
    await Promise.all(plan.removes.map((name) => links.remove(name)));
    return [...isOtherMode ? [`Mode is ${mode}`] : [], ...plan.words];
  }

  #applyLog(running: LogStyle, wanted: LogStyle): readonly string[] {
    const words = [
      ...running.logLevel === wanted.logLevel ? [] : [`Log level is ${wanted.logLevel}`],
      ...running.logFormat === wanted.logFormat ? [] : [`Log format is ${wanted.logFormat}`],
    ];
    if (words.length > 0) this.#context.configuration.setLog(wanted);
    return words;
  }
}
