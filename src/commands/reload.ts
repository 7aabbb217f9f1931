/**
 * `bindlink reload`: a running daemon reads its configuration anew.
 *
 * @module
 */

import type { DaemonRequest } from "../command_request.ts";
import type { ReloadReport } from "../reload_report.ts";
import { askDaemon } from "./ask_daemon.ts";
import { type CommandIo, printNote, printResult } from "./command_io.ts";

/** Has it done, and says what is different. @throws UsageError, StateError, Error: nothing has changed. */
export async function runReload(request: DaemonRequest, io: CommandIo): Promise<void> {
  const report = await askDaemon(request, "any", { command: "reload" }) as ReloadReport;
  const { changes, waiting, warnings } = report;
  for (const warning of warnings) printNote(io, `warning: ${warning}\n`);
  if (waiting.length > 0) {
    printNote(io, `warning: not while it runs, but after a restart: ${waiting.join(", ")}\n`);
  }
  printResult(io, changes.length === 0 ? "Nothing has changed\n" : `${changes.join("\n")}\n`);
}
