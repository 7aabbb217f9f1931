/**
 * What a command line may send its reader to: files, stdin, what `bindlink join` stored. A port, so
 * that a command line can be judged without the system.
 *
 * @module
 */

import type { StoredJoin } from "../command_request.ts";

/** Readers of what lies outside argv and environment. All throw the system's own error. */
export interface CommandLineInputs {
  /** A small text file. */
  readFile(path: string): string;
  /** All of stdin; from a terminal, one line. */
  readStdin(): string;
  /** A path that holds from every working directory. */
  absolutePath(path: string): string;
  /** The state directory when `--state-dir` names none. */
  defaultStateDir(): string;
  /** What `bindlink join` stored there; null: nothing. */
  readStoredJoin(stateDir: string): StoredJoin | null;
}
