/**
 * A logger that keeps what it is told.
 *
 * @module
 */

import type { Logger, LogProperties } from "../../src/log.ts";

/** Keeps `level message` and the properties of each event. */
export class RecordingLogger implements Logger {
  readonly events: { readonly text: string; readonly properties: LogProperties }[] = [];

  debug(message: string, properties: LogProperties = {}): void {
    this.events.push({ text: `debug ${message}`, properties });
  }
  info(message: string, properties: LogProperties = {}): void {
    this.events.push({ text: `info ${message}`, properties });
  }
  warn(message: string, properties: LogProperties = {}): void {
    this.events.push({ text: `warn ${message}`, properties });
  }
  error(message: string, properties: LogProperties = {}): void {
    this.events.push({ text: `error ${message}`, properties });
  }

  /** Events of that text, e.g. `info Link learned`. */
  count(text: string): number {
    return this.events.filter((event) => event.text === text).length;
  }
}
