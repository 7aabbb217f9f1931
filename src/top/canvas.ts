/**
 * What a screen is drawn on: how large, with which characters, and how its columns are laid out. Pure.
 *
 * @module
 */

import type { Glyphs } from "./glyphs.ts";
import { type Span, span, type Style } from "./styled_line.ts";
import { fitText, textWidth } from "./text_width.ts";
import type { RateHistories } from "./rate_history.ts";
import type { TopItem } from "./top_item.ts";

/** A terminal's size. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

/** Smaller than this nothing of use is seen. */
export const LEAST_SIZE: ScreenSize = { columns: 40, rows: 8 };

/** From here on a link's numbers go beside its name. */
const WIDE_COLUMNS = 76;

/** From here on there is room for headings. */
const TALL_ROWS = 16;

/** A size and what follows from it. */
export interface Canvas extends ScreenSize {
  readonly glyphs: Glyphs;
  /** Whether there is room for a table of all numbers. */
  readonly isWide: boolean;
  /** Whether there is room for headings and events. */
  readonly isTall: boolean;
}

/** How items are drawn on it. */
export interface ItemTerms {
  readonly canvas: Canvas;
  /** Columns of the names. */
  readonly nameColumns: number;
  /** What a full bar stands for, in bits per second. */
  readonly scaleBps: number;
  readonly histories: RateHistories;
}

/** A canvas of that size. */
export function canvasOf({ columns, rows }: ScreenSize, glyphs: Glyphs): Canvas {
  return { columns, rows, glyphs, isWide: columns >= WIDE_COLUMNS, isTall: rows >= TALL_ROWS };
}

/** Columns for the names: as many as the longest takes, unless the numbers need them. */
export function nameColumns(items: readonly TopItem[], { columns, isWide }: Canvas): number {
  const longest = items.reduce((most, item) => Math.max(most, textWidth(itemName(item))), 0);
  const room = columns - (isWide ? WIDE_NUMBERS_COLUMNS : NARROW_NUMBERS_COLUMNS);
  return Math.min(Math.max(longest, LEAST_NAME_COLUMNS), room, MOST_NAME_COLUMNS);
}

/** A name as it stands in its column: links below their slave are set in. */
export function itemName(item: TopItem): string {
  if (item.kind === "slave") return item.slave.name;
  return item.key.startsWith("\n") ? item.link.name : `  ${item.link.name}`;
}

/** A cell of a table, with the space in front of it. @param columns a negative number: to the right */
export function cell(text: string, columns: number, { glyphs }: Canvas, style?: Style): Span {
  const { ellipsis } = glyphs;
  const side = columns < 0 ? "right" : "left";
  return span(` ${fitText(text, Math.abs(columns), { ellipsis, side })}`, style);
}

/** Columns of the state: a mark, a space, a word. */
export const STATE_COLUMNS = 12;

/** Those of the table's numbers, to the right: sends, receives, round trip, loss, share. */
export const WIDE_CELLS = [-12, -12, -10, -6, -6] as const;

/** An arrow and a short rate. */
export const NARROW_CELL = 6;

const MARK_COLUMNS = 2;

const WIDE_NUMBERS_COLUMNS = MARK_COLUMNS + 1 + STATE_COLUMNS +
  WIDE_CELLS.reduce<number>((sum, columns) => sum + 1 - columns, 0);

const NARROW_NUMBERS_COLUMNS = MARK_COLUMNS + 1 + STATE_COLUMNS + 2 * (1 + NARROW_CELL);

/** `LINK` and a little. */
const LEAST_NAME_COLUMNS = 8;

/** A name without a name is an address with its port. */
const MOST_NAME_COLUMNS = 40;
