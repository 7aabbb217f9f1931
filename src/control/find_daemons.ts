/**
 * Which daemons run with a state directory, and which of them is meant: each has its control socket there.
 *
 * @module
 */

import type { DaemonChoice } from "../command_request.ts";
import { fileError } from "../state/state_error.ts";
import { UsageError } from "../usage_error.ts";
import { isListening } from "./control_client.ts";
import { MASTER_SOCKET_NAME } from "./master_requests.ts";
import { daemonNameOf } from "./slave_requests.ts";

/** A daemon's socket. */
export interface DaemonSocket {
  /** `master`, or a slave's tun device. */
  readonly name: string;
  readonly role: "master" | "slave";
  readonly path: string;
}

/** Stands for the only slave of several daemons. */
const ANY_SLAVE = "slave";

/** What a command can be for. */
export type WantedRole = "any" | "slave";

/**
 * The daemon that is meant.
 * @param command for the messages, e.g. `link list`
 * @throws UsageError: several, none of that name, or it is of the wrong kind. StateError, Error: none runs; no access.
 */
export async function findDaemon(
  choice: DaemonChoice,
  wanted: WantedRole,
  command: string,
): Promise<DaemonSocket> {
  const sockets = listSockets(choice.stateDir);
  const running: DaemonSocket[] = [];
  for (const socket of sockets) if (await isListening(socket.path)) running.push(socket);
  if (running.length === 0) throw noneRuns(choice.stateDir, sockets, command);
  const names = running.map(({ name }) => name).join(", ");
  const meant = meantBy(choice.name, running);
  if (meant.length === 0) {
    throw new UsageError(
      `--daemon ${JSON.stringify(choice.name)}: none of that name runs; there is ${names}`,
    );
  }
  const fitting = meant.filter(({ role }) => wanted === "any" || role === wanted);
  if (fitting.length === 0) throw notSlaves(command);
  if (fitting.length === 1) return fitting[0]!;
  throw new UsageError(
    `Several daemons run here: choose one with --daemon NAME; there is ${
      fitting.map(({ name }) => name).join(", ")
    }`,
  );
}

/** Those that a name stands for; a tun device may be called like what else it could be. */
function meantBy(name: string | null, running: readonly DaemonSocket[]): readonly DaemonSocket[] {
  if (name === null) return running;
  const exact = running.filter((it) => it.name === name);
  return exact.length === 0 && name === ANY_SLAVE
    ? running.filter(({ role }) => role === "slave")
    : exact;
}

/** Of all daemons, also of those that were killed. @throws StateError: no access */
function listSockets(stateDir: string): readonly DaemonSocket[] {
  const found: DaemonSocket[] = [];
  try {
    for (const { name: file } of Deno.readDirSync(stateDir)) {
      const path = `${stateDir}/${file}`;
      const slave = daemonNameOf(file);
      if (file === MASTER_SOCKET_NAME) found.push({ name: "master", role: "master", path });
      else if (slave !== null) found.push({ name: slave, role: "slave", path });
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw fileError("look for daemons in", stateDir, error);
  }
  return found.sort((a, b) => a.name < b.name ? -1 : 1);
}

/** Says what was left by one that was killed, and where another user's daemon would be. */
function noneRuns(stateDir: string, left: readonly DaemonSocket[], command: string): Error {
  const shown = JSON.stringify(stateDir);
  const killed = left.length === 0
    ? ""
    : ` (${left.map(({ path }) => path.split("/").at(-1)).join(", ")} there ` +
      "was left by one that was killed)";
  const where = Deno.uid() === 0
    ? "another user's is found with --state-dir DIR"
    : `root's is asked with: sudo bindlink ${command}`;
  return new Error(
    `No bindlink daemon runs with the state directory ${shown}${killed}: start one with ` +
      `"bindlink slave" or "bindlink master"; ${where}; one with --protocol legacy takes no commands`,
  );
}

function notSlaves(command: string): UsageError {
  return new UsageError(
    `"bindlink ${command}" is for a slave, and here a master runs: run it on the slave's machine`,
  );
}
