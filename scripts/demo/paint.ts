/**
 * Colours, where they are wanted.
 *
 * @module
 */

import { styleText } from "node:util";

/** Puts text into a style of `node:util` styleText. */
export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;

/** Colours on a terminal, unless NO_COLOR is set (https://no-color.org), plain text elsewhere. */
export function choosePaint(isTerminal: boolean): Paint {
  const noColor = Deno.env.get("NO_COLOR");
  const hasColors = isTerminal && (noColor === undefined || noColor === "");
  return (style, text) => hasColors ? styleText(style, text, { validateStream: false }) : text;
}
