/**
 * How a command reaches a master's state: through the running master, or, while none runs, on its files.
 *
 * @module
 */

import { requestControl } from "../control/control_client.ts";
import type { ControlRequest } from "../control/control_message.ts";
import { handleControlRequest, MASTER_SOCKET_NAME } from "../control/master_requests.ts";
import { MasterAdmin } from "../state/master_admin.ts";
import { MasterStore } from "../state/master_store.ts";
import { StateError, StateLockedError } from "../state/state_error.ts";

/** What was answered. */
export interface MasterAnswer {
  readonly result: unknown;
  /** Whether a running master answered. */
  readonly isRunning: boolean;
  /** What is to be told besides, in sentences. */
  readonly notes: readonly string[];
}

/**
 * Asks. Whoever has the lock may use the files, and whoever has not asks the one who has: so nothing is missed or
 * done twice when a master starts or stops meanwhile. Only in between, when a master has the lock and not yet its
 * socket, or another command has the lock, is there something to wait for.
 * @throws UsageError, StateError, Error.
 */
export async function askMaster(stateDir: string, request: ControlRequest): Promise<MasterAnswer> {
  const startedAt = performance.now();
  for (;;) {
    const holder = tryOnFiles(stateDir, request);
    if (!(holder instanceof StateLockedError)) return holder;
    const socketPath = `${stateDir}/${MASTER_SOCKET_NAME}`;
    const answer = await requestControl(socketPath, request);
    if (answer !== null) return { result: answer.result, isRunning: true, notes: [] };
    const patienceMs = holder.role === "master" ? MASTER_PATIENCE_MS : COMMAND_PATIENCE_MS;
    if (performance.now() - startedAt > patienceMs) throw unreachable(holder, socketPath);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

/** Does it on the files. @returns who has the lock when that is not to be had. */
function tryOnFiles(stateDir: string, request: ControlRequest): MasterAnswer | StateLockedError {
  try {
    using store = MasterStore.open(stateDir, "command");
    const notes = [...store.warnings];
    if (store.isNew) {
      notes.push(
        `Made a new master, with a key of its own, in ${JSON.stringify(stateDir)}: ` +
          'start it with "bindlink master", as the same user and with the same --state-dir',
      );
    }
    const result = handleControlRequest(new MasterAdmin(store, null), request);
    return { result, isRunning: false, notes };
  } catch (error) {
    if (error instanceof StateLockedError) return error;
    throw error;
  }
}

function unreachable(holder: StateLockedError, socketPath: string): StateError {
  const advice = holder.role === "master"
    ? `and nobody listens on ${JSON.stringify(socketPath)}: restart that master`
    : "try again when it is done";
  return new StateError(`${holder.message}, ${advice}`);
}

/** How long a master may take from its lock to its socket, in milliseconds. */
const MASTER_PATIENCE_MS = 2_000;

/** How long other commands may take, in milliseconds: each some 20, more when disks are slow to sync. */
const COMMAND_PATIENCE_MS = 15_000;

/** Pause between two tries, in milliseconds. */
const RETRY_MS = 25;
