/**
 * Argv and environment in; a request, or a text to print, out. Prints nothing itself.
 *
 * @module
 */

import { UsageError } from "../usage_error.ts";
import { VERSION } from "../version.ts";
import type { Request } from "./build_request.ts";
import { checkArgv } from "./check_argv.ts";
import type { CommandLineInputs } from "./inputs.ts";
import { rewriteArgv } from "./original_spelling.ts";
import { type HelpStyle, parseArgv } from "./parser.ts";

/** What a command line asks for. */
export type CommandLineResult = Request;

/** What a command line is judged with. */
export interface CommandLineContext extends HelpStyle {
  /** Reads an environment variable. */
  readonly environment: (name: string) => string | undefined;
  /** What `--version` prints. */
  readonly versionText: string;
  /** Gives the readers of files and stdin; called only when a command is to be run. */
  readonly openInputs: () => Promise<CommandLineInputs>;
}

/**
 * Reads a command line, the original's spellings included. Without any argument: the help, as an
 * error (exit code 2), since nothing was done.
 * @throws {UsageError} whose message is one line and holds no password, key or token.
 */
export async function readCommandLine(
  argv: readonly string[],
  context: CommandLineContext,
): Promise<CommandLineResult> {
  const isEmpty = argv.length === 0;
  const checked = isEmpty ? ["--help"] : checkArgv(rewriteArgv(argv, context.environment));
  const parsed = parseArgv(checked, context);
  switch (parsed.kind) {
    case "command": {
      // Only here: help and version need no cryptography.
      const { buildRequest } = await import("./build_request.ts");
      return await buildRequest(parsed, context.environment, await context.openInputs());
    }
    case "text":
      return isEmpty
        ? { kind: "print", stream: "stderr", text: parsed.text, exitCode: 2 }
        : { kind: "print", stream: "stdout", text: parsed.text, exitCode: 0 };
    case "man": {
      // Only here: nothing else needs the page.
      const { manPage } = await import("./man_page.ts");
      return { kind: "print", stream: "stdout", text: manPage(VERSION), exitCode: 0 };
    }
    case "version":
      return { kind: "print", stream: "stdout", text: context.versionText, exitCode: 0 };
    case "error":
      throw new UsageError(parsed.message);
  }
}
