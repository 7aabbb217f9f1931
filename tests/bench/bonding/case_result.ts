/**
 * What is known of a case after it was measured, and whether it is enough.
 *
 * @module
 */

import { median } from "../statistics.ts";
import type { BondingCase, Direction, Floor } from "./bonding_case.ts";
import type { Figures } from "./figures.ts";
import type { PingFigures } from "./ping_series.ts";

/** One thing that must be reached. */
export interface Verdict {
  readonly what: string;
  readonly value: number | null;
  /** `>= 26.5` or `<= 250`. */
  readonly floor: string;
  readonly isReached: boolean;
}

/** A case, one direction. */
export interface CaseResult {
  readonly name: string;
  readonly shows: string;
  readonly direction: Direction | "both";
  readonly date: string;
  readonly isQuick: boolean;
  /** Which program, when it was not this checkout's. */
  readonly program?: string;
  readonly rounds: number;
  readonly idlePing: PingFigures;
  readonly idleAlonePing: PingFigures;
  /** Medians of the rounds. */
  readonly bonded: Figures;
  readonly alone?: Figures;
  /** Goodput of each round, Mbit/s. */
  readonly goodputsMbps: readonly number[];
  readonly alonesMbps: readonly number[];
  readonly verdicts: readonly Verdict[];
}

/** In no case less than this of the best link alone, unless the case says otherwise. */
const OF_ALONE = 0.97;

/** Judges a result by its case's floors. */
export function judge(
  { floor, links }: BondingCase,
  { bonded, alone, idlePing, idleAlonePing }: Pick<
    CaseResult,
    "bonded" | "alone" | "idlePing" | "idleAlonePing"
  >,
): Verdict[] {
  const verdicts: Verdict[] = [];
  const check = (what: string, value: number, name: keyof Floor, isLeast: boolean): void => {
    const limit = name === "ofAlone" ? floor.ofAlone ?? OF_ALONE : floor[name];
    if (limit === undefined || limit === 0 && name === "ofAlone") return;
    verdicts.push({
      what,
      value: Number.isFinite(value) ? value : null,
      floor: `${isLeast ? ">=" : "<="} ${limit}`,
      isReached: isLeast ? value >= limit : value <= limit,
    });
  };
  const goodput = bonded.goodputMbps ?? NaN;
  const atLeast = (what: string, value: number, name: keyof Floor): void =>
    check(what, value, name, true);
  const atMost = (what: string, value: number | undefined, name: keyof Floor): void =>
    check(what, value ?? NaN, name, false);
  atLeast("goodput, Mbit/s", goodput, "goodputMbps");
  atLeast("of capacity", goodput / (bonded.capacityMbps ?? NaN), "ofCapacity");
  const aloneMbps = alone?.goodputMbps;
  if (aloneMbps !== undefined) {
    atLeast("of best link alone", goodput / aloneMbps, "ofAlone");
    atLeast("of each alone, added", goodput / (aloneMbps * links.length), "ofAloneSum");
  }
  const { ping } = bonded;
  if (ping !== undefined) {
    const idleMs = idlePingMs({ idlePing, idleAlonePing });
    atMost("ping p50 over idle, ms", ping.p50Ms - idleMs, "pingP50Ms");
    atMost("ping p99 over idle, ms", ping.p99Ms - idleMs, "pingP99Ms");
  }
  atMost("sent again", bonded.retransmitted, "retransmitted");
  atMost("longest stall, ms", bonded.stallMs, "stallMs");
  atMost("packets lost", bonded.lostPkts, "lostPkts");
  atMost("share lost", bonded.lostFraction, "lostFraction");
  const ownDelayMs = idleAlonePing.p50Ms / 2;
  atMost("delay p99 over best link's, ms", (bonded.delayP99Ms ?? NaN) - ownDelayMs, "delayP99Ms");
  atMost("used again after, ms", bonded.usedAgainMs, "usedAgainMs");
  return verdicts;
}

/** The idle round trip that a loaded one is held against: the best link's, if that is shorter. */
export function idlePingMs(
  { idlePing, idleAlonePing }: Pick<CaseResult, "idlePing" | "idleAlonePing">,
): number {
  return Math.min(idlePing.p50Ms, idleAlonePing.p50Ms);
}

/** The medians of some measurements, figure by figure. */
export function medianFigures(rounds: readonly Figures[]): Figures {
  return medianOf(rounds) as Figures;
}

function medianOf(values: readonly unknown[]): unknown {
  const [first] = values;
  if (typeof first === "number") return median(values as number[]);
  if (Array.isArray(first)) {
    return first.map((_, i) => medianOf(values.map((it) => (it as unknown[])[i])));
  }
  if (typeof first !== "object" || first === null) return first;
  const keys = new Set(values.flatMap((it) => Object.keys(it as object)));
  return Object.fromEntries([...keys].map((key) => {
    const each = values.map((it) => (it as Record<string, unknown>)[key]);
    // A drop's reason that one round alone has is 0 in the others.
    const isNumber = each.some((it) => typeof it === "number");
    return [key, medianOf(each.map((it) => it ?? (isNumber ? 0 : it)))];
  }));
}
