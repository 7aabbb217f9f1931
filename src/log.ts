/**
 * The daemon's log: one line per event on stderr, as text or as JSON. Everything else takes a
 * {@link Logger}, four methods that a test can write in a line; only this file knows LogTape.
 *
 * Nothing is ever logged per packet, and nothing that holds a password.
 *
 * @module
 */

import {
  configureSync,
  getJsonLinesFormatter,
  getLogger,
  type LogRecord,
  type TextFormatter,
} from "@logtape/logtape";
import { type SyncWriter, writeBytes } from "./text_output.ts";

/** What belongs to an event. Values are shown as text; an Error by its message and its cause's. */
export type LogProperties = Readonly<Record<string, unknown>>;

/** Takes events. The message is literal text, without placeholders. */
export interface Logger {
  debug(message: string, properties?: LogProperties): void;
  info(message: string, properties?: LogProperties): void;
  warn(message: string, properties?: LogProperties): void;
  error(message: string, properties?: LogProperties): void;
}

/** How to log. */
export interface LogOptions {
  readonly level: "debug" | "info" | "warning" | "error";
  readonly format: "text" | "json";
  /** ANSI colours in the text format; see {@link wantsColors}. */
  readonly hasColors: boolean;
  /**
   * Where lines go, one `writeSync` each, unless it takes less. One that throws WouldBlock in place of
   * waiting for its reader costs lines, which are counted; one that waits stops the daemon meanwhile.
   */
  readonly writer: SyncWriter;
}

/** Sets up the log, anew when it was set up before, and returns the daemon's logger. */
export function setUpLog(options: LogOptions): Logger {
  const format = options.format === "json"
    ? getJsonLinesFormatter({ properties: "nest:properties" })
    : textFormatter(options.hasColors);
  const sink = new LineSink(options.writer, format);
  configureSync({
    reset: true,
    sinks: { stderr: (record) => sink.write(record) },
    loggers: [
      { category: ["bindlink"], sinks: ["stderr"], lowestLevel: options.level },
      // LogTape's own troubles; unconfigured, it prints a notice on the console.
      { category: ["logtape", "meta"], sinks: ["stderr"], lowestLevel: "warning" },
    ],
  });
  const logger = getLogger(["bindlink"]);
  return {
    debug: (message, properties = {}) => logger.debug(literal(message), plain(properties)),
    info: (message, properties = {}) => logger.info(literal(message), plain(properties)),
    warn: (message, properties = {}) => logger.warn(literal(message), plain(properties)),
    error: (message, properties = {}) => logger.error(literal(message), plain(properties)),
  };
}

/** Whether a stream should get colours: a terminal, and NO_COLOR (no-color.org) unset or empty. */
export function wantsColors(isTerminal: boolean, noColor: string | undefined): boolean {
  return isTerminal && (noColor === undefined || noColor === "");
}

/** The message of an error and of what caused it, in one line. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const message = error.message === "" ? error.name : error.message;
  if (error.cause === undefined) return message;
  const cause = describeError(error.cause);
  return message.includes(cause) ? message : `${message}: ${cause}`;
}

/** Longest line in bytes: `PIPE_BUF`, what a pipe that has room takes whole (pipe(7)). */
const MAX_LINE_BYTES = 4096;

/** What is kept of the message of a longer line, in characters: of six bytes at most, once escaped. */
const CUT_MESSAGE_CHARS = 500;

/** Writes formatted lines; what a reader that is away or slow does not take is lost, and counted. */
class LineSink {
  readonly #writer: SyncWriter;
  readonly #format: TextFormatter;
  #isMidLine = false;
  #lostLines = 0;

  constructor(writer: SyncWriter, format: TextFormatter) {
    this.#writer = writer;
    this.#format = format;
  }

  write(record: LogRecord): void {
    if (this.#lostLines > 0 && this.#writeLine(lossRecord(record, this.#lostLines))) {
      this.#lostLines = 0;
    }
    if (!this.#writeLine(record)) this.#lostLines++;
  }

  /** @returns whether it got out whole. */
  #writeLine(record: LogRecord): boolean {
    // A line that got out in part must not swallow the next one.
    const start = this.#isMidLine ? "\n" : "";
    let bytes = new TextEncoder().encode(start + this.#format(record));
    if (bytes.length > MAX_LINE_BYTES) {
      bytes = new TextEncoder().encode(start + this.#format(cutRecord(record, bytes.length)));
    }
    // No patience: this thread moves packets.
    const writtenBytes = writeBytes(this.#writer, bytes, 0);
    if (writtenBytes > 0) this.#isMidLine = writtenBytes < bytes.length;
    return writtenBytes === bytes.length;
  }
}

/** Says how many lines before this one are missing. */
function lossRecord(next: LogRecord, lostLines: number): LogRecord {
  const message = lostLines === 1 ? "1 log line was lost" : `${lostLines} log lines were lost`;
  return { ...next, level: "warning", message: [message], properties: {} };
}

/** What remains of an event whose line would be too long. */
function cutRecord(record: LogRecord, lineBytes: number): LogRecord {
  const message = record.message.map(String).join("").slice(0, CUT_MESSAGE_CHARS);
  return { ...record, message: [message], properties: { cutFromBytes: lineBytes } };
}

const LEVEL_LABELS: Readonly<Record<LogRecord["level"], { text: string; color: string }>> = {
  trace: { text: "TRACE", color: "\x1b[2m" },
  debug: { text: "DEBUG", color: "\x1b[2m" },
  info: { text: "INFO ", color: "\x1b[32m" },
  warning: { text: "WARN ", color: "\x1b[33m" },
  error: { text: "ERROR", color: "\x1b[31m" },
  fatal: { text: "FATAL", color: "\x1b[31m" },
};

/** `2026-11-22T16:02:00.123Z INFO  Link is up link=192.168.43.1:1080 id=1`. */
function textFormatter(hasColors: boolean): TextFormatter {
  const dim = hasColors ? "\x1b[2m" : "";
  const plainAgain = hasColors ? "\x1b[0m" : "";
  return (record) => {
    const { text, color } = LEVEL_LABELS[record.level];
    const level = hasColors ? `${color}${text}${plainAgain}` : text;
    const time = `${dim}${new Date(record.timestamp).toISOString()}${plainAgain}`;
    let line = `${time} ${level} ${escapeControls(record.message.map(String).join(""))}`;
    for (const [key, value] of Object.entries(record.properties)) {
      line += ` ${dim}${key}=${plainAgain}${formatValue(value)}`;
    }
    return `${line}\n`;
  };
}

/** Bare when it reads as one word, else a JSON string. */
function formatValue(value: unknown): string {
  const text = typeof value === "object" && value !== null ? safeJson(value) : String(value);
  const isWord = /^[^\s"=\p{C}]+$/u.test(text);
  return isWord ? text : escapeControls(JSON.stringify(text));
}

/** Text that came over the network must not forge lines or drive the terminal. */
function escapeControls(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

/** LogTape reads `{name}` as a placeholder; here a message is just text. */
function literal(message: string): string {
  return message.replaceAll("{", "{{").replaceAll("}", "}}");
}

/** Errors as their messages: a stack is of no use to an operator. */
function plain(properties: LogProperties): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(properties).map((
      [key, value],
    ) => [key, value instanceof Error ? describeError(value) : value]),
  );
}

function safeJson(value: object): string {
  try {
    return JSON.stringify(value, (_key, inner) => typeof inner === "bigint" ? `${inner}` : inner);
  } catch {
    return String(value);
  }
}
