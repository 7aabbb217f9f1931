/**
 * What commands read and write: the terminal or pipes around the program, and fakes in tests.
 *
 * @module
 */

import { wantsColors } from "../log.ts";
import { type SyncWriter, writeText } from "../text_output.ts";

/** The program's surroundings. */
export interface CommandIo {
  /** Results: what a script would read. */
  readonly stdout: SyncWriter;
  /** Everything said besides. */
  readonly stderr: SyncWriter;
  /** Whether colours are fine on stderr. */
  readonly hasColors: boolean;
  /** Width of the terminal, at least 80. */
  readonly columns: number;
  readonly stdin: {
    readonly isTerminal: boolean;
    /** Reads some bytes; null at the end. */
    read(into: Uint8Array): Promise<number | null>;
  };
  /** Milliseconds since 1970. */
  now(): number;
}

/** This process's. */
export function processIo(): CommandIo {
  return {
    stdout: Deno.stdout,
    stderr: Deno.stderr,
    hasColors: wantsColors(Deno.stderr.isTerminal(), Deno.env.get("NO_COLOR")),
    columns: terminalColumns(),
    stdin: {
      get isTerminal(): boolean {
        return Deno.stdin.isTerminal();
      },
      read: (into) => Deno.stdin.read(into),
    },
    now: () => Date.now(),
  };
}

/** Writes a result. @throws Error when it did not get out whole. */
export function printResult(io: CommandIo, text: string): void {
  if (!writeText(io.stdout, text, PATIENCE_MS)) {
    throw new Error("Cannot write the result to stdout: nobody reads it, or the disk is full");
  }
}

/** Says something besides; that nobody reads it is no failure. */
export function printNote(io: CommandIo, text: string): void {
  writeText(io.stderr, text, PATIENCE_MS);
}

function terminalColumns(): number {
  try {
    return Math.max(MIN_COLUMNS, Deno.consoleSize().columns);
  } catch {
    return MIN_COLUMNS;
  }
}

/** How long a slow reader is waited for, in milliseconds. */
const PATIENCE_MS = 5_000;

const MIN_COLUMNS = 80;
