/**
 * Draws a moment of the demo as lines of text. Pure.
 *
 * @module
 */

import type { Frame, HistoryEntry, PhoneRow } from "./frame.ts";
import type { Paint } from "./paint.ts";
import { describePhone, sumRateBps } from "./phones.ts";
import { megabits } from "./result.ts";

/** The narrowest terminal that a table fits into. */
export const MIN_COLUMNS = 80;

/** What a line takes without its bar. */
const TEXT_COLUMNS = 75;
const MAX_BAR_COLUMNS = 24;
const LINK_COLUMNS = 29;

const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"] as const;
const LEVELS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;
const PHONE_STYLES = ["cyan", "blue", "magenta"] as const;
const ACT_STYLES = ["yellow", "green", "red"] as const;

/** The lines of a moment, none wider than `columns`, always as many. */
export function drawTable(frame: Frame, columns: number, paint: Paint): string[] {
  const barColumns = Math.min(MAX_BAR_COLUMNS, Math.max(4, columns - TEXT_COLUMNS));
  const rule = "─".repeat(Math.min(columns, TEXT_COLUMNS + barColumns) - 4);
  return [
    "",
    drawTitle(frame, rule.length, paint),
    "",
    paint("dim", drawHead(barColumns)),
    ...frame.rows.map((row, place) => drawPhone(row, { frame, place, barColumns, paint })),
    `  ${paint("dim", rule)}`,
    drawSum(frame, barColumns, paint),
    "",
    `  ${drawHistory(frame, rule.length, paint)}`,
    "",
  ];
}

/** A moment in one line, for logs. ASCII only. */
export function drawLine(frame: Frame): string {
  const phones = frame.rows.map((row) =>
    `${row.phone.name} ${megabits(row.rateBps)} ${roundTrip(row)} ${percent(row.share)} ${
      stateText(row)
    }`
  );
  const gain = frame.act === 1 && frame.aloneBps !== null ? `, ${times(frame, "x")}` : "";
  const seconds = (frame.elapsedMs / 1_000).toFixed(0).padStart(3);
  return `${seconds} s  ${frame.title}: tunnel ${megabits(frame.tunnelBps)}${gain} | ${
    phones.join(" | ")
  }`;
}

function drawTitle({ act, title, elapsedMs, totalMs }: Frame, width: number, paint: Paint): string {
  const text = `${act + 1}/3  ${title}`;
  const time = `${(elapsedMs / 1_000).toFixed(0)} of ${(totalMs / 1_000).toFixed(0)} s`;
  const progressColumns = 20;
  const done = Math.round(progressColumns * Math.min(1, elapsedMs / totalMs));
  const gap = " ".repeat(Math.max(1, width - text.length - time.length - progressColumns - 2));
  return `  ${paint(["bold", ACT_STYLES[act] ?? "green"], text)}${gap}` +
    `${"━".repeat(done)}${paint("dim", "─".repeat(progressColumns - done))}  ${time}`;
}

function drawHead(barColumns: number): string {
  return `  ${"".padEnd(8)}${"its link, one way".padEnd(LINK_COLUMNS)}${"".padEnd(barColumns)}` +
    `${"Mbit/s".padStart(8)}${"RTT".padStart(9)}${"share".padStart(7)}`;
}

interface PhoneLine {
  readonly frame: Frame;
  readonly place: number;
  readonly barColumns: number;
  readonly paint: Paint;
}

function drawPhone(row: PhoneRow, { frame, place, barColumns, paint }: PhoneLine): string {
  const fullBps = Math.max(...frame.rows.map(({ phone }) => phone.rateBps));
  const style = PHONE_STYLES[place % PHONE_STYLES.length] ?? "cyan";
  const isIdle = row.state === "unused" || row.isCut;
  return `  ${paint(isIdle ? "dim" : "bold", row.phone.name.padEnd(8))}` +
    paint("dim", describePhone(row.phone).padEnd(LINK_COLUMNS)) +
    paint(style, drawBar(row.rateBps / fullBps, barColumns)) +
    (row.rateBps / 1e6).toFixed(1).padStart(8) +
    roundTrip(row).padStart(9) +
    percent(row.share).padStart(7) +
    `  ${drawState(row, paint)}`;
}

function drawSum(frame: Frame, barColumns: number, paint: Paint): string {
  const rate = (frame.tunnelBps / 1e6).toFixed(1).padStart(8 + barColumns);
  const gain = frame.aloneBps === null
    ? paint("dim", "  measuring the best alone")
    : frame.act === 1
    ? `  ${paint(["bold", "green"], times(frame, "×"))} ${paint("dim", "the best alone")}`
    : paint("dim", `  best alone: ${(frame.aloneBps / 1e6).toFixed(1)}`);
  return `  ${paint("bold", "tunnel".padEnd(8))}${
    paint("dim", "what comes out of it".padEnd(LINK_COLUMNS))
  }` +
    `${paint("bold", rate)}${gain}`;
}

function drawState(row: PhoneRow, paint: Paint): string {
  const text = stateText(row);
  if (row.isCut) return paint("red", `× ${text}`);
  if (row.state === "up") return paint("green", `● ${text}`);
  return paint(row.state === "unused" ? "dim" : "yellow", `○ ${text}`);
}

/** In at most 8 characters. Until its silence is noticed, a phone that is cut still counts as up. */
function stateText(row: PhoneRow): string {
  if (row.isCut) return row.state === "up" ? "cut" : "left out";
  if (row.state === "unused") return "not used";
  return row.state === "connecting" ? "opening" : row.state;
}

/** The tunnel's rate over time, a character for each half second. */
function drawHistory({ history, rows }: Frame, columns: number, paint: Paint): string {
  const fullBps = sumRateBps(rows.map(({ phone }) => phone));
  return history.slice(-columns).map((entry) => {
    const style = ACT_STYLES[entry.act] ?? "green";
    return paint(style, levelOf(entry, fullBps));
  }).join("");
}

function levelOf({ tunnelBps }: HistoryEntry, fullBps: number): string {
  const level = Math.floor(tunnelBps / fullBps * LEVELS.length);
  return LEVELS[Math.min(LEVELS.length - 1, Math.max(0, level))]!;
}

function drawBar(fraction: number, columns: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, fraction)) * columns * 8);
  const bar = "█".repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
  return bar.padEnd(columns);
}

function roundTrip({ roundTripMs }: PhoneRow): string {
  return roundTripMs === null ? "-" : `${roundTripMs.toFixed(0)} ms`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function times({ tunnelBps, aloneBps }: Frame, sign: string): string {
  return `${(tunnelBps / (aloneBps ?? NaN)).toFixed(2)} ${sign}`;
}
