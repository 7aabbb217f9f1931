import assert from "node:assert/strict";
import type { LinkSample, SampleReport } from "../../../src/control/sample_report.ts";
import { LinkRecorder } from "../../../src/recording/link_recorder.ts";
import { readLine } from "../../../src/recording/recording_reader.ts";
import type { RecordedStep, RecordingLine } from "../../../src/recording/recording_format.ts";

const LINK: LinkSample = {
  id: 3,
  name: "phone1",
  kind: "proxy",
  transport: "udp",
  state: "up",
  sentPackets: 0,
  sentBytes: 0,
  lostPackets: 0,
  queueMs: 0,
  jitterMs: 1,
  roundTripMs: 50,
  capacityBps: 2e6,
  settings: { mode: "speed", isMetered: false, capUpBps: null, capDownBps: null },
  ownRoundTripMs: 40,
  deliveredBps: 0,
  isCapacityKnown: false,
  hasQueue: false,
  peerSentPackets: 0,
  arrivedPackets: 0,
  arrivedBytes: 0,
  arrivedTransitUs: 0,
};

function report(atMs: number, ...links: readonly Partial<LinkSample>[]): SampleReport {
  return {
    atMs,
    io: "ffi",
    tunMtuBytes: 1_340,
    mode: "speed",
    links: links.map((link) => ({ ...LINK, ...link })),
  };
}

function linesOf(text: string): RecordingLine[] {
  return text.split("\n").slice(0, -1).map((line, i) => readLine(line, i + 1));
}

/** The steps of looks 100 ms apart. */
function record(...looks: readonly Partial<LinkSample>[]): RecordedStep[] {
  const recorder = new LinkRecorder(false);
  return looks.flatMap((look, i) =>
    linesOf(recorder.handle(report(1e6 + 100 * i, look))).flatMap((line) =>
      line.kind === "step" ? [line.step] : []
    )
  );
}

Deno.test("a link is described before its first step, and again when that changes", () => {
  const recorder = new LinkRecorder(false);
  assert.equal(recorder.handle(report(1_000, {})), "");
  const first = linesOf(recorder.handle(report(1_100, {})));
  assert.deepEqual(first.map(({ kind }) => kind), ["link", "step"]);
  assert.deepEqual(linesOf(recorder.handle(report(1_200, {}))).map(({ kind }) => kind), ["step"]);
  const settings = { ...LINK.settings, capUpBps: 5e6 };
  const [line] = linesOf(recorder.handle(report(1_300, { settings })));
  assert(line?.kind === "link");
  assert.deepEqual(line.link, {
    link: 1,
    name: "phone1",
    kind: "proxy",
    transport: "udp",
    mode: "speed",
    isMetered: false,
    capUpBps: 5e6,
    capDownBps: null,
  });
});

Deno.test("links whose names are not to be seen are numbers", () => {
  for (const [hidesNames, name] of [[true, "phone1"], [false, null]] as const) {
    const recorder = new LinkRecorder(hidesNames);
    const text = recorder.handle(report(0, { name })) + recorder.handle(report(100, { name }));
    const [line] = linesOf(text);
    assert(line?.kind === "link");
    assert.equal(line.link.name, "link1");
  }
});

Deno.test("a link that is removed is said to be gone, and one that takes its id is another", () => {
  const recorder = new LinkRecorder(false);
  recorder.handle(report(0, {}));
  recorder.handle(report(100, {}));
  const [gone] = linesOf(recorder.handle(report(200)));
  assert(gone?.kind === "step");
  assert.deepEqual([gone.step.link, gone.step.state, gone.step.atMs], [1, "gone", 200]);
  recorder.handle(report(300, { name: "phone2" }));
  const [link] = linesOf(recorder.handle(report(400, { name: "phone2" })));
  assert(link?.kind === "link");
  assert.deepEqual([link.link.link, link.link.name], [2, "phone2"]);
});

Deno.test("a step has what was sent in it, with the headers of IP and UDP", () => {
  const [step] = record({}, { sentPackets: 10, sentBytes: 10_000, lostPackets: 1 });
  assert.equal(step?.atMs, 100);
  assert.equal(step.up.bps, (10_000 + 280) * 80);
  assert.deepEqual([step.up.packets, step.up.lostPackets], [10, 1]);
});

Deno.test("counters that begin anew are no negative rates", () => {
  const [, step] = record({}, { sentPackets: 10, sentBytes: 9_000 }, {
    sentPackets: 1,
    sentBytes: 100,
  });
  assert.deepEqual([step?.up.packets, step?.up.bps], [1, 128 * 80]);
});

Deno.test("up, a capacity is a lower bound until there was a queue, then measured, then kept", () => {
  const steps = record(
    {},
    { deliveredBps: 0 },
    { deliveredBps: 3e6 },
    { deliveredBps: 3e6 },
    { isCapacityKnown: true, hasQueue: true, capacityBps: 7e6 },
    { isCapacityKnown: true, hasQueue: false, capacityBps: 7e6 },
  );
  assert.deepEqual(steps.map(({ up }) => [up.known, up.capacityBps]), [
    ["unknown", null],
    ["unknown", null],
    ["least", 3e6],
    ["full", 7e6],
    ["kept", 7e6],
  ]);
});

Deno.test("down, it is measured while packets come later than the least, and only then", () => {
  /** 100 KB in each step: 8 Mbit/s. */
  const look = (i: number, transitMs: number): Partial<LinkSample> => ({
    arrivedBytes: 100_000 * i,
    arrivedPackets: 80 * i,
    peerSentPackets: 80 * i,
    // The clocks have nothing to do with each other, and the difference goes around.
    arrivedTransitUs: (0xffff_ffff - 2_000 + transitMs * 1_000 + i) >>> 0,
  });
  const transits = [0, 1, 1, 15, 16, 17, 2, 1];
  const steps = record(...transits.map((transitMs, i) => look(i, transitMs)));
  assert.deepEqual(steps.map(({ down }) => down.known), [
    "unknown",
    "least",
    "least",
    "least",
    "full",
    "kept",
    "kept",
  ]);
  assert.deepEqual(steps.map(({ down }) => down.capacityBps), [null, ...Array(6).fill(8e6)]);
});

Deno.test("down, the last part of a flow is no lower capacity", () => {
  const bytes = [0, 100_000, 200_000, 300_000, 400_000, 440_000, 440_000];
  const steps = record(...bytes.map((arrivedBytes, i) => ({
    arrivedBytes,
    arrivedPackets: arrivedBytes / 1_000,
    peerSentPackets: arrivedBytes / 1_000,
    arrivedTransitUs: i === 1 ? 1_000 : 20_000 + i,
  })));
  assert.equal(steps.at(-1)?.down.capacityBps, 8e6);
  assert.equal(steps.at(-1)?.down.known, "kept");
});

Deno.test("down, what comes late was not lost", () => {
  const looks = [[10, 10], [20, 18], [30, 30], [40, 38]].map(([sent, arrived]) => ({
    peerSentPackets: sent!,
    arrivedPackets: arrived!,
  }));
  const steps = record(...looks);
  // Two were lost, as it seemed, and came; two more were then not told again.
  assert.deepEqual(steps.map(({ down }) => down.lostPackets), [2, 0, 0]);
});

Deno.test("the round trip of an empty link is less than a ping's by what waited", () => {
  const steps = record(
    { ownRoundTripMs: 0 },
    { ownRoundTripMs: 0 },
    { ownRoundTripMs: 56, queueMs: 16 },
    { ownRoundTripMs: 56, queueMs: 5 },
    // Mostly queue: it tells nothing of the way.
    { ownRoundTripMs: 90, queueMs: 60 },
  );
  assert.deepEqual(steps.map(({ emptyRoundTripMs }) => emptyRoundTripMs), [null, 40, 40, 40]);
});
