import assert from "node:assert/strict";
import type { DaemonRequest } from "../../../src/command_request.ts";
import { runCommand } from "../../../src/commands/run_command.ts";
import type { ControlRequest } from "../../../src/control/control_message.ts";
import { ControlServer } from "../../../src/control/control_server.ts";
import { craftSample, SAMPLE_VERSION } from "../../../src/control/sample_report.ts";
import { RecordingFile } from "../../../src/recording/recording_file.ts";
import { readRecording } from "../../../src/recording/recording_reader.ts";
import type { LinkMeasures } from "../../../src/snapshot.ts";
import { FakeCommandIo } from "../../support/fake_command_io.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { sampleDaemon, sampleLink } from "../metrics/sample_snapshot.ts";

const MEASURES: LinkMeasures = {
  ownRoundTripMs: 40,
  deliveredBps: 1e6,
  isCapacityKnown: true,
  hasQueue: true,
  peerSentPackets: 12,
  arrivedPackets: 12,
  arrivedBytes: 9_000,
  arrivedTransitUs: 77,
};

/** A slave that has one sample more, 100 ms later, at each question. */
function answerer(): (request: ControlRequest) => unknown {
  let atMs = 1_000;
  return () => {
    const links = [sampleLink({ name: "phone1", measures: MEASURES })];
    const samples = [craftSample(sampleDaemon({ links, io: "ffi" }), atMs += 100)];
    return { sampleVersion: SAMPLE_VERSION, version: "1.2.3", samples };
  };
}

type RecordRequest = Extract<DaemonRequest, { kind: "record" }>;

function recordInto(folder: string, change: Partial<RecordRequest> = {}): RecordRequest {
  return {
    kind: "record",
    daemon: { stateDir: folder, name: null },
    path: `${folder}/out.jsonl`,
    seconds: 1,
    intervalMs: 100,
    hidesNames: false,
    isForced: false,
    ...change,
  };
}

async function serve(
  folder: string,
  answer: (request: ControlRequest) => unknown = answerer(),
): Promise<ControlServer> {
  return await ControlServer.start(`${folder}/slave-bind0.sock`, answer, new RecordingLogger());
}

/** What it says of the ciphers it finds out by libcrypto, which stays loaded. */
const LOADS_LIBCRYPTO = { sanitizeResources: false };

Deno.test(
  "record writes a file that is read, for the time that was said",
  LOADS_LIBCRYPTO,
  async () => {
    using folder = new TempDir();
    await using _server = await serve(folder.path);
    const io = new FakeCommandIo();
    assert.equal(await runCommand(recordInto(folder.path), io), 0);
    const { head, steps, links } = readRecording(Deno.readTextFileSync(`${folder.path}/out.jsonl`));
    assert.deepEqual([head.version, head.startedAt], ["1.2.3", "2026-03-01T12:00:00.000Z"]);
    assert(head.findings.some(({ check }) => check === "ciphers"));
    assert.doesNotMatch(JSON.stringify(head), new RegExp(folder.path));
    assert(steps.length >= 2);
    assert.equal(links.get(1)?.name, "phone1");
    assert.match(io.stderr.text, /^Recording 1 link of slave bind0 to "[^"]+": for 1 s\n/);
    assert.match(io.stderr.text, /\nRecorded 1\.\d s, \d steps, \d KB to "/);
    assert.equal(io.stdout.text, "");
  },
);

Deno.test(
  "record leaves a file that is there, unless told to replace it",
  LOADS_LIBCRYPTO,
  async () => {
    using folder = new TempDir();
    await using _server = await serve(folder.path);
    const path = `${folder.path}/out.jsonl`;
    Deno.writeTextFileSync(path, "mine");
    await assert.rejects(runCommand(recordInto(folder.path), new FakeCommandIo()), {
      name: "UsageError",
      message: /^bindlink record "[^"]+": this file is there already: .*--force/,
    });
    assert.equal(Deno.readTextFileSync(path), "mine");
    await runCommand(recordInto(folder.path, { isForced: true }), new FakeCommandIo());
    assert.match(Deno.readTextFileSync(path), /^\{"bindlinkRecording":1,/);
  },
);

Deno.test("record without a daemon makes no file", async () => {
  using folder = new TempDir();
  await assert.rejects(
    runCommand(recordInto(folder.path), new FakeCommandIo()),
    /No bindlink daemon runs/,
  );
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

Deno.test(
  "record keeps what there is when the slave ends, and says so",
  LOADS_LIBCRYPTO,
  async () => {
    using folder = new TempDir();
    const io = new FakeCommandIo();
    const server = await serve(folder.path);
    const recording = runCommand(recordInto(folder.path, { seconds: 60 }), io);
    const rejection = assert.rejects(recording, /The running slave bind0 has ended/);
    while (!io.stderr.text.includes("Recording")) await new Promise((end) => setTimeout(end, 10));
    await server[Symbol.asyncDispose]();
    await rejection;
    assert.match(io.stderr.text, /\nRecorded \d\.\d s, /);
    assert.equal(readRecording(Deno.readTextFileSync(`${folder.path}/out.jsonl`)).head.io, "ffi");
  },
);

Deno.test(
  "record ends when the slave was started anew between two questions, and does not wait for its time to come",
  LOADS_LIBCRYPTO,
  async () => {
    using folder = new TempDir();
    const [before, after] = [answerer(), answerer()];
    let questions = 0;
    // A daemon's time begins with it.
    await using _server = await serve(
      folder.path,
      (request) => questions++ < 2 ? before(request) : after(request),
    );
    await assert.rejects(
      runCommand(recordInto(folder.path, { seconds: 60 }), new FakeCommandIo()),
      /The running slave bind0 was started anew: record it to another file/,
    );
    assert.equal(readRecording(Deno.readTextFileSync(`${folder.path}/out.jsonl`)).steps.length, 1);
  },
);

Deno.test("record says what to do about a daemon of another version", async () => {
  using folder = new TempDir();
  await using _server = await serve(folder.path, () => ({ sampleVersion: 2, version: "9.0.0" }));
  await assert.rejects(
    runCommand(recordInto(folder.path), new FakeCommandIo()),
    /\(bindlink 9\.0\.0\) reports in a way that this program .* does not understand: restart it/,
  );
});

Deno.test("a recording that the disk has no room for is said to be, and one that cannot be made", {
  ignore: Deno.build.os !== "linux",
}, () => {
  using full = RecordingFile.create("/dev/full", true);
  assert.throws(
    () => full.write("x", 0),
    /^StateError: Cannot write recording "\/dev\/full": ENOSPC/,
  );
  assert.throws(
    () => RecordingFile.create("/nowhere/x.jsonl", false),
    /^StateError: Cannot make recording "\/nowhere\/x\.jsonl": ENOENT/,
  );
});
