/**
 * One moment of the demo, as the views show it.
 *
 * @module
 */

import type { LinkState } from "../../src/snapshot.ts";
import type { DemoPhone } from "./phones.ts";

/** One phone in it. */
export interface PhoneRow {
  readonly phone: DemoPhone;
  /** Its part of what comes out of the tunnel, bits per second. */
  readonly rateBps: number;
  /** Of `rateBps` in the whole, 0..1. */
  readonly share: number;
  /** Null while nothing comes back. */
  readonly roundTripMs: number | null;
  /** As the slave sees its link; `unused` when it has none over this phone. */
  readonly state: LinkState | "unused";
  readonly isCut: boolean;
}

/** Half a second of the past. */
export interface HistoryEntry {
  readonly tunnelBps: number;
  /** Index of the act. */
  readonly act: number;
}

/** The moment. */
export interface Frame {
  readonly elapsedMs: number;
  readonly totalMs: number;
  /** Index and title of the act. */
  readonly act: number;
  readonly title: string;
  readonly rows: readonly PhoneRow[];
  /** What comes out of the tunnel, bits of payload per second. */
  readonly tunnelBps: number;
  /** What the best phone alone gave; null until that is measured. */
  readonly aloneBps: number | null;
  readonly history: readonly HistoryEntry[];
}
