/**
 * How many columns of a terminal a text takes, and texts that take no more than there are. Pure.
 *
 * Names of links are ASCII, but those of interfaces, hosts and what a message quotes need not be.
 *
 * @module
 */

import stringWidth from "string-width";

/** Columns that a text takes. */
export function textWidth(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

/** The text without what would move the cursor or turn the writing around: each becomes a space. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, " ");
}

/** The text in at most so many columns. @param ellipsis one column, in place of what is cut off */
export function cutText(text: string, columns: number, ellipsis: string): string {
  if (textWidth(text) <= columns) return text;
  if (columns <= 0) return "";
  let cut = "";
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    const segmentWidth = textWidth(segment);
    if (width + segmentWidth > columns - 1) break;
    cut += segment;
    width += segmentWidth;
  }
  return cut + ellipsis;
}

/** The text in just so many columns, cut or filled up. @param side where it stands */
export function fitText(
  text: string,
  columns: number,
  { ellipsis, side = "left" }: { readonly ellipsis: string; readonly side?: "left" | "right" },
): string {
  const cut = cutText(text, columns, ellipsis);
  const fill = " ".repeat(Math.max(0, columns - textWidth(cut)));
  return side === "left" ? cut + fill : fill + cut;
}

const ASCII = /^[\x20-\x7e]*$/;

const GRAPHEMES = new Intl.Segmenter();
