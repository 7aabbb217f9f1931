/**
 * A series of pings beside other traffic.
 *
 * @module
 */

import type { Namespace } from "../../support/namespace.ts";
import type { TestProcess } from "../../support/process.ts";
import { percentile } from "../statistics.ts";

/** Time between two pings, in ms: little beside what phones carry. */
const INTERVAL_MS = 50;

/** What became of them. */
export interface PingFigures {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly sent: number;
  readonly lost: number;
}

/** Starts a series. Stop it by {@link finishPings}. */
export function startPings(namespace: Namespace, host: string): TestProcess {
  return namespace.spawn(["ping", "-n", "-i", String(INTERVAL_MS / 1_000), host]);
}

/** Stops a series and reads it. */
export async function finishPings(process: TestProcess): Promise<PingFigures> {
  await process.stop("SIGINT");
  const roundTripsMs: number[] = [];
  let last = 0;
  for (const line of process.stdout) {
    const [, sequence, time] = /icmp_seq=(\d+) .*time=([\d.]+) ms/.exec(line) ?? [];
    if (time === undefined) continue;
    roundTripsMs.push(Number(time));
    last = Math.max(last, Number(sequence));
  }
  return {
    p50Ms: percentile(roundTripsMs, 0.5),
    p99Ms: percentile(roundTripsMs, 0.99),
    // Those after the last answer were still under way.
    sent: last,
    lost: last - roundTripsMs.length,
  };
}
