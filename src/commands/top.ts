/**
 * `bindlink top`: what a running daemon does, as it does it.
 *
 * @module
 */

import type { DaemonRequest } from "../command_request.ts";
import { requestControl } from "../control/control_client.ts";
import type { ControlRequest } from "../control/control_message.ts";
import { type DaemonSocket, findDaemon } from "../control/find_daemons.ts";
import type { StatusReport } from "../control/status_report.ts";
import { wantsColors } from "../log.ts";
import { glyphsOf } from "../top/glyphs.ts";
import { checkTerminal, Terminal } from "../top/terminal.ts";
import { TopSession, type WatchedDaemon } from "../top/top_session.ts";
import { firstState } from "../top/top_state.ts";
import { readStatus } from "./ask_daemon.ts";

/** Runs until its user, or a signal, ends it. @throws UsageError: no terminal, no such daemon. StateError, Error. */
export async function runTop({ daemon: choice, kind }: DaemonRequest): Promise<void> {
  checkTerminal();
  const socket = await findDaemon(choice, "any", kind);
  const whom = whomOf(socket);
  const daemon = watchedDaemon(socket, whom);
  // Before the screen is ours, so that errors are read.
  const report = await daemon.status();
  if (report === null) throw new Error(`The running ${whom} ended before it answered: try again`);
  const terminal = new Terminal();
  const session = new TopSession(firstState(whom, report), {
    daemon,
    terminal,
    glyphs: glyphsOf((name) => Deno.env.get(name)),
    hasColors: wantsColors(true, Deno.env.get("NO_COLOR")),
    wallClock: () => Date.now(),
    clock: () => performance.now(),
  });
  using _taken = terminal.take({
    onDisturbed: () => session.repaint(),
    onStop: () => session.stop(),
  });
  await session.run();
}

function whomOf({ role, name }: DaemonSocket): string {
  return role === "master" ? "master" : `slave ${name}`;
}

function watchedDaemon({ path }: DaemonSocket, whom: string): WatchedDaemon {
  return {
    async status(): Promise<StatusReport | null> {
      const answer = await requestControl(path, { command: "status" }, {
        whom,
        timeoutMs: STATUS_PATIENCE_MS,
      });
      return answer === null ? null : readStatus(answer.result);
    },
    ask: (request: ControlRequest) => requestControl(path, request, { whom }),
  };
}

/** A daemon that is asked once a second answers at once, and at first within a second; one that is stopped, never. */
const STATUS_PATIENCE_MS = 3_000;
