/**
 * One TCP flow in the simulator over links that follow a recording.
 *
 * @module
 */

import {
  type BondingFigures,
  MEASURED_FROM_MS,
  runBonding,
  type RunDirection,
} from "./bonding_run.ts";
import { firstProfiles, meanReplayBps, type Replay, type ReplayLink } from "./recorded_links.ts";
import type { SimLink } from "./sim_link.ts";
import type { World } from "./world.ts";

/** What came of it. */
export interface ReplayFigures extends BondingFigures {
  /** Sum of the links' rates, the mean over the recording. */
  readonly capacityBps: number;
}

/** Runs it. The same recording gives the same figures. */
export function runReplay(
  { links, durationMs }: Replay,
  direction: RunDirection,
): ReplayFigures {
  const figures = runBonding({
    links: links.map(firstProfiles),
    direction,
    measuredMs: durationMs,
    script: (world) => links.forEach((link, i) => follow(world, world.links[i]!, link)),
  });
  return { ...figures, capacityBps: capacityOf(links, direction, durationMs) };
}

/** The replay of the one link that carries most that way. */
export function bestAlone(replay: Replay, direction: RunDirection): Replay {
  const { links, durationMs } = replay;
  const rates = links.map((link) => meanReplayBps(link.steps, direction, durationMs));
  return { durationMs, links: [links[rates.indexOf(Math.max(...rates))]!] };
}

function capacityOf(
  links: readonly ReplayLink[],
  direction: RunDirection,
  durationMs: number,
): number {
  return links.reduce((sum, { steps }) => sum + meanReplayBps(steps, direction, durationMs), 0);
}

/** Makes a link follow its recording, a step at a time. The warm-up is spent as it is first. */
function follow(world: World, link: SimLink, { steps }: ReplayLink): void {
  let at = 0;
  let isCut = false;
  const next = (): void => {
    const step = steps[at++]!;
    link.up.configure(step.up);
    link.down.configure(step.down);
    if (step.isCut !== isCut) step.isCut ? link.cut() : link.mend();
    isCut = step.isCut;
    if (at < steps.length) world.at(MEASURED_FROM_MS + steps[at]!.atMs, next);
  };
  world.at(MEASURED_FROM_MS, next);
}
