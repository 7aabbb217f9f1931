/**
 * Measures a case: bonded and the best link alone in turns, each way, some rounds.
 *
 * @module
 */

import { type BondingCase, type Direction, Traffic } from "./bonding_case.ts";
import { type CaseResult, judge, medianFigures } from "./case_result.ts";
import type { FailoverSeries } from "./failover_series.ts";
import type { Figures } from "./figures.ts";
import type { FlowTime } from "./link_schedule.ts";
import { finishPings, type PingFigures, startPings } from "./ping_series.ts";
import { BondingRig, type Route, type Subject } from "./rig.ts";
import { measureTcpStalls, measureUdp, measureUdpStream } from "./stream_measurement.ts";
import { measureBothWays, measureTcp, sleep } from "./tcp_measurement.ts";

/** How cases are run. */
export interface RunOptions {
  readonly isQuick: boolean;
  readonly rounds: number;
  readonly directions: readonly Direction[];
  /** Whether the best link alone is measured. */
  readonly hasAlone: boolean;
  /** The command that runs bindlink, and what the results call it. */
  readonly program: readonly string[];
  readonly programLabel?: string;
  /** The command of another version: in `plain`, it takes the place of the best link alone. */
  readonly baseline?: readonly string[];
  /** Added to the command lines of both ends. */
  readonly extraArgs: readonly string[];
  readonly progress: (text: string) => void;
  /** Takes what the plot needs of a failover run. */
  readonly keep: (series: FailoverSeries) => void;
}

/** Warm-up and measured time, in ms. */
const FULL: FlowTime = { warmUpMs: 5_000, measuredMs: 20_000 };
const QUICK: FlowTime = { warmUpMs: 3_000, measuredMs: 8_000 };
/** Pings before any load, in ms. */
const IDLE_PING_MS = 2_500;
/** Between two flows: queues run empty. */
const PAUSE_MS = 500;

/** Runs one case. Its machines are in `stack` until it ends. @returns a result for each direction. */
export async function runCase(
  bondingCase: BondingCase,
  options: RunOptions,
): Promise<CaseResult[]> {
  await using stack = new AsyncDisposableStack();
  const { program, extraArgs, baseline } = options;
  options.progress(`${bondingCase.name}: building`);
  const rig = stack.use(await BondingRig.create(bondingCase, program, extraArgs));
  const usesBaseline = bondingCase.links.length === 0 && baseline !== undefined;
  const baseRig = usesBaseline ? stack.use(await BondingRig.create(bondingCase, baseline)) : rig;
  const idlePing = await pingIdle(rig.route("bonded", "up"));
  const idleAlonePing = await pingIdle(rig.route("alone", "up"));
  const isBothWays = bondingCase.traffic === Traffic.BOTH_WAYS;
  const results: CaseResult[] = [];
  for (const direction of isBothWays ? ["up" as const] : options.directions) {
    const bonded: Figures[] = [];
    const alone: Figures[] = [];
    const measureOne = async (
      from: BondingRig,
      subject: Subject,
      round: number,
    ): Promise<Figures> => {
      const what = `${bondingCase.name} ${isBothWays ? "both" : direction}, ${subject}`;
      options.progress(`${what}, round ${round} of ${options.rounds}`);
      const figures = await measure(from, bondingCase, from.route(subject, direction), options);
      await sleep(PAUSE_MS);
      return figures;
    };
    for (let round = 1; round <= options.rounds; round++) {
      bonded.push(await measureOne(rig, "bonded", round));
      if (!needsAlone(bondingCase, options)) continue;
      alone.push(await measureOne(baseRig, usesBaseline ? "bonded" : "alone", round));
    }
    results.push(
      summarize(bondingCase, isBothWays ? "both" : direction, options, {
        bonded,
        alone,
        idlePing,
        idleAlonePing,
      }),
    );
  }
  return results;
}

/** A cut of the only link has nothing to say. */
function needsAlone({ floor }: BondingCase, { hasAlone }: RunOptions): boolean {
  return hasAlone && floor.ofAlone !== 0;
}

async function measure(
  rig: BondingRig,
  bondingCase: BondingCase,
  route: Route,
  options: RunOptions,
): Promise<Figures> {
  const { udp } = bondingCase;
  const time = timeOf(bondingCase, options);
  switch (bondingCase.traffic) {
    case Traffic.TCP:
      return await measureTcp(rig, bondingCase, route, { time });
    case Traffic.BOTH_WAYS:
      return await measureBothWays(rig, bondingCase, route, { time });
    case Traffic.TCP_STALLS:
      return await measureTcpStalls(rig, bondingCase, route, { time, keep: options.keep });
    case Traffic.UDP:
      return await measureUdp(rig, bondingCase, route, { time });
    case Traffic.UDP_BESIDE_TCP:
      return await measureTcp(rig, bondingCase, route, {
        time,
        beside: (durationMs) => measureUdpStream(route, udp!, durationMs - 1_500),
      });
  }
}

/** Quick runs keep a case's own time when its steps need it. */
function timeOf({ seconds, steps }: BondingCase, { isQuick }: RunOptions): FlowTime {
  const usual = isQuick ? QUICK : FULL;
  if (seconds === undefined || (isQuick && steps === undefined)) return usual;
  return { ...usual, measuredMs: seconds * 1_000 };
}

async function pingIdle(route: Route): Promise<PingFigures> {
  await using pings = startPings(route.slave, route.serverAddress);
  await sleep(IDLE_PING_MS);
  return await finishPings(pings);
}

function summarize(
  bondingCase: BondingCase,
  direction: Direction | "both",
  { isQuick, programLabel }: RunOptions,
  measured: {
    readonly bonded: readonly Figures[];
    readonly alone: readonly Figures[];
    readonly idlePing: PingFigures;
    readonly idleAlonePing: PingFigures;
  },
): CaseResult {
  const { idlePing, idleAlonePing } = measured;
  const figures = {
    idlePing,
    idleAlonePing,
    bonded: medianFigures(measured.bonded),
    ...(measured.alone.length === 0 ? {} : { alone: medianFigures(measured.alone) }),
  };
  const goodputs = (rounds: readonly Figures[]): number[] =>
    rounds.flatMap(({ goodputMbps }) => goodputMbps ?? []);
  return {
    name: bondingCase.name,
    shows: bondingCase.shows,
    direction,
    date: new Date().toISOString(),
    isQuick,
    ...(programLabel === undefined ? {} : { program: programLabel }),
    rounds: measured.bonded.length,
    ...figures,
    goodputsMbps: goodputs(measured.bonded),
    alonesMbps: goodputs(measured.alone),
    verdicts: judge(bondingCase, figures),
  };
}
