/**
 * The simulator's slave is recorded; links that follow the recording are like those that were recorded, and the tunnel reaches
 * the same over them.
 */

import assert from "node:assert/strict";
import { readRecording, type Recording } from "../../src/recording/recording_reader.ts";
import { MEASURED_FROM_MS, RUN_DIRECTIONS, runBonding } from "../support/bonding_run.ts";
import type { LinkProfile } from "../support/link_profile.ts";
import { meanReplayBps, replayOf } from "../support/recorded_links.ts";
import { runReplay } from "../support/replay_run.ts";
import { recordWorld } from "../support/sim_recording.ts";
import { World } from "../support/world.ts";

const MEASURED_MS = 10_000;

interface Recorded {
  readonly recording: Recording;
  readonly goodputBps: number;
}

function record(
  links: readonly Partial<LinkProfile>[],
  direction: "up" | "down",
  script: (world: World) => void = () => {},
): Recorded {
  let textOf = (): string => "";
  const { goodputBps } = runBonding({
    links,
    direction,
    measuredMs: MEASURED_MS,
    script: (world) => {
      script(world);
      world.at(MEASURED_FROM_MS, () => {
        textOf = recordWorld(world, MEASURED_FROM_MS + MEASURED_MS);
      });
    },
  });
  return { recording: readRecording(textOf()), goodputBps };
}

for (const direction of RUN_DIRECTIONS) {
  Deno.test(`a recording of two loaded links, ${direction}: their rates, delays and loss, and the same goodput`, () => {
    const made = [
      { rateBps: 20e6, delayMs: 20 },
      { rateBps: 8e6, delayMs: 60, lossFraction: 0.01 },
    ];
    const { recording, goodputBps } = record(made, direction);
    const replay = replayOf(recording);
    replay.links.forEach(({ steps, known }, i) => {
      const { rateBps, delayMs, lossFraction = 0 } = made[i]!;
      const replayedBps = meanReplayBps(steps, direction, replay.durationMs);
      assert.ok(known[direction].full > 0.5, `link ${i}: full in ${known[direction].full}`);
      assert.ok(Math.abs(replayedBps / rateBps - 1) < 0.05, `link ${i}: ${replayedBps} bit/s`);
      const [middle] = steps.slice(steps.length / 2);
      assert.ok(Math.abs(middle!.up.delayMs - delayMs) < 6, `link ${i}: ${middle!.up.delayMs} ms`);
      const lost = middle![direction].lossFraction;
      assert.ok(Math.abs(lost - lossFraction) < 0.008, `link ${i} loses ${lost}`);
    });
    const ratio = runReplay(replay, direction).goodputBps / goodputBps;
    assert.ok(Math.abs(ratio - 1) < 0.05, `the replay reaches ${ratio} of the goodput`);
  });
}

Deno.test("a recording of a link that is cut and halved: the replay is, too, at the same time", () => {
  const { recording, goodputBps } = record(
    [{ rateBps: 16e6, delayMs: 20 }, { rateBps: 6e6, delayMs: 40 }],
    "down",
    (world) => {
      world.at(MEASURED_FROM_MS + 2_000, () => world.link(1).configure({ rateBps: 8e6 }));
      world.at(MEASURED_FROM_MS + 6_000, () => world.link(2).cut());
    },
  );
  const replay = replayOf(recording);
  const rateAt = (atMs: number): number =>
    replay.links[0]!.steps.findLast((step) => step.atMs <= atMs)!.down.rateBps;
  assert.ok(Math.abs(rateAt(1_500) / 16e6 - 1) < 0.05, `${rateAt(1_500)} bit/s`);
  assert.ok(Math.abs(rateAt(3_000) / 8e6 - 1) < 0.05, `${rateAt(3_000)} bit/s`);
  // That nothing comes is known after some seconds of silence.
  const cutMs = replay.links[1]!.steps.find(({ isCut }) => isCut)!.atMs;
  assert.ok(cutMs > 6_000 && cutMs < 9_500, `cut at ${cutMs} ms`);
  const ratio = runReplay(replay, "down").goodputBps / goodputBps;
  assert.ok(Math.abs(ratio - 1) < 0.15, `the replay reaches ${ratio} of the goodput`);
});

Deno.test("a recording of idle links says that their capacity is not known", () => {
  const world = new World({ seed: 1, links: [{ rateBps: 8e6, delayMs: 20 }] });
  world.runUntil(2_000);
  const textOf = recordWorld(world, 4_000);
  world.runUntil(4_000);
  const recording = readRecording(textOf());
  const [link] = replayOf(recording).links;
  assert.deepEqual([link!.known.up.full, link!.known.down.full], [0, 0]);
  assert.equal(link!.known.down.unknown, 1);
  const least = recording.steps.at(-1)!.emptyRoundTripMs!;
  assert.ok(least > 39 && least < 45, `${least} ms`);
});

Deno.test("a kept recording gives the same figures whenever it is replayed", () => {
  const file = new URL("../vectors/recording-v1.jsonl", import.meta.url);
  const replay = replayOf(readRecording(Deno.readTextFileSync(file)));
  const run = runReplay(replay, "down");
  const figures = [run.goodputBps / 1e6, run.capacityBps / 1e6, run.pingP50Ms];
  assert.deepEqual(figures.map((it) => it.toFixed(2)), ["9.90", "11.09", "63.96"]);
});
