/**
 * `bindlink slaves`: lists a master's slaves.
 *
 * @module
 */

import type { CommandRequest } from "../command_request.ts";
import type { SlaveListing } from "../state/master_admin.ts";
import { MasterStore } from "../state/master_store.ts";
import { askMaster, type MasterAnswer } from "./ask_master.ts";
import { type CommandIo, printNote, printResult } from "./command_io.ts";
import { slaveTable } from "./slave_table.ts";

/** Prints the list, for people or as JSON. @throws StateError, Error. */
export async function runSlaves(
  request: Extract<CommandRequest, { kind: "slaves" }>,
  io: CommandIo,
): Promise<void> {
  const { stateDir, isJson } = request;
  // Looking must not make a key: most likely this is another user's terminal than the master's.
  const { result, isRunning, notes } = MasterStore.exists(stateDir)
    ? await askMaster(stateDir, { command: "slaves" })
    : NO_MASTER;
  const slaves = result as readonly SlaveListing[];
  if (notes.length > 0) printNote(io, `${notes.join("\n")}\n`);
  if (isJson) return printResult(io, `${JSON.stringify(slaves, null, 2)}\n`);
  if (slaves.length === 0) {
    return printNote(
      io,
      `There are no slaves in ${JSON.stringify(stateDir)} yet: ` +
        'type "bindlink invite NAME", as the user of the master\n',
    );
  }
  printResult(io, slaveTable(slaves, io.now()));
  if (!isRunning) printNote(io, "No master runs now.\n");
}

const NO_MASTER: MasterAnswer = { result: [], isRunning: false, notes: [] };
