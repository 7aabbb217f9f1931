/**
 * A case of the bonding benchmark whose links follow a recording (docs/record.md).
 *
 * @module
 */

import { readRecording } from "../../../src/recording/recording_reader.ts";
import { firstProfiles, meanReplayBps, replayOf } from "../../support/recorded_links.ts";
import { type BondingCase, Traffic } from "./bonding_case.ts";

/** Shorter flows say little. */
const LEAST_SECONDS = 5;

/** Makes it. @throws Error when the file cannot be read or replayed. */
export function recordedCase(path: string): BondingCase {
  const { durationMs, links } = replayOf(readRecording(Deno.readTextFileSync(path)));
  const rates = links.map(({ steps }) => meanReplayBps(steps, "down", durationMs));
  return {
    name: "recorded",
    shows: `${links.length} links of a recording`,
    links: links.map((link) => ({ ...firstProfiles(link), recorded: link.steps })),
    best: rates.indexOf(Math.max(...rates)),
    traffic: Traffic.TCP,
    seconds: Math.max(LEAST_SECONDS, Math.floor(durationMs / 1_000)),
    floor: {},
  };
}
