/**
 * Reads what `bindlink record` wrote. Whatever a line holds, it is read or refused with its number. Pure.
 *
 * @module
 */

import {
  CAPACITY_KINDS,
  type RecordedFinding,
  type RecordedLink,
  type RecordedStep,
  type RecordedWay,
  RECORDING_VERSION,
  type RecordingHead,
  type RecordingLine,
  STEP_COLUMNS,
  STEP_STATES,
} from "./recording_format.ts";

/** Why a recording cannot be read. */
export class RecordingError extends Error {
  override readonly name = "RecordingError";
}

/** A whole recording. */
export interface Recording {
  readonly head: RecordingHead;
  /** As they were last, by number. */
  readonly links: ReadonlyMap<number, RecordedLink>;
  /** In order of time. */
  readonly steps: readonly RecordedStep[];
}

/** More is no measurement: numbers that would make a replay useless. */
const MAX_BPS = 1e12;
const MAX_MS = 1e10;
const MAX_COUNT = 1e12;

/** Columns of one direction. */
const WAY_COLUMNS = 6;
const FIRST_WAY = STEP_COLUMNS.indexOf("upBps");

/**
 * Reads a file's text. A last line without its line feed was being written when something ended: it is left out.
 * @throws RecordingError with the number of the line.
 */
export function readRecording(text: string): Recording {
  const lines = text.split("\n");
  lines.pop();
  const links = new Map<number, RecordedLink>();
  const steps: RecordedStep[] = [];
  let head: RecordingHead | null = null;
  lines.forEach((text, i) => {
    const line = readLine(text, i + 1);
    const refuse = (problem: string): never => fail(i + 1, problem);
    if ((head === null) !== (line.kind === "head")) {
      refuse(head === null ? "no recording of bindlink begins so" : "a second head");
    }
    if (line.kind === "head") head = line.head;
    else if (line.kind === "link") links.set(line.link.link, line.link);
    else {
      const { link, atMs } = line.step;
      if (!links.has(link)) refuse(`nothing was said of link ${link} before`);
      if (atMs < (steps.at(-1)?.atMs ?? 0)) refuse("time goes back");
      steps.push(line.step);
    }
  });
  if (head === null) throw new RecordingError("Cannot read recording: it is empty");
  return { head, links, steps };
}

/** Reads one line. @param number for the error: from 1 on. @throws RecordingError */
export function readLine(text: string, number: number): RecordingLine {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail(number, "it is no JSON");
  }
  const read = new Fields(number);
  if (Array.isArray(value)) return { kind: "step", step: readStep(value, read) };
  if (typeof value !== "object" || value === null) return fail(number, "no object and no array");
  const object = value as Readonly<Record<string, unknown>>;
  return "bindlinkRecording" in object
    ? { kind: "head", head: readHead(object, read) }
    : { kind: "link", link: readLink(object, read) };
}

type Unknowns = Readonly<Record<string, unknown>>;

function readHead(value: Unknowns, read: Fields): RecordingHead {
  const version = read.count(value.bindlinkRecording, "bindlinkRecording");
  if (version !== RECORDING_VERSION) {
    return read.fail(
      `version ${version} of the format is not understood, only ${RECORDING_VERSION}: read it with ` +
        "the bindlink that made it",
    );
  }
  const columns = read.list(value.columns, "columns").map((it) => read.text(it, "columns"));
  if (STEP_COLUMNS.some((name, i) => columns[i] !== name)) {
    return read.fail(`"columns" are not ${STEP_COLUMNS.join(", ")}`);
  }
  return {
    bindlinkRecording: version,
    version: read.text(value.version, "version"),
    recordedBy: read.text(value.recordedBy, "recordedBy"),
    startedAt: read.text(value.startedAt, "startedAt"),
    intervalMs: read.ms(value.intervalMs, "intervalMs"),
    system: read.text(value.system, "system"),
    io: read.text(value.io, "io"),
    tunMtuBytes: read.count(value.tunMtuBytes, "tunMtuBytes"),
    mode: read.text(value.mode, "mode"),
    findings: read.list(value.findings, "findings").map((it) => readFinding(it, read)),
    columns,
  };
}

function readFinding(value: unknown, read: Fields): RecordedFinding {
  if (typeof value !== "object" || value === null) return read.malformed("findings");
  const { check, verdict, text } = value as Unknowns;
  return {
    check: read.text(check, "check"),
    verdict: read.text(verdict, "verdict"),
    text: read.text(text, "text"),
  };
}

function readLink(value: Unknowns, read: Fields): RecordedLink {
  const { isMetered } = value;
  if (typeof isMetered !== "boolean") return read.malformed("isMetered");
  return {
    link: read.count(value.link, "link"),
    name: read.text(value.name, "name"),
    kind: read.text(value.kind, "kind"),
    transport: read.text(value.transport, "transport"),
    mode: read.text(value.mode, "mode"),
    isMetered,
    capUpBps: value.capUpBps === null ? null : read.bps(value.capUpBps, "capUpBps"),
    capDownBps: value.capDownBps === null ? null : read.bps(value.capDownBps, "capDownBps"),
  };
}

function readStep(columns: readonly unknown[], read: Fields): RecordedStep {
  if (columns.length < STEP_COLUMNS.length) {
    return read.fail(`it has ${columns.length} columns of ${STEP_COLUMNS.length}`);
  }
  const [atMs, link, state, roundTripMs, emptyRoundTripMs, jitterMs] = columns;
  return {
    atMs: read.ms(atMs, "atMs"),
    link: read.count(link, "link"),
    state: read.word(state, "state", STEP_STATES),
    roundTripMs: roundTripMs === null ? null : read.ms(roundTripMs, "roundTripMs"),
    emptyRoundTripMs: emptyRoundTripMs === null
      ? null
      : read.ms(emptyRoundTripMs, "emptyRoundTripMs"),
    jitterMs: read.ms(jitterMs, "jitterMs"),
    up: readWay(columns, FIRST_WAY, read),
    down: readWay(columns, FIRST_WAY + WAY_COLUMNS, read),
  };
}

function readWay(columns: readonly unknown[], first: number, read: Fields): RecordedWay {
  const name = (at: number): string => STEP_COLUMNS[first + at]!;
  const at = (index: number): unknown => columns[first + index];
  const known = read.word(at(2), name(2), CAPACITY_KINDS);
  if ((at(1) === null) !== (known === "unknown")) return read.malformed(name(1));
  return {
    bps: read.bps(at(0), name(0)),
    capacityBps: at(1) === null ? null : read.bps(at(1), name(1)),
    known,
    queueMs: read.ms(at(3), name(3)),
    packets: read.count(at(4), name(4)),
    lostPackets: read.count(at(5), name(5)),
  };
}

/** Reads values of one line, or refuses it. */
class Fields {
  readonly #line: number;

  constructor(number: number) {
    this.#line = number;
  }

  fail(problem: string): never {
    return fail(this.#line, problem);
  }

  malformed(name: string): never {
    return this.fail(`"${name}" is missing or malformed`);
  }

  text(value: unknown, name: string): string {
    return typeof value === "string" ? value : this.malformed(name);
  }

  list(value: unknown, name: string): readonly unknown[] {
    return Array.isArray(value) ? value : this.malformed(name);
  }

  word<Word extends string>(value: unknown, name: string, words: readonly Word[]): Word {
    return words.find((word) => word === value) ?? this.malformed(name);
  }

  bps(value: unknown, name: string): number {
    return this.#bounded(value, name, MAX_BPS);
  }

  ms(value: unknown, name: string): number {
    return this.#bounded(value, name, MAX_MS);
  }

  count(value: unknown, name: string): number {
    return Number.isInteger(value) ? this.#bounded(value, name, MAX_COUNT) : this.malformed(name);
  }

  #bounded(value: unknown, name: string, most: number): number {
    return typeof value === "number" && value >= 0 && value <= most ? value : this.malformed(name);
  }
}

function fail(number: number, problem: string): never {
  throw new RecordingError(`Cannot read recording: line ${number}: ${problem}`);
}
