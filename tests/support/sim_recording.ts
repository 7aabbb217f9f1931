/**
 * A recording of the simulator's slave, as `bindlink record` makes it of a real one.
 *
 * @module
 */

import { measuresOf } from "../../src/linkmap/link_status.ts";
import type { LinkSample, SampleReport } from "../../src/control/sample_report.ts";
import { LinkRecorder } from "../../src/recording/link_recorder.ts";
import {
  objectLine,
  RECORDING_VERSION,
  STEP_COLUMNS,
} from "../../src/recording/recording_format.ts";
import type { World } from "./world.ts";

const INTERVAL_MS = 100;

/** Records from now until a virtual time. @returns what gives the file's text, then. */
export function recordWorld(world: World, untilMs: number): () => string {
  const recorder = new LinkRecorder(false);
  let text = objectLine({
    bindlinkRecording: RECORDING_VERSION,
    version: "0.1.0",
    recordedBy: "0.1.0",
    startedAt: "2026-01-01T00:00:00.000Z",
    intervalMs: INTERVAL_MS,
    system: "simulator",
    io: "ffi",
    tunMtuBytes: 1_340,
    mode: "speed",
    findings: [],
    columns: STEP_COLUMNS,
  });
  const look = (): void => {
    text += recorder.handle(reportOf(world));
    const nextMs = world.clock.now + INTERVAL_MS;
    if (nextMs <= untilMs) world.at(nextMs, look);
  };
  look();
  return () => text;
}

function reportOf(world: World): SampleReport {
  const now = world.clock.now;
  const links = world.slave.multiplexer.links.map((known): LinkSample => {
    const { counters } = world.link(known.port.id).up;
    return {
      ...measuresOf(known, now),
      id: known.port.id,
      name: known.port.name,
      kind: "direct",
      transport: "udp",
      state: known.isAlive ? "up" : "probing",
      sentPackets: counters.sentPkts,
      // The emulator's bytes are those of IP.
      sentBytes: counters.sentBytes - 28 * counters.sentPkts,
      lostPackets: known.lostPkts,
      queueMs: known.delay.queueMs,
      jitterMs: known.delay.jitterMs,
      roundTripMs: known.rtt.hasSample ? known.rtt.srttMs : null,
      capacityBps: known.capacity.capacityBps,
      settings: { mode: "speed", isMetered: false, capUpBps: null, capDownBps: null },
    };
  });
  return { atMs: now, io: "ffi", tunMtuBytes: 1_340, mode: "speed", links };
}
