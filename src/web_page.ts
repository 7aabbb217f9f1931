/**
 * A running daemon's web page, if it is asked for.
 *
 * @module
 */

import { handleSlaveRequest } from "./control/slave_requests.ts";
import type { StatusDesk } from "./control/status_desk.ts";
import type { DaemonOptions } from "./daemon_options.ts";
import type { LiveLinks } from "./live_links.ts";
import type { RecentEvents } from "./recent_events.ts";

/** What a page is made of. */
export interface WebPageParts {
  /** A slave's; null at a master, whose page changes nothing. */
  readonly links: LiveLinks | null;
  readonly desk: StatusDesk;
  readonly events: RecentEvents;
  /** Monotonic ms. */
  readonly clock: () => number;
}

/** Serves it. @returns what ends it; null: it is not asked for. @throws Error when its address cannot be listened on. */
export async function openWebPage(
  options: DaemonOptions,
  { links, desk, events, clock }: WebPageParts,
): Promise<AsyncDisposable | null> {
  if (options.protocol === "legacy" || options.web === undefined) return null;
  // Loaded here, not at the top: whoever runs without it has neither the wait nor the memory.
  const { WebServer } = await import("./web/web_server.ts");
  return await WebServer.start({
    spec: options.web,
    look: () => desk.look(),
    command: links === null ? null : (request) => handleSlaveRequest(links, request),
    logger: events,
    privateLogger: events.inner,
    clock,
  });
}
