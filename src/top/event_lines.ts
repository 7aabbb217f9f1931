/**
 * What happened last, as lines. Pure.
 *
 * @module
 */

import { formatAgo } from "../human_units.ts";
import type { RecentEvent } from "../recent_events.ts";
import { type Line, span, type Style } from "./styled_line.ts";
import { printable } from "./text_width.ts";

/** A heading and the last events, `rows` in all at most: the newest first, so that it always stands at the same place. */
export function eventLines(
  events: readonly RecentEvent[],
  rows: number,
  nowMs: number,
): readonly Line[] {
  const last = events.slice(Math.max(0, events.length - (rows - 1))).reverse();
  return [
    [span("  LAST EVENTS, the newest first", "faint")],
    ...last.map((event) => eventLine(event, nowMs)),
  ];
}

function eventLine({ at, level, message, properties }: RecentEvent, nowMs: number): Line {
  const more = Object.entries(properties).map(([key, value]) => ` ${key}=${value}`).join("");
  return [
    span(`  ${formatAgo(nowMs - Date.parse(at)).padEnd(AGO_COLUMNS)} `, "faint"),
    span(LEVEL_WORDS[level].word, LEVEL_WORDS[level].style),
    span(printable(message)),
    span(printable(more), "faint"),
  ];
}

const LEVEL_WORDS: Readonly<Record<RecentEvent["level"], { word: string; style: Style }>> = {
  info: { word: "", style: "plain" },
  warning: { word: "warning: ", style: "care" },
  error: { word: "error: ", style: "bad" },
};

/** `59 min ago`. */
const AGO_COLUMNS = 10;
