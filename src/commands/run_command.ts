/**
 * Runs a command that ends by itself.
 *
 * @module
 */

import type { CommandRequest } from "../command_request.ts";

/** Runs it. @returns the exit code. @throws UsageError, StateError, Error: the caller reports them. */
export function runCommand(_request: CommandRequest): Promise<number> {
  throw new Error("Invariant: not written yet");
}
