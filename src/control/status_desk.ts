/**
 * Answers `status`: looks at the daemon, again after a second when it was not asked just before, and reports.
 *
 * @module
 */

import type { RecentEvents } from "../recent_events.ts";
import type { SnapshotSource } from "../snapshot.ts";
import { LEAST_SPAN_MS, RateMeter } from "./rate_meter.ts";
import { craftStatus, type StatusReport } from "./status_report.ts";

/** What a {@link StatusDesk} works with. */
export interface StatusDeskOptions {
  readonly source: SnapshotSource;
  readonly events: RecentEvents;
  readonly pid: number;
  /** Monotonic ms. */
  readonly clock: () => number;
  readonly sleep: (durationMs: number) => Promise<void>;
}

/** Reports on one daemon. */
export class StatusDesk {
  readonly #options: StatusDeskOptions;
  readonly #meter = new RateMeter();

  constructor(options: StatusDeskOptions) {
    this.#options = options;
  }

  /** The daemon now, with rates. */
  async report(): Promise<StatusReport> {
    const { source, events, pid, clock, sleep } = this.#options;
    for (;;) {
      const daemon = source.snapshot();
      const rates = this.#meter.measure(daemon, clock());
      if (rates !== null) return craftStatus(daemon, { pid, rates, events: events.all });
      // A timer may be a little early.
      await sleep(LEAST_SPAN_MS + 10);
    }
  }
}
