/**
 * `bindlink status`: what a running daemon does now.
 *
 * @module
 */

import type { DaemonRequest } from "../command_request.ts";
import { askStatus } from "./ask_daemon.ts";
import { type CommandIo, printResult } from "./command_io.ts";
import { statusText } from "./status_text.ts";

/** Prints it, for people or as JSON. @throws UsageError, StateError, Error. */
export async function runStatus(
  request: DaemonRequest & { readonly isJson: boolean },
  io: CommandIo,
): Promise<void> {
  const status = await askStatus(request, "any");
  printResult(io, request.isJson ? `${JSON.stringify(status, null, 2)}\n` : statusText(status));
}
