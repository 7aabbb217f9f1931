/**
 * The whole screen of `bindlink top`. Pure: the same state, size and time give the same lines.
 *
 * @module
 */

import {
  type Canvas,
  canvasOf,
  type ItemTerms,
  LEAST_SIZE,
  nameColumns,
  type ScreenSize,
} from "./canvas.ts";
import { eventLines } from "./event_lines.ts";
import { footLine } from "./foot_line.ts";
import type { Glyphs } from "./glyphs.ts";
import { headingLine } from "./item_lines.ts";
import { listLines } from "./item_list.ts";
import { roundScale } from "./rate_drawing.ts";
import type { RateHistories } from "./rate_history.ts";
import { noteLine, titleLine, totalLines } from "./screen_head.ts";
import { cutLine, type Line, span } from "./styled_line.ts";
import type { TopItem } from "./top_item.ts";
import { chosenItem, type TopState } from "./top_state.ts";

/** The lines of the screen: as many as it has rows, none wider than it is. */
export function drawScreen(
  state: TopState,
  size: ScreenSize,
  nowMs: number,
  glyphs: Glyphs,
): readonly Line[] {
  const { columns, rows } = size;
  const canvas = canvasOf(size, glyphs);
  const lines = columns < LEAST_SIZE.columns || rows < LEAST_SIZE.rows
    ? tooSmallLines(size)
    : screenLines(state, canvas, nowMs);
  return Array.from(
    { length: rows },
    (_, row) => cutLine(lines[row] ?? [], columns, glyphs.ellipsis),
  );
}

function screenLines(state: TopState, canvas: Canvas, nowMs: number): readonly Line[] {
  const { report, histories, absence } = state;
  const chosen = chosenItem(state);
  const items = chosen?.items ?? [];
  const scaleBps = scaleOf(items, histories);
  const terms: ItemTerms = { canvas, nameColumns: nameColumns(items, canvas), scaleBps, histories };
  const note = noteLine(state, { isWide: canvas.isWide, scaleBps }, nowMs);
  const head = [titleLine(report, canvas), ...totalLines(state, canvas)];
  const body = canvas.isTall || canvas.isWide ? [headingLine(terms, headingOf(report.role))] : [];
  const room = canvas.rows - head.length - body.length - 2;
  const index = chosen?.index ?? 0;
  if (items.length === 0) body.push(emptyLine(report.role));
  else {
    // What the items leave, events take; but some are always seen.
    const spare = canvas.isTall ? Math.min(EVENT_ROWS, 1 + report.events.length) : 0;
    body.push(...listLines(items, index, { rows: room - spare, terms }));
  }
  const eventRows = canvas.rows - head.length - body.length - 2;
  if (eventRows >= LEAST_EVENT_ROWS) body.push(...eventLines(report.events, eventRows, nowMs));
  // What is not of now is shown with less weight.
  const shown = absence === null ? body : body.map(faintLine);
  const lines = [...head, note, ...shown];
  return [...filled(lines, canvas.rows - 1), footLine(state, canvas, nowMs)];
}

function headingOf(role: "master" | "slave"): string {
  return role === "slave" ? "LINK" : "SLAVE";
}

function faintLine(line: Line): Line {
  return line.map(({ text }) => span(text, "faint"));
}

/** What a full bar stands for: what the fastest link had, either way, as far back as is known. */
function scaleOf(items: readonly TopItem[], histories: RateHistories): number {
  let highestBps = 0;
  for (const { kind, key } of items) {
    if (kind !== "link") continue;
    const { sent, received } = histories.of(key);
    highestBps = Math.max(highestBps, sent.highest(), received.highest());
  }
  return roundScale(highestBps);
}

function filled(lines: readonly Line[], rows: number): readonly Line[] {
  return Array.from({ length: rows }, (_, row) => lines[row] ?? []);
}

function tooSmallLines({ columns, rows }: ScreenSize): readonly Line[] {
  const { columns: leastColumns, rows: leastRows } = LEAST_SIZE;
  return [
    `Too small: ${columns}x${rows}`,
    `top needs ${leastColumns}x${leastRows}`,
    "q quits",
  ].map((text) => [span(text)]);
}

function emptyLine(role: "master" | "slave"): Line {
  return [
    span(
      role === "slave"
        ? "  There are no links: add one with bindlink link add"
        : "  There are no slaves: let one in with bindlink invite NAME",
    ),
  ];
}

/** A heading and three events. */
const EVENT_ROWS = 4;

/** A heading and one. */
const LEAST_EVENT_ROWS = 2;
