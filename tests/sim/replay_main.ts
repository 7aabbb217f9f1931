/**
 * `deno task sim:replay FILE [down|up]`: what the tunnel reaches over links that "bindlink record" has recorded: one TCP flow and
 * pings, against the best link alone. Both ways by default.
 *
 * @module
 */

import { readRecording, type Recording } from "../../src/recording/recording_reader.ts";
import { writeText } from "../../src/text_output.ts";
import { RUN_DIRECTIONS, type RunDirection } from "../support/bonding_run.ts";
import {
  meanReplayBps,
  type Replay,
  type ReplayLink,
  replayOf,
} from "../support/recorded_links.ts";
import { bestAlone, runReplay } from "../support/replay_run.ts";

if (import.meta.main) Deno.exit(main(Deno.args));

/** Runs it. @returns the exit code: 1 when the file cannot be replayed, 2 when asked wrongly. */
export function main(args: readonly string[]): number {
  const [path, ...ways] = args;
  const directions = ways.length === 0
    ? RUN_DIRECTIONS
    : RUN_DIRECTIONS.filter((direction) => ways.includes(direction));
  if (path === undefined || directions.length === 0) {
    print("usage: deno task sim:replay FILE [down|up]");
    return 2;
  }
  let recording: Recording;
  let replay: Replay;
  try {
    recording = readRecording(Deno.readTextFileSync(path));
    replay = replayOf(recording);
  } catch (error) {
    print(`error: ${error instanceof Error ? error.message : error}`);
    return 1;
  }
  const { head } = recording;
  const seconds = (replay.durationMs / 1_000).toFixed(1);
  print(
    `${seconds} s of ${replay.links.length} links, by bindlink ${head.version} on ${head.system}`,
  );
  for (const direction of directions) printWay(replay, direction);
  return 0;
}

function printWay(replay: Replay, direction: RunDirection): void {
  print(`${direction}`);
  for (const link of replay.links) print(`  ${linkText(link, direction, replay.durationMs)}`);
  const run = runReplay(replay, direction);
  const alone = runReplay(bestAlone(replay, direction), direction);
  print(
    `  goodput    ${mbps(run.goodputBps)} of ${mbps(run.capacityBps)} Mbit/s, ${
      percent(run.goodputBps / run.capacityBps)
    }`,
  );
  print(
    `  best alone ${mbps(alone.goodputBps)} Mbit/s; bonded is ${
      percent(run.goodputBps / alone.goodputBps)
    } of it`,
  );
  print(
    `  ping       p50 ${run.pingP50Ms.toFixed(0)}, p99 ${run.pingP99Ms.toFixed(0)} ms under load`,
  );
  print(`  stall      longest ${run.stallMs.toFixed(0)} ms; TCP timeouts ${run.rtoCount}`);
}

/** Its mean rate, and how well that is known. */
function linkText(link: ReplayLink, direction: RunDirection, durationMs: number): string {
  const { full, kept, least, unknown } = link.known[direction];
  const isMeasured = full + kept > 0;
  const rate = mbps(meanReplayBps(link.steps, direction, durationMs));
  return `${link.name}: ${isMeasured ? "" : "at least "}${rate} Mbit/s; capacity measured in ${
    percent(full)
  } of its time, kept ${percent(kept)}, a lower bound ${percent(least)}, unknown ${
    percent(unknown)
  }`;
}

function mbps(bps: number): string {
  return (bps / 1e6).toFixed(1);
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(0)} %`;
}

function print(line: string): void {
  writeText(Deno.stdout, `${line}\n`, 1_000);
}
