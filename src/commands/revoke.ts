/**
 * `bindlink revoke`: lets a slave in no more.
 *
 * @module
 */

import type { CommandRequest } from "../command_request.ts";
import type { Revocation } from "../state/master_admin.ts";
import { MasterStore } from "../state/master_store.ts";
import { UsageError } from "../usage_error.ts";
import { askMaster } from "./ask_master.ts";
import { type CommandIo, printNote, printResult } from "./command_io.ts";

/** Revokes, and says what that did. @throws UsageError, StateError, Error. */
export async function runRevoke(
  request: Extract<CommandRequest, { kind: "revoke" }>,
  io: CommandIo,
): Promise<void> {
  const { stateDir, name } = request;
  if (!MasterStore.exists(stateDir)) {
    throw new UsageError(
      `There is no slave ${JSON.stringify(name)}: no master has been set up in ${
        JSON.stringify(stateDir)
      } ` +
        "(run this as the master's user, or with its --state-dir)",
    );
  }
  const { result, isRunning, notes } = await askMaster(stateDir, { command: "revoke", name });
  if (notes.length > 0) printNote(io, `${notes.join("\n")}\n`);
  printResult(io, `${outcome(name, result as Revocation, isRunning)}\n`);
}

function outcome(name: string, revocation: Revocation, isRunning: boolean): string {
  if (revocation.wasRevokedBefore) return `${name} has been revoked since ${revocation.revokedAt}`;
  if (revocation.wasConnected) return `Revoked ${name}, and cut its connection`;
  return `Revoked ${name} (${isRunning ? "it was not connected" : "no master runs now"})`;
}
