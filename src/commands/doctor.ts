/**
 * `bindlink doctor`: examines this machine and its links, and says what is wrong.
 *
 * @module
 */

import type { CommandRequest } from "../command_request.ts";
import { examine } from "../doctor/examine.ts";
import { exitCodeOf } from "../doctor/finding.ts";
import { reportJson, reportText } from "../doctor/report_text.ts";
import { type CommandIo, printNote, printResult } from "./command_io.ts";

/** Examines and prints. Progress goes to stderr. @returns the exit code: 1 when there is a fault. */
export async function runDoctor(
  request: Extract<CommandRequest, { kind: "doctor" }>,
  io: CommandIo,
): Promise<number> {
  for (const warning of request.warnings) printNote(io, `warning: ${warning}\n`);
  const findings = await examine(request, (text) => printNote(io, `${text}\n`));
  printResult(io, request.isJson ? reportJson(findings) : reportText(findings, io.hasColors));
  return exitCodeOf(findings);
}
