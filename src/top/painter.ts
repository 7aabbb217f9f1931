/**
 * Puts lines on a terminal: only those that are not there already, so that nothing flickers and little is sent over ssh. Pure:
 * it makes the text to be written.
 *
 * @module
 */

import { type Line, lineWidth, type Style } from "./styled_line.ts";

/** Remembers what the terminal shows. */
export class Painter {
  readonly #hasColors: boolean;
  #shown: readonly string[] = [];
  #columns = -1;

  /** @param hasColors false: weights only, as NO_COLOR asks */
  constructor(hasColors: boolean) {
    this.#hasColors = hasColors;
  }

  /** Forgets what is shown: somebody else may have written there. */
  forget(): void {
    this.#columns = -1;
  }

  /** What to write so that these lines are shown, from the first row on; empty when they are. */
  paint(lines: readonly Line[], columns: number): string {
    const isAnew = columns !== this.#columns || lines.length !== this.#shown.length;
    const next = lines.map((line) => this.#encode(line, columns));
    let text = isAnew ? CLEAR : "";
    for (const [row, line] of next.entries()) {
      if (!isAnew && line === this.#shown[row]) continue;
      text += `\x1b[${row + 1};1H${line}`;
    }
    this.#shown = next;
    this.#columns = columns;
    return text;
  }

  #encode(line: Line, columns: number): string {
    const text = line.map(({ text, style }) => {
      const code = (this.#hasColors ? COLORS : WEIGHTS)[style];
      return code === "" || text === "" ? text : `\x1b[${code}m${text}\x1b[m`;
    }).join("");
    // A full line leaves the cursor on its last column, which would be erased.
    return lineWidth(line) < columns ? `${text}\x1b[K` : text;
  }
}

/** All of it, in plain style. */
const CLEAR = "\x1b[m\x1b[2J";

/** Without colours. */
const WEIGHTS: Readonly<Record<Style, string>> = {
  plain: "",
  strong: "1",
  faint: "2",
  good: "",
  care: "1",
  bad: "1",
  sent: "",
  received: "",
};

/**
 * Cyan, yellow and red are told apart with any kind of colour blindness that is common, green and red are not; and no colour
 * says what no word says.
 */
const COLORS: Readonly<Record<Style, string>> = {
  plain: "",
  strong: "1",
  faint: "2",
  good: "36",
  care: "33",
  bad: "1;31",
  sent: "33",
  received: "36",
};
