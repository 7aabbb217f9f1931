/**
 * Screens kept as text, looked at by people: `screens/NAME.txt`. With UPDATE_SCREENS=1 in the environment they are written
 * anew; look at what has changed before it is kept.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ScreenSize } from "../../../src/top/canvas.ts";
import { type Glyphs, UNICODE_GLYPHS } from "../../../src/top/glyphs.ts";
import { drawScreen } from "../../../src/top/screen.ts";
import { lineText } from "../../../src/top/styled_line.ts";
import type { TopState } from "../../../src/top/top_state.ts";
import { NOW_MS } from "./sample_state.ts";

/** The screen as text, its lines without spaces at their ends. */
export function screenText(
  state: TopState,
  size: ScreenSize,
  glyphs: Glyphs = UNICODE_GLYPHS,
): string {
  const lines = drawScreen(state, size, NOW_MS, glyphs);
  return lines.map((line) => `${lineText(line).trimEnd()}\n`).join("");
}

/** Asserts that the screen is as the one that is kept. @param name of its file */
export function assertScreen(name: string, text: string): void {
  const path = fileURLToPath(new URL(`screens/${name}.txt`, import.meta.url));
  if (Deno.env.get("UPDATE_SCREENS") === "1") Deno.writeTextFileSync(path, text);
  assert.equal(text, Deno.readTextFileSync(path));
}
