/**
 * Looks at the daemon once a second for the web page: one look serves all browsers, and fills the history.
 *
 * @module
 */

import { abortableSleep } from "../abortable_sleep.ts";
import type { StatusReport } from "../control/status_report.ts";
import type { Logger } from "../log.ts";
import { History } from "./history.ts";
import { craftPageReport, type PageReport } from "./page_report.ts";

/** Time between two looks, in ms: of the least, and of a master with so many slaves that a look takes long. */
const PERIOD_MS = 1_000;
const LONGEST_PERIOD_MS = 2_500;

/** The time between two looks is this many times what a look takes, so that packets hardly wait. */
const REST_FACTOR = 100;

/** What a {@link Recorder} works with. */
export interface RecorderOptions {
  /** The daemon now; null: there are no rates yet. */
  readonly look: () => StatusReport | null;
  /** Monotonic ms. */
  readonly clock: () => number;
  /** Ms since 1970. */
  readonly wallClock: () => number;
  readonly logger: Logger;
}

/** Keeps what the page shows. */
export class Recorder implements AsyncDisposable {
  readonly history = new History();
  readonly #options: RecorderOptions;
  readonly #closing = new AbortController();
  readonly #ended: Promise<void>;
  #latest: StatusReport | null = null;
  /** Made for whoever asks first, since most looks nobody asks for. */
  #latestJson: string | null = null;
  #hasFailed = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#ended = this.#record();
  }

  /** The last report as JSON; `null`: there is none yet. */
  get latestJson(): string {
    this.#latestJson ??= JSON.stringify(this.#craft());
    return this.#latestJson;
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    await this.#ended;
  }

  #craft(): PageReport | null {
    return this.#latest === null ? null : craftPageReport(this.#latest);
  }

  async #record(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const beganMs = clock();
      this.#look();
      const restMs = REST_FACTOR * (clock() - beganMs);
      await abortableSleep(Math.min(LONGEST_PERIOD_MS, Math.max(PERIOD_MS, restMs)), signal);
    }
  }

  #look(): void {
    const { look, wallClock, logger } = this.#options;
    try {
      const report = look();
      if (report === null) return;
      this.#latest = report;
      this.#latestJson = null;
      this.history.record(report, wallClock());
    } catch (error) {
      // The tunnel is more than its page. Told once, not each second.
      if (!this.#hasFailed) logger.warn("The web page cannot be kept up to date", { error });
      this.#hasFailed = true;
    }
  }
}
