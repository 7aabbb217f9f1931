/**
 * All that the screen shows, and how it changes when a report comes, or none does. Pure: `nowMs` is the wall clock, in ms
 * since 1970, since events have its time.
 *
 * @module
 */

import type { StatusReport } from "../control/status_report.ts";
import { RateHistories } from "./rate_history.ts";
import { itemsOf, ratesOf, type TopItem } from "./top_item.ts";

/** What the next key answers. */
export type Prompt =
  /** Which mode: of that link, or (null) of the slave. */
  | { readonly kind: "mode"; readonly link: string | null }
  /** Whether a link shall be switched off though no other one is up. */
  | { readonly kind: "lastLink"; readonly link: string };

/** Something said for a while. */
export interface Notice {
  readonly text: string;
  readonly isBad: boolean;
  readonly untilMs: number;
}

/** Why nothing is heard of the daemon. */
export interface AbsenceReason {
  /** As the end of a sentence that the daemon begins: `is not running`. */
  readonly what: string;
  /** A sentence; empty: there is no more to say. */
  readonly why: string;
}

/** That nothing is heard of the daemon, and since when. */
export interface Absence extends AbsenceReason {
  readonly sinceMs: number;
}

/** What is shown. */
export interface TopState {
  /** The daemon, e.g. `slave bind0`. */
  readonly whom: string;
  /** The newest one. */
  readonly report: StatusReport;
  /** Null while the daemon answers. */
  readonly absence: Absence | null;
  readonly histories: RateHistories;
  /** The key of the item that is chosen; the first one when there is none of that key. */
  readonly chosenKey: string;
  readonly prompt: Prompt | null;
  readonly notice: Notice | null;
  /** What the daemon was asked to do and has not answered, e.g. `Switching phone1 off`. */
  readonly doing: string | null;
}

/** The state after the first report. */
export function firstState(whom: string, report: StatusReport): TopState {
  const histories = new RateHistories(HISTORY_LENGTH);
  histories.record(ratesOf(report));
  return {
    whom,
    report,
    absence: null,
    histories,
    chosenKey: itemsOf(report)[0]?.key ?? "",
    prompt: null,
    notice: null,
    doing: null,
  };
}

/** The state after another report. */
export function withReport(state: TopState, report: StatusReport): TopState {
  state.histories.record(ratesOf(report));
  return { ...state, report, absence: null };
}

/** The state after a question that was not answered. */
export function withoutReport(state: TopState, reason: AbsenceReason, nowMs: number): TopState {
  state.histories.recordGap();
  return { ...state, absence: { ...reason, sinceMs: state.absence?.sinceMs ?? nowMs } };
}

/** The state with something said. */
export function withNotice(
  state: TopState,
  text: string,
  { isBad, nowMs }: { readonly isBad: boolean; readonly nowMs: number },
): TopState {
  return { ...state, notice: { text, isBad, untilMs: nowMs + NOTICE_MS } };
}

/** The chosen item, and which one of all it is; null when there is none. */
export function chosenItem(
  state: TopState,
): { readonly item: TopItem; readonly index: number; readonly items: readonly TopItem[] } | null {
  const items = itemsOf(state.report);
  const index = Math.max(0, items.findIndex(({ key }) => key === state.chosenKey));
  const item = items[index];
  return item === undefined ? null : { item, index, items };
}

/** Rates kept of each link: a column each, on the widest of screens. */
const HISTORY_LENGTH = 240;

/** How long something said stays, in milliseconds. */
const NOTICE_MS = 5_000;
