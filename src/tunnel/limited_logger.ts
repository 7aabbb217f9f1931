/**
 * A logger that one peer's doings cannot fill: a burst of lines, then a few; and one that says how many were left out.
 *
 * @module
 */

import { TokenBucket } from "../linkmap/token_bucket.ts";
import type { Logger, LogProperties } from "../log.ts";

/**
 * A slave with ten links that joins, moves and leaves in a minute is told in full; a slave that means harm and joins anew
 * with every datagram gets a line a second.
 */
const LINES = { capacity: 60, perSecond: 1 };

/** What a {@link LimitedLogger} is made with. */
export interface LimitedLoggerOptions {
  readonly logger: Logger;
  /** Monotonic ms. */
  readonly clock: () => number;
  /** Whose lines they are: stands in the line about those left out. */
  readonly about: LogProperties;
}

/** Passes lines on while the budget lasts. Debug lines are passed as they are: who asks for them wants all. */
export class LimitedLogger implements Logger {
  readonly #options: LimitedLoggerOptions;
  readonly #budget = new TokenBucket(LINES);
  #leftOutLines = 0;

  constructor(options: LimitedLoggerOptions) {
    this.#options = options;
  }

  /** See {@link Logger}. */
  debug(message: string, properties: LogProperties = {}): void {
    this.#options.logger.debug(message, properties);
  }

  /** See {@link Logger}. */
  info(message: string, properties: LogProperties = {}): void {
    if (this.#take()) this.#options.logger.info(message, properties);
  }

  /** See {@link Logger}. */
  warn(message: string, properties: LogProperties = {}): void {
    if (this.#take()) this.#options.logger.warn(message, properties);
  }

  /** See {@link Logger}. */
  error(message: string, properties: LogProperties = {}): void {
    if (this.#take()) this.#options.logger.error(message, properties);
  }

  #take(): boolean {
    const { logger, clock, about } = this.#options;
    if (!this.#budget.take(clock())) {
      this.#leftOutLines++;
      return false;
    }
    if (this.#leftOutLines > 0) {
      logger.warn("Log lines left out", { ...about, lines: this.#leftOutLines });
      this.#leftOutLines = 0;
    }
    return true;
  }
}
