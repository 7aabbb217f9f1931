/**
 * The text that `bindlink record` writes, line by line, and its meaning: JSON lines, described in docs/record.md. Pure.
 *
 * The first line is the head, an object. A further object says what a link is, before the first step of it and when that
 * changes. All other lines are steps: one link over one interval, as an array whose columns the head names.
 *
 * @module
 */

/** Changes when older programs would get a newer file wrong; fields and columns at the end are added without. */
export const RECORDING_VERSION = 1;

/** The columns of a step, in their order. */
export const STEP_COLUMNS = [
  "atMs",
  "link",
  "state",
  "roundTripMs",
  "emptyRoundTripMs",
  "jitterMs",
  "upBps",
  "upCapacityBps",
  "upKnown",
  "upQueueMs",
  "upPackets",
  "upLostPackets",
  "downBps",
  "downCapacityBps",
  "downKnown",
  "downQueueMs",
  "downPackets",
  "downLostPackets",
] as const;

/** States of a link, as in `bindlink status`; `gone`: it was removed. */
export const STEP_STATES = ["connecting", "probing", "up", "off", "gone"] as const;

/** One of {@link STEP_STATES}. */
export type StepState = typeof STEP_STATES[number];

/**
 * How well a capacity is known:
 * - `full`: more was to be sent than the link took, so what it carried in this step is its capacity;
 * - `kept`: it was so earlier in this recording, or before it: that capacity;
 * - `least`: it never was: the most that was carried, and the link may carry more;
 * - `unknown`: there is not even that.
 */
export const CAPACITY_KINDS = ["full", "kept", "least", "unknown"] as const;

/** One of {@link CAPACITY_KINDS}. */
export type CapacityKind = typeof CAPACITY_KINDS[number];

/** The first line. */
export interface RecordingHead {
  readonly bindlinkRecording: number;
  /** Of the daemon, and of the program that recorded it. */
  readonly version: string;
  readonly recordedBy: string;
  /** UTC, ISO 8601. */
  readonly startedAt: string;
  readonly intervalMs: number;
  /** Kernel and processor, e.g. `linux 6.1.0 x86_64`. */
  readonly system: string;
  /** The daemon's `--io` as it works: `ffi` or `deno`. */
  readonly io: string;
  readonly tunMtuBytes: number;
  /** What `--mode` said at the beginning. */
  readonly mode: string;
  /** What the doctor says of the machine, but for paths. */
  readonly findings: readonly RecordedFinding[];
  readonly columns: readonly string[];
}

/** A finding of the doctor's. */
export interface RecordedFinding {
  readonly check: string;
  readonly verdict: string;
  readonly text: string;
}

/** What a link is. No addresses. */
export interface RecordedLink {
  /** From 1 on, in this file only. */
  readonly link: number;
  readonly name: string;
  readonly kind: string;
  readonly transport: string;
  readonly mode: string;
  readonly isMetered: boolean;
  /** Bits per second; null: no cap. */
  readonly capUpBps: number | null;
  readonly capDownBps: number | null;
}

/** One direction of a link over a step. Rates are bits per second with the headers of IP and UDP. */
export interface RecordedWay {
  /** What went over it. */
  readonly bps: number;
  /** What it carries; null: unknown. */
  readonly capacityBps: number | null;
  readonly known: CapacityKind;
  /** What waited for it at the end of the step. */
  readonly queueMs: number;
  /** Packets sent, and packets found to be lost meanwhile: those may have been sent in steps before. */
  readonly packets: number;
  readonly lostPackets: number;
}

/** One link over one interval, which ended at `atMs` since the recording's beginning. */
export interface RecordedStep {
  readonly atMs: number;
  readonly link: number;
  readonly state: StepState;
  /** Smoothed, queues and feedback included; null: not known. */
  readonly roundTripMs: number | null;
  /** There and back over this very link without what waited, the least but one of the last eight pings: an estimate; null: not known. */
  readonly emptyRoundTripMs: number | null;
  /** How much the way up takes longer or shorter, but for queues. */
  readonly jitterMs: number;
  readonly up: RecordedWay;
  readonly down: RecordedWay;
}

/** Any line. */
export type RecordingLine =
  | { readonly kind: "head"; readonly head: RecordingHead }
  | { readonly kind: "link"; readonly link: RecordedLink }
  | { readonly kind: "step"; readonly step: RecordedStep };

/** The line of an object, with its line feed. */
export function objectLine(object: RecordingHead | RecordedLink): string {
  return `${JSON.stringify(object)}\n`;
}

/** A step's line. Times have a tenth of a ms, rates no fractions. */
export function stepLine(step: RecordedStep): string {
  const { atMs, link, state, roundTripMs, emptyRoundTripMs, jitterMs, up, down } = step;
  const columns = [
    Math.round(atMs),
    link,
    state,
    tenths(roundTripMs),
    tenths(emptyRoundTripMs),
    tenths(jitterMs),
    ...wayColumns(up),
    ...wayColumns(down),
  ];
  return `${JSON.stringify(columns)}\n`;
}

function wayColumns(way: RecordedWay): (number | string | null)[] {
  return [
    Math.round(way.bps),
    way.capacityBps === null ? null : Math.round(way.capacityBps),
    way.known,
    tenths(way.queueMs),
    way.packets,
    way.lostPackets,
  ];
}

function tenths(ms: number | null): number | null {
  return ms === null ? null : Math.round(ms * 10) / 10;
}
