import assert from "node:assert/strict";
import fc from "fast-check";
import {
  CAPACITY_KINDS,
  objectLine,
  type RecordedLink,
  type RecordedStep,
  type RecordedWay,
  RECORDING_VERSION,
  type RecordingHead,
  STEP_COLUMNS,
  STEP_STATES,
  stepLine,
} from "../../../src/recording/recording_format.ts";
import {
  readLine,
  readRecording,
  RecordingError,
} from "../../../src/recording/recording_reader.ts";

const HEAD: RecordingHead = {
  bindlinkRecording: RECORDING_VERSION,
  version: "1.2.3",
  recordedBy: "1.2.4",
  startedAt: "2026-03-01T12:00:00.000Z",
  intervalMs: 100,
  system: "linux 6.1.0 x86_64",
  io: "ffi",
  tunMtuBytes: 1_340,
  mode: "speed",
  findings: [{ check: "io", verdict: "ok", text: "packets go many at once" }],
  columns: STEP_COLUMNS,
};

const LINK: RecordedLink = {
  link: 1,
  name: "phone1",
  kind: "proxy",
  transport: "udp",
  mode: "speed",
  isMetered: true,
  capUpBps: null,
  capDownBps: 5e6,
};

const WAY: RecordedWay = {
  bps: 1e6,
  capacityBps: 8e6,
  known: "kept",
  queueMs: 1.5,
  packets: 100,
  lostPackets: 2,
};

const STEP: RecordedStep = {
  atMs: 100,
  link: 1,
  state: "up",
  roundTripMs: 45.5,
  emptyRoundTripMs: 40,
  jitterMs: 2,
  up: WAY,
  down: { ...WAY, capacityBps: null, known: "unknown" },
};

const FILE = objectLine(HEAD) + objectLine(LINK) + stepLine(STEP);

/** A number with one decimal, as the file keeps times. */
const tenths = fc.integer({ min: 0, max: 1e8 }).map((it) => it / 10);
const count = fc.integer({ min: 0, max: 1e12 });
const way: fc.Arbitrary<RecordedWay> = fc.record({
  bps: count,
  capacityBps: fc.option(count),
  known: fc.constantFrom(...CAPACITY_KINDS),
  queueMs: tenths,
  packets: count,
  lostPackets: count,
}, { noNullPrototype: true }).map((it) => {
  const known = it.capacityBps === null ? "unknown" : it.known === "unknown" ? "full" : it.known;
  return { ...it, known };
});
const step: fc.Arbitrary<RecordedStep> = fc.record({
  atMs: fc.integer({ min: 0, max: 1e9 }),
  link: count,
  state: fc.constantFrom(...STEP_STATES),
  roundTripMs: fc.option(tenths),
  emptyRoundTripMs: fc.option(tenths),
  jitterMs: tenths,
  up: way,
  down: way,
}, { noNullPrototype: true });

Deno.test("a recording is read as it was written", () => {
  assert.deepEqual(readRecording(FILE), {
    head: HEAD,
    links: new Map([[1, LINK]]),
    steps: [STEP],
  });
});

Deno.test("any step is read as it was written", () => {
  fc.assert(fc.property(step, (step) => {
    assert.deepEqual(readLine(stepLine(step).trimEnd(), 7), { kind: "step", step });
  }));
});

Deno.test("any line is read, or refused with its number", () => {
  const columns = fc.array(fc.oneof(fc.jsonValue(), tenths, fc.constantFrom("up", "full", null)), {
    maxLength: 20,
  });
  // A step with one column changed gets further than noise.
  const damaged = fc.tuple(step, fc.nat(16), fc.jsonValue()).map(([step, at, value]) => {
    const columns = JSON.parse(stepLine(step));
    columns[at] = value;
    return columns;
  });
  const objects = fc.tuple(
    fc.constantFrom<object>(HEAD, LINK),
    fc.constantFrom(...Object.keys(HEAD), ...Object.keys(LINK)),
    fc.jsonValue(),
  ).map(([object, key, value]) => ({ ...object, [key]: value }));
  const json = fc.oneof(columns, damaged, objects, fc.jsonValue()).map((it) => JSON.stringify(it));
  fc.assert(
    fc.property(fc.oneof(fc.string(), json), (text) => {
      try {
        readLine(text, 7);
      } catch (error) {
        assert(error instanceof RecordingError, String(error));
        assert.match(error.message, /^Cannot read recording: line 7: /);
      }
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("a last line that was cut off is left out, also in the middle of a character", () => {
  for (let length = objectLine(HEAD).length; length < FILE.length; length++) {
    assert.equal(readRecording(FILE.slice(0, length)).steps.length, 0);
  }
});

Deno.test("columns and fields of later versions are no fault", () => {
  const later = JSON.stringify([...JSON.parse(stepLine(STEP)), "new"]);
  assert.deepEqual(readLine(later, 1), { kind: "step", step: STEP });
  const head = { ...HEAD, columns: [...STEP_COLUMNS, "new"], further: 1 };
  assert.equal(readLine(JSON.stringify(head), 1).kind, "head");
});

Deno.test("what is wrong with a recording is said with its line", () => {
  const message = (text: string): string => {
    try {
      readRecording(text);
    } catch (error) {
      return (error as Error).message;
    }
    return "read";
  };
  assert.equal(message(""), "Cannot read recording: it is empty");
  assert.match(message("hello\n"), /line 1: it is no JSON/);
  assert.match(message(stepLine(STEP)), /line 1: no recording of bindlink begins so/);
  assert.match(message(objectLine(HEAD) + stepLine(STEP)), /line 2: nothing was said of link 1/);
  assert.match(message(FILE + objectLine(HEAD)), /line 4: a second head/);
  assert.match(message(FILE + stepLine({ ...STEP, atMs: 50 })), /line 4: time goes back/);
  assert.match(message(FILE + "[100,1]\n"), /line 4: it has 2 columns of 18/);
  assert.match(
    message(FILE + stepLine({ ...STEP, up: { ...WAY, bps: -1 } })),
    /line 4: "upBps" is missing or malformed/,
  );
  assert.match(
    message(objectLine({ ...HEAD, bindlinkRecording: 2 })),
    /line 1: version 2 of the format is not understood, only 1/,
  );
});
