/**
 * Emulated links out of a recording (docs/record.md): what each was at each time. Pure: for the simulator and for the benchmark.
 *
 * What a recording does not know is filled in here, and said: where a link was not full its capacity is that of the nearest time
 * at which it was; a direction that never was is given what the other one carries, and at least the most that it carried itself.
 *
 * @module
 */

import {
  CAPACITY_KINDS,
  type CapacityKind,
  type RecordedStep,
  type RecordedWay,
} from "../../src/recording/recording_format.ts";
import type { Recording } from "../../src/recording/recording_reader.ts";
import type { LinkProfile } from "./link_profile.ts";

/** What holds from `atMs` until the next step. */
export interface ReplayStep {
  /** From the recording's beginning. */
  readonly atMs: number;
  readonly up: ReplayWay;
  readonly down: ReplayWay;
  /** It passed nothing. */
  readonly isCut: boolean;
}

/** One direction then. */
export type ReplayWay = Pick<LinkProfile, "rateBps" | "delayMs" | "jitterMs" | "lossFraction">;

/** Which way. */
export type Way = "up" | "down";

/** A link of a recording. */
export interface ReplayLink {
  readonly name: string;
  /** In order of time, the first at 0. */
  readonly steps: readonly ReplayStep[];
  /** Bytes that wait for it at most. */
  readonly queueBytes: Readonly<Record<Way, number>>;
  /** How much of the time its capacity was known how well: fractions. */
  readonly known: Readonly<Record<Way, Readonly<Record<CapacityKind, number>>>>;
}

/** A recording, ready for replay. */
export interface Replay {
  readonly durationMs: number;
  readonly links: readonly ReplayLink[];
}

/** Where nothing says how long the way is. */
const UNKNOWN_DELAY_MS = 25;
/** No link is slower. */
const MIN_RATE_BPS = 64_000;
/** A little is seen on any link, for its packets have a length and machines are late. The least of the time around is taken. */
const MIN_JITTER_MS = 3;
const JITTER_SPAN_MS = 1_000;
/** Loss is found out a round trip late, and in bursts: it is spread over the time around. */
const LOSS_SPAN_MS = 1_000;
const LEAST_LOSS_PKTS = 50;
const MAX_LOSS = 0.9;
/** What a phone's queue holds, at the mean rate. */
const QUEUE_S = 0.4;
const MIN_QUEUE_BYTES = 32_768;

/** Makes it. @throws Error when there is nothing to replay. */
export function replayOf({ head, links, steps }: Recording): Replay {
  const durationMs = steps.at(-1)?.atMs ?? 0;
  const replayed = [...links.values()].flatMap(({ link, name }) => {
    const own = steps.filter((step) => step.link === link);
    return own.some(isUp) ? [replayLink(name, own, head.intervalMs)] : [];
  });
  if (replayed.length === 0) throw new Error("Cannot replay: no link was up in this recording");
  return { durationMs, links: replayed };
}

/** Mean rate over the first part of a recording, bits per second; nothing while it was cut. */
export function meanReplayBps(steps: readonly ReplayStep[], way: Way, untilMs: number): number {
  let bits = 0;
  steps.forEach((step, i) => {
    const endMs = Math.min(untilMs, steps[i + 1]?.atMs ?? untilMs);
    if (!step.isCut) bits += step[way].rateBps * Math.max(0, endMs - step.atMs) / 1_000;
  });
  return bits * 1_000 / untilMs;
}

/** What a link is like before the recording begins: as it is first when it is up. */
export function firstProfiles(
  { steps, queueBytes }: ReplayLink,
): Readonly<Record<Way, Partial<LinkProfile>>> {
  const { up, down } = steps.find(({ isCut }) => !isCut)!;
  return {
    up: { ...up, queueBytes: queueBytes.up },
    down: { ...down, queueBytes: queueBytes.down },
  };
}

function replayLink(
  name: string,
  recorded: readonly RecordedStep[],
  intervalMs: number,
): ReplayLink {
  const up = replayWays(recorded, "up");
  const down = replayWays(recorded, "down");
  // A step says what was until then.
  const beginMs = (i: number): number => recorded[i - 1]?.atMs ?? recorded[0]!.atMs - intervalMs;
  const steps = recorded.map((step, i) => ({
    atMs: Math.max(0, beginMs(i)),
    up: up[i]!,
    down: down[i]!,
    isCut: !isUp(step),
  }));
  const first = steps[0]!;
  // A link that came later was not there before.
  if (first.atMs > 0) steps.unshift({ ...first, atMs: 0, isCut: first.atMs > intervalMs });
  const queue = (ways: readonly ReplayWay[]): number =>
    Math.max(MIN_QUEUE_BYTES, mean(ways.map(({ rateBps }) => rateBps)) / 8 * QUEUE_S);
  return {
    name,
    steps,
    queueBytes: { up: queue(up), down: queue(down) },
    known: { up: knownFractions(recorded, "up"), down: knownFractions(recorded, "down") },
  };
}

function replayWays(recorded: readonly RecordedStep[], way: Way): ReplayWay[] {
  const other = way === "up" ? "down" : "up";
  const own = recorded.map((step) => step[way]);
  const rates = measuredRates(own) ??
    guessedRates(own, measuredRates(recorded.map((step) => step[other])));
  const delays = filled(recorded.map((step) => step.emptyRoundTripMs), UNKNOWN_DELAY_MS * 2);
  return recorded.map((_, i) => {
    const jitterMs = jitterAround(recorded, i);
    return {
      rateBps: rates[i]!,
      delayMs: delays[i]! / 2,
      jitterMs: jitterMs < MIN_JITTER_MS ? 0 : Math.min(jitterMs, delays[i]! / 2),
      lossFraction: lossAround(recorded, i, way),
    };
  });
}

/** Measured where it was full; elsewhere as it was before, or else after. Null: it never was. */
function measuredRates(ways: readonly RecordedWay[]): number[] | null {
  const measured = ways.map(({ known, capacityBps }) =>
    known === "full" || known === "kept" ? capacityBps : null
  );
  if (measured.every((bps) => bps === null)) return null;
  return filled(measured, MIN_RATE_BPS).map((bps) => Math.max(MIN_RATE_BPS, bps));
}

/** Of a direction that was never full: the other one's mean, if that is more than it carried itself. */
function guessedRates(ways: readonly RecordedWay[], other: number[] | null): number[] {
  const most = Math.max(MIN_RATE_BPS, ...ways.map(({ capacityBps }) => capacityBps ?? 0));
  const bps = other === null ? most : Math.max(most, mean(other));
  return ways.map(() => bps);
}

/** Gaps take the value before them, those at the beginning the first one. */
function filled(values: readonly (number | null)[], otherwise: number): number[] {
  let last = values.find((value) => value !== null) ?? otherwise;
  return values.map((value) => last = value ?? last);
}

function lossAround(recorded: readonly RecordedStep[], index: number, way: Way): number {
  const { atMs } = recorded[index]!;
  let packets = 0;
  let lost = 0;
  for (const step of recorded) {
    if (Math.abs(step.atMs - atMs) > LOSS_SPAN_MS || !isUp(step)) continue;
    packets += step[way].packets;
    lost += step[way].lostPackets;
  }
  return packets < LEAST_LOSS_PKTS ? 0 : Math.min(MAX_LOSS, lost / packets);
}

function jitterAround(recorded: readonly RecordedStep[], index: number): number {
  const { atMs } = recorded[index]!;
  const near = recorded.filter((step) => Math.abs(step.atMs - atMs) <= JITTER_SPAN_MS);
  return Math.min(...near.map(({ jitterMs }) => jitterMs));
}

function knownFractions(
  recorded: readonly RecordedStep[],
  way: Way,
): Readonly<Record<CapacityKind, number>> {
  const up = recorded.filter(isUp);
  const fraction = (kind: CapacityKind): number =>
    up.filter((step) => step[way].known === kind).length / up.length;
  return Object.fromEntries(CAPACITY_KINDS.map((kind) => [kind, fraction(kind)])) as Record<
    CapacityKind,
    number
  >;
}

function isUp({ state }: RecordedStep): boolean {
  return state === "up";
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
