/**
 * What a command line may send its reader to: files, stdin, what `bindlink join` stored. A port, so
 * that a command line can be judged without the system.
 *
 * @module
 */

import type { StoredJoin } from "../command_request.ts";
import type { Role } from "./command_table.ts";

/** A configuration file. */
export interface ConfigText {
  readonly text: string;
  /** Whether every user of the machine can read it. */
  readonly isReadableByOthers: boolean;
}

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
  /** Where a configuration file is looked for when `--config` names none; null: nowhere. */
  defaultConfigFile(role: Role): string | null;
  /** A configuration file; null: there is none. */
  readConfigFile(path: string): ConfigText | null;
  /** What `bindlink join` stored there; null: nothing. */
  readStoredJoin(stateDir: string): StoredJoin | null;
}
