/**
 * A line of the screen: pieces of text, each with what it means. The painter makes colours of that; the text alone says
 * all. Pure.
 *
 * @module
 */

import { cutText, textWidth } from "./text_width.ts";

/**
 * What a piece of text means: said plainly, of most and of least weight, as it should be, worth a look, amiss, and rates of
 * either way.
 */
export type Style = "plain" | "strong" | "faint" | "good" | "care" | "bad" | "sent" | "received";

/** A piece of a line. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** A line, without its end. */
export type Line = readonly Span[];

/** A piece of a line. */
export function span(text: string, style: Style = "plain"): Span {
  return { text, style };
}

/** The text of a line. */
export function lineText(line: Line): string {
  return line.map(({ text }) => text).join("");
}

/** Columns that a line takes. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + textWidth(text), 0);
}

/** The line in at most so many columns. @param ellipsis one column, in place of what is cut off */
export function cutLine(line: Line, columns: number, ellipsis: string): Line {
  if (lineWidth(line) <= columns) return line;
  const cut: Span[] = [];
  let left = columns;
  for (const { text, style } of line) {
    const width = textWidth(text);
    // The last column is for the ellipsis.
    if (width >= left) {
      // Two columns of a wide letter do not go into one: the ellipsis says it all the same.
      cut.push({
        text: width === left ? cutText(`${text} `, left, ellipsis) : cutText(text, left, ellipsis),
        style,
      });
      break;
    }
    cut.push({ text, style });
    left -= width;
  }
  return cut;
}
