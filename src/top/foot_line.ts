/**
 * The last line of the screen: which keys there are, what is asked, or what was just done. Pure.
 *
 * @module
 */

import type { Canvas } from "./canvas.ts";
import { MODE_KEYS } from "./key_action.ts";
import { type Line, span } from "./styled_line.ts";
import { printable } from "./text_width.ts";
import type { Prompt, TopState } from "./top_state.ts";

/** The line. */
export function footLine(state: TopState, canvas: Canvas, nowMs: number): Line {
  const { prompt, doing, notice, report } = state;
  if (prompt !== null) return [span(printable(promptText(prompt, canvas)), "strong")];
  if (doing !== null) return [span(`${printable(doing)} ...`, "strong")];
  if (notice !== null && nowMs < notice.untilMs) {
    return [
      span(`${notice.isBad ? "! " : ""}${printable(notice.text)}`, notice.isBad ? "bad" : "good"),
    ];
  }
  return [span(helpText(report.role, canvas), "faint")];
}

function promptText(prompt: Prompt, { isWide }: Canvas): string {
  const { link } = prompt;
  if (prompt.kind === "lastLink") {
    return isWide
      ? `No other link is up: press y to switch ${link} off, another key to leave it on`
      : `No other is up: y switches ${link} off`;
  }
  if (!isWide && link !== null) {
    return `${MODE_KEYS.map(([key]) => key).join("/")}: mode of ${link}, d: the slave's`;
  }
  const modes = MODE_KEYS.map(([key, mode]) => `${key} ${mode}`);
  if (!isWide) return modes.join(" ");
  if (link !== null) modes.push("d as the slave's");
  return `Mode of ${link ?? "the slave"}: ${modes.join("  ")}  Esc no change`;
}

function helpText(role: "master" | "slave", { isWide, glyphs }: Canvas): string {
  const choose = `${glyphs.chooseKeys} choose`;
  const keys = role === "master"
    ? [choose, "q quit"]
    : isWide
    ? [choose, "o link on or off", "m mode", "l mode of the link", "q quit"]
    : [choose, "o on/off", "m mode", "l its", "q quit"];
  return keys.join(isWide ? "   " : " ");
}
