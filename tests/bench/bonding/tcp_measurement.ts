/**
 * TCP flows by iperf3, with pings beside them: goodput, retransmissions, what the links carried.
 *
 * @module
 */

import { Iperf3Server } from "../../support/iperf3.ts";
import type { TestProcess } from "../../support/process.ts";
import type { BondingCase, Direction } from "./bonding_case.ts";
import type { Figures } from "./figures.ts";
import { capacityBps, type FlowTime, restoration, scheduleOf } from "./link_schedule.ts";
import { Observation } from "./observation.ts";
import { finishPings, startPings } from "./ping_series.ts";
import type { BondingRig, Route } from "./rig.ts";

/** iperf3 takes some round trips to begin; then its warm-up starts. */
const START_MS = 300;
/** The measured time of everything but iperf3 ends this much before its own. */
const END_MARGIN_MS = 300;
/** What runs beside the flow in the measured time. @returns further figures, when it is over. */
export type Beside = (durationMs: number) => Promise<Figures>;

const PORTS: Readonly<Record<Direction, number>> = { up: 5201, down: 5202 };

/** Measures the flows of a case one way. */
export async function measureTcp(
  rig: BondingRig,
  bondingCase: BondingCase,
  route: Route,
  { time, beside }: { readonly time: FlowTime; readonly beside?: Beside },
): Promise<Figures> {
  const { streams = 1 } = bondingCase;
  const { figures, goodputs } = await runFlows(rig, bondingCase, route, {
    time,
    directions: [route.direction],
    streams,
    ...(beside === undefined ? {} : { beside }),
  });
  return { ...figures, goodputMbps: goodputs[0]! };
}

/** Measures a flow each way at once. */
export async function measureBothWays(
  rig: BondingRig,
  bondingCase: BondingCase,
  route: Route,
  { time }: { readonly time: FlowTime },
): Promise<Figures> {
  const directions = ["up", "down"] as const;
  const { figures, goodputs } = await runFlows(rig, bondingCase, route, {
    time,
    directions,
    streams: 1,
  });
  const [up, down] = goodputs as [number, number];
  const capacity = directions.map((it) => capacityBps(bondingCase, route, it, time) / 1e6);
  // Bytes of either direction hold payload and answers: what is overhead cannot be told.
  const { overhead: _overhead, answers: _answers, ...rest } = figures;
  return {
    ...rest,
    goodputMbps: up + down,
    goodputUpMbps: up,
    goodputDownMbps: down,
    capacityMbps: capacity[0]! + capacity[1]!,
  };
}

interface FlowOptions {
  readonly time: FlowTime;
  readonly directions: readonly Direction[];
  readonly streams: number;
  readonly beside?: Beside;
}

async function runFlows(
  rig: BondingRig,
  bondingCase: BondingCase,
  route: Route,
  { time, directions, streams, beside }: FlowOptions,
): Promise<{ figures: Figures; goodputs: number[] }> {
  await using stack = new AsyncDisposableStack();
  const relay = rig.network.relay;
  const clients: TestProcess[] = [];
  for (const direction of directions) {
    stack.use(await Iperf3Server.start(route.server, PORTS[direction]));
  }
  await relay?.schedule(scheduleOf(bondingCase, route, time));
  for (const direction of directions) {
    clients.push(stack.use(startFlow(route, direction, streams, time)));
  }
  await sleep(START_MS + time.warmUpMs);
  const observation = await Observation.begin(rig, route);
  const pings = stack.use(startPings(route.slave, route.serverAddress));
  const durationMs = time.measuredMs - END_MARGIN_MS - START_MS;
  const besideFigures = beside?.(durationMs) ?? null;
  await sleep(durationMs);
  const finish = await observation.end();
  const ping = await finishPings(pings);
  const goodputs = await Promise.all(clients.map(receivedMbps));
  const more = await besideFigures;
  await relay?.schedule(restoration(bondingCase, route));
  const total = goodputs.reduce((sum, each) => sum + each, 0);
  const capacity = capacityBps(bondingCase, route, route.direction, time) / 1e6;
  return { figures: { capacityMbps: capacity, ...finish(total), ping, ...more }, goodputs };
}

function startFlow(
  route: Route,
  direction: Direction,
  streams: number,
  { warmUpMs, measuredMs }: FlowTime,
): TestProcess {
  const command = ["iperf3", "--client", route.serverAddress, "--port", String(PORTS[direction])];
  command.push("--congestion", "cubic", "--json", "--parallel", String(streams));
  command.push("--omit", String(warmUpMs / 1_000), "--time", String(measuredMs / 1_000));
  if (direction === "down") command.push("--reverse");
  return route.slave.spawn([...command, "--connect-timeout", "5000"]);
}

async function receivedMbps(client: TestProcess): Promise<number> {
  const { code } = await client.status;
  const report = JSON.parse(client.stdout.join("\n") || "{}");
  const bps = report.end?.sum_received?.bits_per_second;
  if (code !== 0 || typeof bps !== "number") {
    throw new Error(`iperf3 failed with ${code}: ${report.error ?? client.output}`);
  }
  return bps / 1e6;
}

/** Resolves after a time: a benchmark measures in real time. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
