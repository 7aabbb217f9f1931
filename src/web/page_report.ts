/**
 * What the page shows of a report: all of a slave's; of a master with very many slaves the first, so that an answer each second
 * stays small. Pure.
 *
 * @module
 */

import type { SlaveReport, StatusReport } from "../control/status_report.ts";

/** Slaves on the page. More than anybody reads; some 100 kB of JSON with three links each. */
export const MAX_SLAVES = 64;

/** A report for the page. */
export interface PageReport extends StatusReport {
  /** Slaves that are not shown. */
  readonly slavesLeftOut: number;
}

/** Makes it: connected slaves come first. */
export function craftPageReport(report: StatusReport, maxSlaves = MAX_SLAVES): PageReport {
  const rank = ({ isConnected }: SlaveReport): number => isConnected ? 0 : 1;
  const slaves = report.slaves.toSorted((a, b) => rank(a) - rank(b)).slice(0, maxSlaves);
  return { ...report, slaves, slavesLeftOut: report.slaves.length - slaves.length };
}
