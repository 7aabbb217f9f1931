/**
 * What is seen at the laptop, told a few times a second.
 *
 * @module
 */

import type { LinkState } from "../../src/snapshot.ts";

/** One link, as the slave's metrics show it; bytes since the slave's start. */
export interface LinkReading {
  readonly id: number;
  readonly state: LinkState;
  readonly receivedBytes: number;
}

/** What was seen. */
export interface Report {
  /** Monotonic ms of whoever reports: only differences mean something. */
  readonly atMs: number;
  /** Payload that came out of the tunnel so far. */
  readonly receivedBytes: number;
  /** The longest pause in that since the report before, in ms. */
  readonly longestGapMs: number;
  /** By id; empty while no slave answers. */
  readonly links: readonly LinkReading[];
  /** By phone; null while nothing comes back. */
  readonly roundTripsMs: readonly (number | null)[];
}

/** How often there is a report, in ms. */
export const REPORT_INTERVAL_MS = 250;
