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
    for (;;) {
      const report = this.look();
      if (report !== null) return report;
      // A timer may be a little early.
      await this.#options.sleep(LEAST_SPAN_MS + 10);
    }
  }

  /** The same at once; null: it was not asked just before, so that there are no rates yet. */
  look(): StatusReport | null {
    const { source, events, pid, clock } = this.#options;
    const daemon = source.snapshot();
    const rates = this.#meter.measure(daemon, clock());
    return rates === null ? null : craftStatus(daemon, { pid, rates, events: events.all });
  }
}
