/**
 * Argv and environment in; options to run with, or a text to print, out. Prints nothing itself.
 *
 * @module
 */

import type { DaemonOptions } from "../daemon_options.ts";
import { UsageError } from "../usage_error.ts";
import { buildOptions } from "./build_options.ts";
import { checkArgv } from "./check_argv.ts";
import { rewriteArgv } from "./original_spelling.ts";
import { type HelpStyle, parseArgv } from "./parser.ts";

/** What a command line asks for. */
export type CommandLineResult =
  | { readonly kind: "run"; readonly options: DaemonOptions }
  | {
    readonly kind: "print";
    readonly stream: "stdout" | "stderr";
    readonly text: string;
    readonly exitCode: number;
  };

/** What a command line is judged with. */
export interface CommandLineContext extends HelpStyle {
  /** Reads an environment variable. */
  readonly environment: (name: string) => string | undefined;
  /** What `--version` prints. */
  readonly versionText: string;
}

/**
 * Reads a command line, the original's spellings included. Without any argument: the help, as an
 * error (exit code 2), since nothing was done.
 * @throws {UsageError} whose message is one line and holds no password.
 */
export function readCommandLine(
  argv: readonly string[],
  context: CommandLineContext,
): CommandLineResult {
  const isEmpty = argv.length === 0;
  const parsed = parseArgv(isEmpty ? ["--help"] : checkArgv(rewriteArgv(argv)), context);
  switch (parsed.kind) {
    case "run":
      return {
        kind: "run",
        options: buildOptions(parsed.role, parsed.values, context.environment),
      };
    case "text":
      return isEmpty
        ? { kind: "print", stream: "stderr", text: parsed.text, exitCode: 2 }
        : { kind: "print", stream: "stdout", text: parsed.text, exitCode: 0 };
    case "version":
      return { kind: "print", stream: "stdout", text: context.versionText, exitCode: 0 };
    case "error":
      throw new UsageError(parsed.message);
  }
}
