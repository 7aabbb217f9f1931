/**
 * Rates over the last moments, from the reports. Pure.
 *
 * @module
 */

import { type Report, REPORT_INTERVAL_MS } from "./report.ts";

/** Turns counters into rates. */
export class Speedometer {
  readonly #windowReports: number;
  #reports: Report[] = [];
  #startMs: number | null = null;

  /** @param windowMs how far it looks back. */
  constructor(windowMs: number) {
    this.#windowReports = Math.max(1, Math.round(windowMs / REPORT_INTERVAL_MS));
  }

  /** Takes the next report. */
  add(report: Report): void {
    this.#startMs ??= report.atMs;
    this.#reports = [...this.#reports, report].slice(-this.#windowReports - 1);
  }

  /** Time of the first report. */
  get startMs(): number {
    return this.#startMs ?? 0;
  }

  /** What comes out of the tunnel, in bits of payload per second. */
  get tunnelBps(): number {
    const first = this.#reports.at(0);
    const last = this.#reports.at(-1);
    if (!first || !last || last.atMs <= first.atMs) return 0;
    return (last.receivedBytes - first.receivedBytes) * 8_000 / (last.atMs - first.atMs);
  }

  /**
   * Each link's part of what arrived at the slave, 0..1; all zeros when nothing did. By bytes on the
   * links: so the parts of the payload add up, whatever headers stand before it.
   */
  shares(count: number): number[] {
    const bytes = Array.from({ length: count }, (_, place) => this.#linkBytes(place + 1));
    const sum = bytes.reduce((a, b) => a + b, 0);
    return bytes.map((each) => sum > 0 ? each / sum : 0);
  }

  #linkBytes(id: number): number {
    let bytes = 0;
    for (let i = 1; i < this.#reports.length; i++) {
      const before = this.#reports[i - 1]!.links.find((link) => link.id === id);
      const after = this.#reports[i]!.links.find((link) => link.id === id);
      // Counters of a restarted slave begin anew.
      bytes += Math.max(0, (after?.receivedBytes ?? 0) - (before?.receivedBytes ?? 0));
    }
    return bytes;
  }
}
