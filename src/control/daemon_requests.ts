/**
 * What any running daemon answers, master or slave.
 *
 * @module
 */

import type { ReloadReport } from "../reload_report.ts";
import type { ControlRequest } from "./control_message.ts";
import type { ControlHandler } from "./control_server.ts";
import type { StatusDesk } from "./status_desk.ts";

/** What it answers by. */
export interface DaemonDesk {
  readonly status: Pick<StatusDesk, "report">;
  /** Reads the configuration anew. @throws Error that says why nothing has changed. */
  readonly reload: () => Promise<ReloadReport>;
}

/**
 * Does what is asked. Requests: `status` is answered by a `StatusReport`, `reload` by a `ReloadReport`.
 * @param own does what is asked of this end only
 */
export function handleDaemonRequest(
  desk: DaemonDesk,
  request: ControlRequest,
  own: ControlHandler,
): unknown {
  switch (request.command) {
    case "status":
      return desk.status.report();
    case "reload":
      return desk.reload();
    default:
      return own(request);
  }
}
