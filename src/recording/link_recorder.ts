/**
 * Makes steps of a recording out of what a slave says of its links again and again. Pure.
 *
 * @module
 */

import type { LinkSample, SampleReport } from "../control/sample_report.ts";
import { LinkHistory } from "./link_history.ts";
import {
  objectLine,
  type RecordedLink,
  type RecordedStep,
  type RecordedWay,
  stepLine,
} from "./recording_format.ts";

/** Turns reports into lines. */
export class LinkRecorder {
  /** Steps so far. */
  steps = 0;
  readonly #hidesNames: boolean;
  /** The daemon's time of the first report. */
  #firstMs = Number.NaN;
  #lastMs = Number.NaN;
  readonly #histories = new Map<string, LinkHistory>();
  /** What was said of each link, by number: the line. */
  readonly #said = new Map<number, string>();

  /** @param hidesNames whether links are numbered instead of named */
  constructor(hidesNames: boolean) {
    this.#hidesNames = hidesNames;
  }

  /** Takes a report. @returns lines: none with the first one, with which counting begins. */
  handle(report: SampleReport): string {
    const { atMs, links, mode } = report;
    if (Number.isNaN(this.#firstMs)) this.#firstMs = atMs;
    const elapsedMs = atMs - this.#lastMs;
    if (elapsedMs <= 0) return "";
    this.#lastMs = atMs;
    let lines = "";
    const seen = new Set<LinkHistory>();
    for (const link of links) {
      const history = this.#historyOf(link);
      seen.add(history);
      const step = history.handle(link, elapsedMs, atMs - this.#firstMs);
      if (step !== null) lines += this.#describe(link, history.number, mode) + this.#step(step);
    }
    for (const [key, history] of this.#histories) {
      if (seen.has(history)) continue;
      this.#histories.delete(key);
      if (this.#said.has(history.number)) {
        lines += this.#step(goneStep(history.number, atMs - this.#firstMs));
      }
    }
    return lines;
  }

  #historyOf(link: LinkSample): LinkHistory {
    const key = `${link.id} ${link.name ?? ""}`;
    const known = this.#histories.get(key);
    if (known !== undefined) return known;
    const history = new LinkHistory(this.#nextNumber++);
    this.#histories.set(key, history);
    return history;
  }

  #nextNumber = 1;

  /** What a link is, when that was not said yet, or was something else. */
  #describe({ name, kind, transport, settings }: LinkSample, link: number, mode: string): string {
    const described: RecordedLink = {
      link,
      name: this.#hidesNames || name === null ? `link${link}` : name,
      kind,
      transport,
      mode: settings.mode === "" ? mode : settings.mode,
      isMetered: settings.isMetered,
      capUpBps: settings.capUpBps,
      capDownBps: settings.capDownBps,
    };
    const line = objectLine(described);
    if (this.#said.get(link) === line) return "";
    this.#said.set(link, line);
    return line;
  }

  #step(step: RecordedStep): string {
    this.steps++;
    return stepLine(step);
  }
}

const NOTHING: RecordedWay = {
  bps: 0,
  capacityBps: null,
  known: "unknown",
  queueMs: 0,
  packets: 0,
  lostPackets: 0,
};

function goneStep(link: number, atMs: number): RecordedStep {
  return {
    atMs,
    link,
    state: "gone",
    roundTripMs: null,
    emptyRoundTripMs: null,
    jitterMs: 0,
    up: NOTHING,
    down: NOTHING,
  };
}
