/**
 * Shows the demo as it goes: a table redrawn in place on a terminal, lines elsewhere.
 *
 * @module
 */

import { writeText } from "../../src/text_output.ts";
import type { Frame } from "./frame.ts";
import type { Paint } from "./paint.ts";
import { drawLine, drawTable, MIN_COLUMNS } from "./table.ts";

/** Where frames are shown. */
export interface View extends Disposable {
  show(frame: Frame): void;
}

/** How long a slow terminal is waited for, in ms. */
const PATIENCE_MS = 1_000;

/** Between two plain lines, in ms. */
const LINE_INTERVAL_MS = 2_000;

// ECMA-48 control sequences.
const HIDE_CURSOR = "\x1b[?25l";
const SHOW_CURSOR = "\x1b[?25h";
const CLEAR_LINE = "\x1b[K";

/** Prints to stdout. */
export function print(text: string): void {
  writeText(Deno.stdout, text, PATIENCE_MS);
}

/** The view for this terminal, or for none. */
export function chooseView(paint: Paint): View {
  return terminalColumns() >= MIN_COLUMNS ? new LiveView(paint) : new LineView();
}

/** A table that is redrawn in place. */
class LiveView implements View {
  readonly #paint: Paint;
  #drawnLines = 0;

  constructor(paint: Paint) {
    this.#paint = paint;
    print(HIDE_CURSOR);
  }

  show(frame: Frame): void {
    // Each time anew: the window may have been resized.
    const columns = Math.max(MIN_COLUMNS, terminalColumns());
    const lines = drawTable(frame, columns, this.#paint);
    const up = this.#drawnLines > 0 ? `\x1b[${this.#drawnLines}A\r` : "";
    print(up + lines.map((line) => `${line}${CLEAR_LINE}\n`).join(""));
    this.#drawnLines = lines.length;
  }

  [Symbol.dispose](): void {
    print(SHOW_CURSOR);
  }
}

/** Lines, one every now and then and one for each new act. */
class LineView implements View {
  #lastMs = Number.NEGATIVE_INFINITY;
  #lastAct = -1;

  show(frame: Frame): void {
    const now = performance.now();
    if (frame.act === this.#lastAct && now - this.#lastMs < LINE_INTERVAL_MS) return;
    this.#lastMs = now;
    this.#lastAct = frame.act;
    print(`${drawLine(frame)}\n`);
  }

  [Symbol.dispose](): void {}
}

/** 0 where there is no terminal. */
function terminalColumns(): number {
  try {
    return Deno.stdout.isTerminal() ? Deno.consoleSize().columns : 0;
  } catch {
    return 0; // some terminals do not tell
  }
}
