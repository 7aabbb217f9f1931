/**
 * `bindlink record FILE`: writes down how a running slave's links do, until a signal or for some time.
 *
 * @module
 */

import { abortableSleep } from "../abortable_sleep.ts";
import type { DaemonRequest } from "../command_request.ts";
import { type DaemonSocket, findDaemon } from "../control/find_daemons.ts";
import { type KeptSamples, SAMPLE_MS } from "../control/sample_keeper.ts";
import { LinkRecorder } from "../recording/link_recorder.ts";
import { RecordingFile } from "../recording/recording_file.ts";
import {
  objectLine,
  type RecordedFinding,
  RECORDING_VERSION,
  STEP_COLUMNS,
} from "../recording/recording_format.ts";
import { VERSION } from "../version.ts";
import { askSamples } from "./ask_daemon.ts";
import { type CommandIo, printNote } from "./command_io.ts";

type RecordRequest = Extract<DaemonRequest, { kind: "record" }>;

/** How often the slave is asked for what it kept: a cut costs no more. */
const ASK_MS = 500;

/** How often it says how far it is. */
const PROGRESS_MS = 10_000;

const STOP_SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Records. @returns the exit code: 0 also when a signal ended it. @throws UsageError, StateError, Error. */
export async function runRecord(request: RecordRequest, io: CommandIo): Promise<number> {
  // The daemon first: without one no file is made.
  const socket = await findDaemon(request.daemon, "slave", "record");
  const first = await askSamples(socket, -1);
  const findings = await findingsOfMachine();
  using file = RecordingFile.create(request.path, request.isForced);
  file.write(headOf(first, findings, request, io.now()), performance.now());
  const until = request.seconds === null ? "Ctrl-C ends it" : `for ${request.seconds} s`;
  printNote(
    io,
    `Recording ${
      countOf(first.samples.at(-1)?.links.length ?? 0, "link")
    } of slave ${socket.name} to ` +
      `${JSON.stringify(request.path)}: ${until}\n`,
  );
  const stop = new AbortController();
  const onSignal = (): void => stop.abort();
  for (const name of STOP_SIGNALS) Deno.addSignalListener(name, onSignal);
  try {
    await new RecordingRun(request, { file, socket, io, signal: stop.signal }).run(first);
  } finally {
    for (const name of STOP_SIGNALS) Deno.removeSignalListener(name, onSignal);
  }
  return 0;
}

/** What a {@link RecordingRun} works with. */
interface RunParts {
  readonly file: RecordingFile;
  readonly socket: DaemonSocket;
  readonly io: CommandIo;
  readonly signal: AbortSignal;
}

/** A recording under way. */
class RecordingRun {
  readonly #request: RecordRequest;
  readonly #parts: RunParts;
  readonly #recorder: LinkRecorder;
  readonly #startedMs = performance.now();
  #toldMs = this.#startedMs;
  /** The daemon's time of the newest sample, and of the newest that was used. */
  #newestMs = -1;
  #usedMs = Number.NEGATIVE_INFINITY;

  constructor(request: RecordRequest, parts: RunParts) {
    this.#request = request;
    this.#parts = parts;
    this.#recorder = new LinkRecorder(request.hidesNames);
  }

  /** Runs to its end. @throws as {@link runRecord}; what was recorded is in the file all the same, and it is said. */
  async run(first: KeptSamples): Promise<void> {
    const { signal, socket } = this.#parts;
    const { seconds } = this.#request;
    const endMs = seconds === null ? Infinity : this.#startedMs + seconds * 1_000;
    try {
      this.#add(first);
      while (!signal.aborted && performance.now() < endMs) {
        const leftMs = Math.min(ASK_MS, endMs - performance.now());
        await abortableSleep(Math.max(0, leftMs), signal);
        this.#add(await askSamples(socket, this.#newestMs));
      }
    } finally {
      this.#tell("Recorded", ` to ${JSON.stringify(this.#request.path)}`);
    }
  }

  #add({ samples }: KeptSamples): void {
    const now = performance.now();
    let lines = "";
    for (const sample of samples) {
      if (sample.atMs < this.#newestMs) {
        throw new Error(
          `The running slave ${this.#parts.socket.name} was started anew: record it to another file`,
        );
      }
      this.#newestMs = sample.atMs;
      // Looked at a little too early is looked at in time.
      if (sample.atMs - this.#usedMs < this.#request.intervalMs - SAMPLE_MS / 2) continue;
      this.#usedMs = sample.atMs;
      lines += this.#recorder.handle(sample);
    }
    if (lines !== "") this.#parts.file.write(lines, now);
    const links = samples.at(-1)?.links;
    if (links === undefined || now - this.#toldMs < PROGRESS_MS) return;
    this.#toldMs = now;
    const up = links.filter(({ state }) => state === "up").length;
    this.#tell("Recorded so far", `; ${up} of ${countOf(links.length, "link")} up`);
  }

  #tell(what: string, more: string): void {
    const { io, file } = this.#parts;
    const seconds = ((performance.now() - this.#startedMs) / 1_000).toFixed(1);
    const size = `${Math.ceil(file.bytes / 1_000)} KB`;
    printNote(
      io,
      `${what} ${seconds} s, ${countOf(this.#recorder.steps, "step")}, ${size}${more}\n`,
    );
  }
}

function headOf(
  { version, samples }: KeptSamples,
  findings: readonly RecordedFinding[],
  { intervalMs }: RecordRequest,
  wallMs: number,
): string {
  const first = samples.at(-1);
  return objectLine({
    bindlinkRecording: RECORDING_VERSION,
    version,
    recordedBy: VERSION,
    startedAt: new Date(wallMs).toISOString(),
    intervalMs,
    system: `${Deno.build.os} ${Deno.osRelease()} ${Deno.build.arch}`,
    io: first?.io ?? "",
    tunMtuBytes: first?.tunMtuBytes ?? 0,
    mode: first?.mode ?? "",
    findings,
    columns: STEP_COLUMNS,
  });
}

/** What the doctor says of this machine; nothing when it cannot look. */
async function findingsOfMachine(): Promise<readonly RecordedFinding[]> {
  try {
    // Only here: it needs engine and ciphers.
    const { glanceAtMachine } = await import("../doctor/machine_glance.ts");
    return await glanceAtMachine();
  } catch {
    return [];
  }
}

function countOf(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
