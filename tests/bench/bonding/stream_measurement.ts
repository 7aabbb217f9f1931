/**
 * Streams whose stalls and losses count: one TCP flow and a UDP stream, over a cut and otherwise.
 *
 * @module
 */

import { percentile } from "../statistics.ts";
import type { BondingCase } from "./bonding_case.ts";
import type { FailoverSeries } from "./failover_series.ts";
import { failoverSeries } from "./failover_series.ts";
import type { Figures } from "./figures.ts";
import { capacityBps, type FlowTime, restoration, scheduleOf } from "./link_schedule.ts";
import { Observation } from "./observation.ts";
import type { BondingRig, Route } from "./rig.ts";
import {
  finishSink,
  startSink,
  startSource,
  type TcpArrivals,
  type UdpArrivals,
} from "./stream_tool.ts";
import { sleep } from "./tcp_measurement.ts";

const PORT = 5_300;
/** What is under way at the end has this long to arrive, in ms. */
const LINGER_MS = 1_500;

/** Measures one TCP flow's stalls. @param keep is given what a plot needs. */
export async function measureTcpStalls(
  rig: BondingRig,
  bondingCase: BondingCase,
  route: Route,
  { time, keep }: { readonly time: FlowTime; readonly keep?: (series: FailoverSeries) => void },
): Promise<Figures> {
  const { warmUpMs, measuredMs } = time;
  await using stack = new AsyncDisposableStack();
  const sink = stack.use(await startSink(route.receiver, "tcp-sink", PORT));
  const relay = rig.network.relay;
  stack.use(
    startSource(
      route.sender,
      "tcp-source",
      route.receiverAddress,
      PORT,
      warmUpMs + measuredMs + 5_000,
    ),
  );
  await sleep(SOURCE_START_MS);
  const startMs = await relay?.schedule(scheduleOf(bondingCase, route, time)) ?? NaN;
  await sleep(warmUpMs);
  const observation = await Observation.begin(rig, route);
  await sleep(measuredMs);
  const finish = await observation.end();
  const arrivals = await finishSink<TcpArrivals>(sink);
  await relay?.schedule(restoration(bondingCase, route));
  const from = startMs + warmUpMs;
  const to = from + measuredMs;
  const bytes = arrivals.timesMs.reduce(
    (sum, at, i) => at >= from && at < to ? sum + arrivals.bytes[i]! : sum,
    0,
  );
  const goodputMbps = bytes * 8 / 1000 / measuredMs;
  const report = observation.relayReport;
  if (report !== null) {
    keep?.(failoverSeries({ bondingCase, route, report, fromMs: from, arrivals, measuredMs }));
  }
  return {
    ...finish(goodputMbps),
    goodputMbps,
    capacityMbps: capacityBps(bondingCase, route, route.direction, time) / 1e6,
    stallMs: longestGap(arrivals.timesMs, from, to),
    ...usedAgain(bondingCase, route, observation, from),
  };
}

/** Deno's start in the source. */
const SOURCE_START_MS = 500;

/** Measures a UDP stream for a time; beside other traffic too. */
export async function measureUdpStream(
  route: Route,
  { packetsPerSecond, payloadBytes }: NonNullable<BondingCase["udp"]>,
  durationMs: number,
): Promise<Figures> {
  await using stack = new AsyncDisposableStack();
  const sink = stack.use(await startSink(route.receiver, "udp-sink", PORT));
  const args = [route.receiverAddress, PORT, payloadBytes, packetsPerSecond, durationMs];
  const source = stack.use(startSource(route.sender, "udp-source", ...args));
  await source.status;
  await sleep(LINGER_MS);
  const { arrivals } = await finishSink<UdpArrivals>(sink);
  const { sent } = JSON.parse(source.stdout.at(-1) ?? "{}");
  const numbers = new Set(arrivals.map(([number]) => number));
  const delays = arrivals.map(([, sentMs, receivedMs]) => receivedMs - sentMs);
  return {
    sentPkts: sent,
    lostPkts: sent - numbers.size,
    lostFraction: (sent - numbers.size) / sent,
    delayP50Ms: percentile(delays, 0.5),
    delayP99Ms: percentile(delays, 0.99),
    stallMs: longestGap(arrivals.map(([, , receivedMs]) => receivedMs), 0, Infinity),
  };
}

/** Measures a UDP stream alone on the tunnel, over the case's steps. */
export async function measureUdp(
  rig: BondingRig,
  bondingCase: BondingCase,
  route: Route,
  { time }: { readonly time: FlowTime },
): Promise<Figures> {
  const { warmUpMs, measuredMs } = time;
  const { udp } = bondingCase;
  if (udp === undefined) throw new Error(`Case "${bondingCase.name}" has no UDP stream`);
  const streaming = measureUdpStream(route, udp, warmUpMs + measuredMs);
  // Sink and source start in that time; the warm-up is longer.
  await sleep(2 * SOURCE_START_MS);
  const relay = rig.network.relay;
  const startMs = await relay?.schedule(scheduleOf(bondingCase, route, time)) ?? NaN;
  await sleep(warmUpMs);
  const observation = await Observation.begin(rig, route);
  await sleep(Math.max(0, measuredMs - 2 * SOURCE_START_MS));
  const finish = await observation.end();
  const figures = await streaming;
  await relay?.schedule(restoration(bondingCase, route));
  const bits = udp.packetsPerSecond * udp.payloadBytes * 8;
  return {
    ...finish(bits / 1e6),
    ...figures,
    ...usedAgain(bondingCase, route, observation, startMs + warmUpMs),
  };
}

/** The longest time without an arrival, in ms. */
function longestGap(timesMs: readonly number[], fromMs: number, toMs: number): number {
  let longest = 0;
  let last = NaN;
  for (const at of timesMs) {
    if (at < fromMs || at >= toMs) continue;
    if (at - last > longest) longest = at - last;
    last = at;
  }
  // A flow that never came back.
  if (Number.isFinite(toMs)) longest = Math.max(longest, toMs - last);
  return longest;
}

/** Share of what a link carried before its cut from which on it is used again. */
const USED_SHARE = 0.25;

/** When a cut link is used again after its return, by what is offered to it. */
function usedAgain(
  { steps = [] }: BondingCase,
  { direction, relayLinks }: Route,
  { relayReport }: Observation,
  measuredFromMs: number,
): Figures {
  const cut = steps.find((step) => step.cut === true);
  const back = steps.find((step) => step.cut === false);
  if (cut === undefined || back === undefined || relayReport === null) return {};
  const { sampleMs, startMs, links } = relayReport;
  const sent = links[relayLinks[cut.link]!]![direction].sentBytes;
  const indexOf = (atMs: number): number =>
    Math.max(0, Math.ceil((measuredFromMs + atMs - startMs) / sampleMs));
  const before = sent.slice(0, indexOf(cut.atMs));
  const usual = before.reduce((sum, each) => sum + each, 0) / Math.max(1, before.length);
  const backIndex = indexOf(back.atMs);
  const found = sent.slice(backIndex).findIndex((bytes) => bytes >= USED_SHARE * usual);
  return { usedAgainMs: found < 0 ? Infinity : found * sampleMs };
}
