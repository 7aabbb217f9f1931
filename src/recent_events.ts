/**
 * The last things that the daemon logged, for whoever asks what happened: a logger that passes everything on and keeps some.
 *
 * @module
 */

import { describeError, type Logger, type LogProperties } from "./log.ts";

/** How many are kept. */
const MAX_EVENTS = 50;

/** One of them. */
export interface RecentEvent {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly level: "info" | "warning" | "error";
  readonly message: string;
  /** As in the log, each as text. */
  readonly properties: Readonly<Record<string, string>>;
}

/** Keeps the last events; those for debugging are only passed on. */
export class RecentEvents implements Logger {
  readonly #logger: Logger;
  readonly #wallClock: () => number;
  readonly #events: RecentEvent[] = [];

  /** @param wallClock ms since 1970 */
  constructor(logger: Logger, wallClock: () => number) {
    this.#logger = logger;
    this.#wallClock = wallClock;
  }

  /** The logger that all is passed on to: what only it is told is not kept. */
  get inner(): Logger {
    return this.#logger;
  }

  /** The newest last. */
  get all(): readonly RecentEvent[] {
    return this.#events;
  }

  /** See {@link Logger}. */
  debug(message: string, properties?: LogProperties): void {
    this.#logger.debug(message, properties);
  }

  /** See {@link Logger}. */
  info(message: string, properties?: LogProperties): void {
    this.#keep("info", message, properties);
    this.#logger.info(message, properties);
  }

  /** See {@link Logger}. */
  warn(message: string, properties?: LogProperties): void {
    this.#keep("warning", message, properties);
    this.#logger.warn(message, properties);
  }

  /** See {@link Logger}. */
  error(message: string, properties?: LogProperties): void {
    this.#keep("error", message, properties);
    this.#logger.error(message, properties);
  }

  #keep(level: RecentEvent["level"], message: string, properties: LogProperties = {}): void {
    this.#events.push({
      at: new Date(this.#wallClock()).toISOString(),
      level,
      message,
      properties: Object.fromEntries(
        Object.entries(properties).map(([key, value]) => [key, textOf(value)]),
      ),
    });
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }
}

function textOf(value: unknown): string {
  return value instanceof Error ? describeError(value) : String(value);
}
