/**
 * The demo's plot, in three acts: the tunnel over the best phone alone, over all three, and with the
 * best one cut.
 *
 * @module
 */

import type { Frame, HistoryEntry } from "./frame.ts";
import { BEST_PHONE } from "./phones.ts";
import type { Report } from "./report.ts";
import type { DemoResult } from "./result.ts";
import { Speedometer } from "./speedometer.ts";
import type { Stage } from "./stage.ts";

/** An act: what is changed, how long the tunnel may settle, how long it is measured. */
interface Act {
  readonly title: string;
  readonly begin: (stage: Stage) => Promise<void> | void;
  /** Links that must be up before the act's time runs. */
  readonly links: number;
  readonly settleMs: number;
  readonly measureMs: number;
}

/**
 * The middle act settles longest: a weight is what the other end received in the last 5 s, and it
 * takes more than one such window from equal shares to those that the phones can carry. After the
 * cut it takes 3 s until a silent link is left out.
 */
const ACTS: readonly Act[] = [
  {
    title: "the best phone alone",
    begin: (stage) => stage.useTunnel(1),
    links: 1,
    settleMs: 2_000,
    measureMs: 4_000,
  },
  {
    title: "three phones together",
    begin: (stage) => stage.useTunnel(stage.phones.length),
    links: 3,
    settleMs: 6_000,
    measureMs: 6_000,
  },
  {
    title: "the best phone is cut",
    begin: (stage) => stage.cutPhone(BEST_PHONE),
    links: 0,
    settleMs: 5_000,
    measureMs: 5_000,
  },
];

/** Time for all acts; what the slave takes to start comes on top. */
export const TOTAL_MS: number = ACTS.reduce((sum, act) => sum + act.settleMs + act.measureMs, 0);

/** Longest wait for a tunnel to come up, in ms. */
const UP_PATIENCE_MS = 15_000;

/** Between two looks, in ms. */
const LOOK_MS = 50;

/** Between two entries of the history, in ms. */
const HISTORY_MS = 500;

/** Plays the demo once. */
export class Story {
  readonly #stage: Stage;
  readonly #show: (frame: Frame) => void;
  readonly #signal: AbortSignal;
  readonly #speedometer: Speedometer;
  readonly #history: HistoryEntry[] = [];
  #act = 0;
  #actStartMs = 0;
  #pastMs = 0;
  #isCut = false;
  #aloneBps: number | null = null;
  #lastReport: Report | null = null;
  #longestGapMs = 0;

  /** @param show is called for each new report. */
  constructor(stage: Stage, show: (frame: Frame) => void, signal: AbortSignal) {
    this.#stage = stage;
    this.#speedometer = new Speedometer(stage.smoothingMs);
    this.#show = show;
    this.#signal = signal;
  }

  /**
   * Plays it to the end.
   * @throws Error when a program ends by itself or the tunnel does not come up; the signal's reason.
   */
  async play(): Promise<DemoResult> {
    const measuredBps: number[] = [];
    for (const [index, act] of ACTS.entries()) {
      this.#act = index;
      this.#actStartMs = performance.now();
      await act.begin(this.#stage);
      this.#isCut = index === ACTS.length - 1;
      this.#longestGapMs = 0;
      await this.#awaitLinks(act.links);
      this.#actStartMs = performance.now();
      await this.#lookFor(act.settleMs);
      const first = this.#lastReport;
      await this.#lookFor(act.measureMs);
      measuredBps.push(rateBetween(first, this.#lastReport));
      this.#aloneBps ??= measuredBps[0]!;
      this.#pastMs += act.settleMs + act.measureMs;
    }
    const [aloneBps = 0, togetherBps = 0, afterCutBps = 0] = measuredBps;
    return { aloneBps, togetherBps, afterCutBps, longestGapMs: this.#longestGapMs };
  }

  /** Until that many links carry data. */
  async #awaitLinks(count: number): Promise<void> {
    const deadlineMs = performance.now() + UP_PATIENCE_MS;
    const isUp = (): boolean =>
      (this.#lastReport?.links.filter((link) => link.state === "up").length ?? 0) >= count;
    // A report from before the change must not count.
    this.#lastReport = null;
    while (count > 0 && !isUp()) {
      if (performance.now() > deadlineMs) {
        throw new Error(`The tunnel did not come up over ${count} links in ${UP_PATIENCE_MS} ms`);
      }
      await this.#look();
    }
  }

  async #lookFor(durationMs: number): Promise<void> {
    const endMs = performance.now() + durationMs;
    while (performance.now() < endMs) await this.#look();
  }

  /** Waits a moment and shows what is new. */
  async #look(): Promise<void> {
    this.#signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    this.#signal.throwIfAborted();
    this.#stage.check();
    const { report } = this.#stage;
    if (report === null || report.atMs === this.#lastReport?.atMs) return;
    if (this.#lastReport !== null) {
      this.#longestGapMs = Math.max(this.#longestGapMs, report.longestGapMs);
    }
    this.#lastReport = report;
    this.#speedometer.add(report);
    this.#remember(report);
    this.#show(this.#frame(report));
  }

  #remember(report: Report): void {
    const dueEntries = Math.floor((report.atMs - this.#speedometer.startMs) / HISTORY_MS);
    if (this.#history.length >= dueEntries) return;
    this.#history.push({ tunnelBps: this.#speedometer.tunnelBps, act: this.#act });
  }

  #frame(report: Report): Frame {
    const { phones } = this.#stage;
    const actMs = ACTS[this.#act]!.settleMs + ACTS[this.#act]!.measureMs;
    const shares = this.#speedometer.shares(phones.length);
    const { tunnelBps } = this.#speedometer;
    return {
      elapsedMs: this.#pastMs + Math.min(actMs, performance.now() - this.#actStartMs),
      totalMs: TOTAL_MS,
      act: this.#act,
      title: ACTS[this.#act]!.title,
      tunnelBps,
      aloneBps: this.#aloneBps,
      history: this.#history,
      rows: phones.map((phone, place) => ({
        phone,
        rateBps: tunnelBps * shares[place]!,
        share: shares[place]!,
        roundTripMs: report.roundTripsMs[place] ?? null,
        state: report.links[place]?.state ?? "unused",
        isCut: this.#isCut && place === BEST_PHONE,
      })),
    };
  }
}

/** Bits of payload per second. */
function rateBetween(first: Report | null, last: Report | null): number {
  if (first === null || last === null || last.atMs <= first.atMs) return 0;
  return (last.receivedBytes - first.receivedBytes) * 8_000 / (last.atMs - first.atMs);
}
