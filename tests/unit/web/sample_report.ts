/**
 * Reports for the tests of the web page.
 *
 * @module
 */

import type { CounterRates } from "../../../src/control/rate_meter.ts";
import { craftStatus, type StatusReport } from "../../../src/control/status_report.ts";
import type { DaemonSnapshot } from "../../../src/snapshot.ts";
import { sampleDaemon } from "../metrics/sample_snapshot.ts";

/** Rates of a link are 100 and 200 times its id. */
const RATES: CounterRates = {
  seconds: 1,
  totals: { sentBps: 11, receivedBps: 12 },
  ofLink: ({ id }) => ({ sentBps: 100 * id, receivedBps: 200 * id }),
};

/** A report. */
export function sampleReport(changes: Partial<DaemonSnapshot> = {}): StatusReport {
  return craftStatus(sampleDaemon(changes), { pid: 7, rates: RATES, events: [] });
}
