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
import { fullHeight, listLines } from "./item_list.ts";
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
  const { report, histories } = state;
  const chosen = chosenItem(state);
  const items = chosen?.items ?? [];
  const scaleBps = scaleOf(items, histories);
  const terms: ItemTerms = {
    canvas,
    nameColumns: nameColumns(items, canvas),
    scaleBps,
    histories,
  };
  const head = [
    titleLine(report, canvas),
    ...totalLines(state, canvas),
    noteLine(state, { isWide: canvas.isWide, scaleBps }, nowMs),
  ];
  const what = report.role === "slave" ? "LINK" : "SLAVE";
  if (canvas.isTall || canvas.isWide) head.push(headingLine(terms, what));
  const room = canvas.rows - head.length - 1;
  const spare = canvas.isTall ? Math.min(EVENT_ROWS, 1 + report.events.length) : 0;
  const index = chosen?.index ?? 0;
  // What the items leave, events take; but some are always seen.
  const listRows = Math.min(room - spare, Math.max(1, fullHeight(items, index, canvas)));
  const list = items.length === 0
    ? [emptyLine(report.role)]
    : listLines(items, index, { rows: listRows, terms });
  const eventRows = room - list.length;
  return [
    ...head,
    ...list,
    ...filled(
      eventRows < LEAST_EVENT_ROWS ? [] : eventLines(report.events, eventRows, nowMs),
      eventRows,
    ),
    footLine(state, canvas, nowMs),
  ];
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
