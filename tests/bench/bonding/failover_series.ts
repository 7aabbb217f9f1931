/**
 * Rates over time in one failover run, for the plot.
 *
 * @module
 */

import type { BondingCase, Direction } from "./bonding_case.ts";
import type { RelayReport } from "./relay_main.ts";
import type { Route } from "./rig.ts";
import type { TcpArrivals } from "./stream_tool.ts";

/** Length of a point, in ms. */
const BIN_MS = 100;

/** Mbit/s in each bin. */
export interface FailoverSeries {
  readonly direction: Direction;
  readonly binMs: number;
  /** What came out of each link, IP bytes. */
  readonly linkMbps: readonly (readonly number[])[];
  /** What the application got. */
  readonly goodputMbps: readonly number[];
  /** When the link was cut and when it was back, from the first bin, in ms. */
  readonly cutMs: number;
  readonly backMs: number;
  readonly names: readonly string[];
}

/** Sorts a run into bins. */
export function failoverSeries(run: {
  readonly bondingCase: BondingCase;
  readonly route: Route;
  readonly report: RelayReport;
  readonly arrivals: TcpArrivals;
  /** Wall clock of the measured time's beginning. */
  readonly fromMs: number;
  readonly measuredMs: number;
}): FailoverSeries {
  const { bondingCase, route, report, arrivals, fromMs, measuredMs } = run;
  const bins = Math.floor(measuredMs / BIN_MS);
  const empty = (): number[] => new Array(bins).fill(0);
  const add = (series: number[], atMs: number, bytes: number): void => {
    const bin = Math.floor((atMs - fromMs) / BIN_MS);
    if (bin >= 0 && bin < bins) series[bin]! += bytes * 8 / 1000 / BIN_MS;
  };
  const linkMbps = route.relayLinks.map((index) => {
    const series = empty();
    report.links[index]![route.direction].deliveredBytes.forEach((bytes, i) =>
      add(series, report.startMs + (i + 0.5) * report.sampleMs, bytes)
    );
    return series;
  });
  const goodputMbps = empty();
  arrivals.timesMs.forEach((atMs, i) => add(goodputMbps, atMs, arrivals.bytes[i]!));
  const stepAt = (cut: boolean): number =>
    bondingCase.steps?.find((step) => step.cut === cut)?.atMs ?? NaN;
  return {
    direction: route.direction,
    binMs: BIN_MS,
    linkMbps: linkMbps.map(rounded),
    goodputMbps: rounded(goodputMbps),
    cutMs: stepAt(true),
    backMs: stepAt(false),
    names: bondingCase.links.map((link) => {
      const { rateBps = Infinity, delayMs = 0 } = link[route.direction];
      return `link of ${rateBps / 1e6} Mbit/s, ${delayMs} ms`;
    }),
  };
}

function rounded(values: readonly number[]): number[] {
  return values.map((value) => Math.round(value * 100) / 100);
}
