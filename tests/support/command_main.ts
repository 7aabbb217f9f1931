/**
 * Runs one command as a process of its own.
 *
 *   command_main.ts REQUEST    (a CommandRequest as JSON, without byte arrays)
 *
 * @module
 */

import type { CommandRequest } from "../../src/command_request.ts";
import { runCommand } from "../../src/commands/run_command.ts";
import { describeError } from "../../src/log.ts";
import { writeText } from "../../src/text_output.ts";
import { UsageError } from "../../src/usage_error.ts";

try {
  Deno.exitCode = await runCommand(JSON.parse(Deno.args[0] ?? "") as CommandRequest);
} catch (error) {
  writeText(Deno.stderr, `error: ${describeError(error)}\n`, 1_000);
  Deno.exitCode = error instanceof UsageError ? 2 : 1;
}
