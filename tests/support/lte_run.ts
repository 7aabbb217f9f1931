/**
 * One TCP flow over links that follow LTE traces (lte_trace.ts), those of the bonding benchmark: three phones of 20, 10
 * and 6 Mbit/s on average.
 *
 * @module
 */

import { CASES } from "../bench/bonding/cases.ts";
import {
  type BondingFigures,
  MEASURED_FROM_MS,
  runBonding,
  type RunDirection,
} from "./bonding_run.ts";
import type { SimLink } from "./sim_link.ts";
import { type LteStep, lteTrace, meanRateOf } from "./lte_trace.ts";
import type { World } from "./world.ts";

/** What is run. */
export interface LteRunOptions {
  readonly direction: RunDirection;
  readonly measuredMs: number;
}

/** What came of it. */
export interface LteFigures extends BondingFigures {
  /** Sum of the links' rates, the mean over the measured time. */
  readonly capacityBps: number;
  /** Of each whole 10 s of the measured time: goodput against capacity, and the longest stall in ms. */
  readonly spans: readonly { readonly fraction: number; readonly stallMs: number }[];
}

const SPAN_MS = 10_000;

/** Runs it. The same options give the same figures. */
export function runLte({ direction, measuredMs }: LteRunOptions): LteFigures {
  const endMs = MEASURED_FROM_MS + measuredMs;
  const links = lteLinks();
  const traces = links.map(({ trace }) => lteTrace({ ...trace!, durationMs: endMs }));
  const run = runBonding({
    links: links.map(({ up, down }) => ({ up, down })),
    direction,
    measuredMs,
    script: (world) => traces.forEach((steps, i) => follow(world, world.links[i]!, steps)),
  });
  const capacityBps = (fromMs: number, toMs: number): number =>
    traces.reduce((sum, steps) => sum + meanRateOf(steps, fromMs, toMs), 0);
  const spans = [];
  for (let fromMs = MEASURED_FROM_MS; fromMs + SPAN_MS <= endMs; fromMs += SPAN_MS) {
    const toMs = fromMs + SPAN_MS;
    const [transfer] = run.transfers;
    spans.push({
      fraction: transfer!.goodputBps(fromMs, toMs) / capacityBps(fromMs, toMs),
      stallMs: transfer!.longestStallMs(fromMs, toMs),
    });
  }
  return { ...run, capacityBps: capacityBps(MEASURED_FROM_MS, endMs), spans };
}

/** The links of the benchmark's case. @throws Error when it is gone. */
function lteLinks(): typeof CASES[number]["links"] {
  const bondingCase = CASES.find(({ name }) => name === "lte-trace");
  if (bondingCase === undefined) throw new Error("Invariant: no case of LTE traces");
  return bondingCase.links;
}

/** Makes a link follow its trace, a step at a time. */
function follow(world: World, link: SimLink, steps: readonly LteStep[]): void {
  let at = 0;
  const next = (): void => {
    const { rateBps, delayMs } = steps[at++]!;
    link.configure({ rateBps, delayMs });
    if (at < steps.length) world.at(steps[at]!.atMs, next);
  };
  next();
}
