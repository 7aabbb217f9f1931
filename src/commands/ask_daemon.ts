/**
 * How a command reaches a running daemon.
 *
 * @module
 */

import type { DaemonRequest } from "../command_request.ts";
import { requestControl } from "../control/control_client.ts";
import type { ControlRequest } from "../control/control_message.ts";
import { type DaemonSocket, findDaemon, type WantedRole } from "../control/find_daemons.ts";
import type { KeptSamples } from "../control/sample_keeper.ts";
import { SAMPLE_VERSION } from "../control/sample_report.ts";
import { STATUS_VERSION, type StatusReport } from "../control/status_report.ts";
import { VERSION } from "../version.ts";

/** Asks the daemon that is meant. @throws UsageError, StateError, Error. */
export async function askDaemon(
  { daemon, kind }: DaemonRequest,
  wanted: WantedRole,
  request: ControlRequest,
): Promise<unknown> {
  const socket = await findDaemon(daemon, wanted, kind);
  const whom = socket.role === "master" ? "master" : `slave ${socket.name}`;
  const answer = await requestControl(socket.path, request, { whom });
  if (answer === null) throw new Error(`The running ${whom} ended before it answered: try again`);
  return answer.result;
}

/**
 * How its links did since a time of its own.
 * @throws as {@link askDaemon}; Error when it is of a version whose samples are not understood.
 */
export async function askSamples(socket: DaemonSocket, sinceMs: number): Promise<KeptSamples> {
  const whom = `slave ${socket.name}`;
  const answer = await requestControl(socket.path, { command: "samples", sinceMs }, { whom });
  if (answer === null) throw new Error(`The running ${whom} has ended`);
  const kept = answer.result as Partial<KeptSamples> | null;
  if (kept?.sampleVersion === SAMPLE_VERSION) return kept as KeptSamples;
  throw new Error(
    `The running ${whom} (bindlink ${kept?.version ?? "of an unknown version"}) reports in a way ` +
      `that this program (bindlink ${VERSION}) does not understand: restart it with this one`,
  );
}

/** Its status. @throws as {@link askDaemon}; Error when it is of a version whose reports are not understood. */
export async function askStatus(request: DaemonRequest, wanted: WantedRole): Promise<StatusReport> {
  return readStatus(await askDaemon(request, wanted, { command: "status" }));
}

/** A daemon's answer to `status`. @throws Error when it is of a version whose reports are not understood. */
export function readStatus(result: unknown): StatusReport {
  const report = typeof result === "object" ? result as Partial<StatusReport> | null : null;
  if (report?.statusVersion === STATUS_VERSION) return report as StatusReport;
  throw new Error(
    `The running daemon (bindlink ${
      report?.version ?? "of an unknown version"
    }) reports in a way ` +
      `that this program (bindlink ${VERSION}) does not understand: ask it with its own program, or ` +
      "restart it with this one",
  );
}
