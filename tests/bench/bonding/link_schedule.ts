/**
 * What a case's steps and traces are for the relay, and what the links could have carried meanwhile.
 *
 * @module
 */

import { type LinkProfile, linkProfile } from "../../support/link_profile.ts";
import { lteTrace, meanRateOf } from "../../support/lte_trace.ts";
import { meanReplayBps } from "../../support/recorded_links.ts";
import type { BondingCase, CaseLink, Direction } from "./bonding_case.ts";
import type { RelayStep } from "./relay_main.ts";
import type { Route } from "./rig.ts";

/** The time of a flow, in ms: steps begin after the warm-up, traces with it. */
export interface FlowTime {
  readonly warmUpMs: number;
  readonly measuredMs: number;
}

/** The relay's steps for a subject, timed from the flow's beginning. */
export function scheduleOf(bondingCase: BondingCase, route: Route, time: FlowTime): RelayStep[] {
  return subjectLinks(bondingCase, route).flatMap(({ link, caseIndex, relayLink }) => [
    ...traceSteps(link, relayLink, time),
    ...(link.recorded ?? []).map(({ atMs, up, down, isCut }) => ({
      atMs: time.warmUpMs + atMs,
      link: relayLink,
      up,
      down,
      cut: isCut,
    })),
    ...(bondingCase.steps ?? []).filter((step) => step.link === caseIndex).map(
      ({ atMs, change, cut }) => ({
        atMs: time.warmUpMs + atMs,
        link: relayLink,
        ...(change === undefined ? {} : { up: change, down: change }),
        ...(cut === undefined ? {} : { cut }),
      }),
    ),
  ]);
}

/** Steps that make the links what they are at first, at once. */
export function restoration(bondingCase: BondingCase, route: Route): RelayStep[] {
  return subjectLinks(bondingCase, route).map(({ link, relayLink }) => ({
    atMs: 0,
    link: relayLink,
    up: linkProfile(link.up),
    down: linkProfile(link.down),
    cut: false,
  }));
}

/** Sum of the links' rates, the mean over the measured time where they change; bits per second. NaN without emulator. */
export function capacityBps(
  bondingCase: BondingCase,
  route: Route,
  direction: Direction,
  time: FlowTime,
): number {
  if (bondingCase.links.length === 0) return NaN;
  return subjectLinks(bondingCase, route).reduce((sum, { link, caseIndex }) => {
    if (link.trace !== undefined) {
      const end = time.warmUpMs + time.measuredMs;
      return sum + meanRateOf(lteTrace(link.trace), time.warmUpMs, end);
    }
    if (link.recorded !== undefined) {
      return sum + meanReplayBps(link.recorded, direction, time.measuredMs);
    }
    let rateBps = link[direction].rateBps ?? Infinity;
    const steps = [{ atMs: 0, rateBps, delayMs: 0 }];
    for (const { atMs, link: index, change, cut } of bondingCase.steps ?? []) {
      if (index !== caseIndex) continue;
      rateBps = change?.rateBps ?? rateBps;
      steps.push({ atMs, rateBps: cut === true ? 0 : rateBps, delayMs: 0 });
    }
    return sum + meanRateOf(steps, 0, time.measuredMs);
  }, 0);
}

/** The links a subject uses: those of the case, or the best one's twin. */
function subjectLinks(
  { links, best = 0 }: BondingCase,
  { subject, relayLinks }: Route,
): { link: CaseLink; caseIndex: number; relayLink: number }[] {
  const indices = subject === "bonded" ? links.map((_, i) => i) : links.length === 0 ? [] : [best];
  return indices.map((caseIndex, i) => ({
    link: links[caseIndex]!,
    caseIndex,
    relayLink: relayLinks[i]!,
  }));
}

function traceSteps(link: CaseLink, relayLink: number, time: FlowTime): RelayStep[] {
  if (link.trace === undefined) return [];
  const endMs = time.warmUpMs + time.measuredMs + 5_000;
  return lteTrace(link.trace).filter(({ atMs }) => atMs <= endMs).map(
    ({ atMs, rateBps, delayMs }) => {
      const change: Partial<LinkProfile> = { rateBps, delayMs };
      return { atMs, link: relayLink, up: change, down: change };
    },
  );
}
