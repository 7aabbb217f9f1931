/**
 * What bars and marks are drawn with: block characters, or ASCII for a terminal that shows no others. Pure.
 *
 * @module
 */

/** A set of characters, each one column wide. */
export interface Glyphs {
  /** A bar's filled part by eighths of a column, the last one whole; fewer steps are fine. */
  readonly bar: readonly string[];
  /** Its empty part. */
  readonly barEmpty: string;
  /** A sparkline's steps, from nothing on upwards; the first one is for what is there and is nothing. */
  readonly spark: readonly string[];
  readonly ellipsis: string;
  /** What is sent, and what is received. */
  readonly sent: string;
  readonly received: string;
  /** The keys that move the choice. */
  readonly chooseKeys: string;
  readonly states: Readonly<Record<"up" | "care" | "waiting" | "off", string>>;
}

/** For a terminal that shows UTF-8. */
export const UNICODE_GLYPHS: Glyphs = {
  bar: ["▏", "▎", "▍", "▌", "▋", "▊", "▉", "█"],
  barEmpty: "░",
  spark: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
  ellipsis: "…",
  sent: "↑",
  received: "↓",
  chooseKeys: "↑↓",
  states: { up: "●", care: "◐", waiting: "○", off: "×" },
};

/** For any other. */
export const ASCII_GLYPHS: Glyphs = {
  bar: ["#"],
  barEmpty: ".",
  spark: ["_", ".", ":", "-", "=", "+", "*", "#"],
  ellipsis: "~",
  sent: "^",
  received: "v",
  chooseKeys: "j/k",
  states: { up: "*", care: "!", waiting: "?", off: "x" },
};

/**
 * The set for a terminal whose characters are as the locale has it: the first of these variables that is set and not empty
 * (locale(7)). When none is, nothing is known, and ASCII is what every terminal shows.
 */
export function glyphsOf(environment: (name: string) => string | undefined): Glyphs {
  const locale = ["LC_ALL", "LC_CTYPE", "LANG"].map(environment)
    .find((value) => value !== undefined && value !== "");
  return /utf-?8/i.test(locale ?? "") ? UNICODE_GLYPHS : ASCII_GLYPHS;
}
