/**
 * The terminal that `bindlink top` has to itself while it runs: its second screen, keys one by one, no cursor. Whatever
 * ends the program, short of SIGKILL, gives the terminal back as it was.
 *
 * @module
 */

import { writeText } from "../text_output.ts";
import { UsageError } from "../usage_error.ts";
import type { ScreenSize } from "./canvas.ts";

/** What a session needs of a terminal. */
export interface TopTerminal {
  size(): ScreenSize;
  /** Writes it. @returns false when the terminal is gone. */
  write(text: string): boolean;
  /** What was typed; null when nothing more comes. */
  read(): Promise<Uint8Array | null>;
  /** Gives the terminal to the shell, and stops the process until it is told to go on. */
  suspend(): void;
}

/** What a {@link Terminal} tells. */
export interface TerminalEvents {
  /** Its size has changed, or somebody else may have written on it. */
  onDisturbed(): void;
  /** The program is to end. */
  onStop(): void;
}

/** @throws UsageError: there is no terminal, or one that cannot be painted on. */
export function checkTerminal(): void {
  const instead = 'for scripts and pipes there is "bindlink status", also with --json';
  for (const name of ["stdin", "stdout"] as const) {
    if (!Deno[name].isTerminal()) {
      throw new UsageError(`bindlink top needs a terminal, and ${name} is none: ${instead}`);
    }
  }
  const type = Deno.env.get("TERM") ?? "";
  if (type === "" || type === "dumb") {
    throw new UsageError(
      `bindlink top cannot paint on a terminal of the type ${JSON.stringify(type)} (TERM): ` +
        'use "bindlink status"',
    );
  }
}

/** This process's terminal. */
export class Terminal implements TopTerminal {
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #isOurs = false;

  /** Takes it over, until what is returned is disposed of. */
  take(events: TerminalEvents): Disposable {
    const stop = (): void => events.onStop();
    const signals: readonly (readonly [Deno.Signal, () => void])[] = [
      ["SIGWINCH", (): void => events.onDisturbed()],
      ["SIGCONT", (): void => {
        this.#enter();
        events.onDisturbed();
      }],
      ["SIGINT", stop],
      ["SIGTERM", stop],
      ["SIGHUP", stop],
    ];
    const giveBack = (): void => this.#leave();
    for (const [signal, listener] of signals) Deno.addSignalListener(signal, listener);
    // An error that nobody catches ends the program past every `finally`.
    for (const type of CRASHES) globalThis.addEventListener(type, giveBack);
    this.#enter();
    return {
      [Symbol.dispose]: (): void => {
        for (const [signal, listener] of signals) Deno.removeSignalListener(signal, listener);
        for (const type of CRASHES) globalThis.removeEventListener(type, giveBack);
        this.#leave();
      },
    };
  }

  /** See {@link TopTerminal}. */
  size(): ScreenSize {
    try {
      const { columns, rows } = Deno.consoleSize();
      // Under some programs a terminal says 0 x 0.
      if (columns > 0 && rows > 0) return { columns, rows };
    } catch {
      // As above.
    }
    return USUAL_SIZE;
  }

  /** See {@link TopTerminal}. */
  write(text: string): boolean {
    return writeText(Deno.stdout, text, PATIENCE_MS);
  }

  /** See {@link TopTerminal}. */
  async read(): Promise<Uint8Array | null> {
    try {
      const n = await Deno.stdin.read(this.#buffer);
      return n === null ? null : this.#buffer.slice(0, n);
    } catch {
      // The terminal is gone.
      return null;
    }
  }

  /** See {@link TopTerminal}. */
  suspend(): void {
    this.#leave();
    Deno.kill(Deno.pid, "SIGSTOP");
  }

  #enter(): void {
    this.#isOurs = true;
    this.#setRaw(true);
    this.write(ENTER);
  }

  #leave(): void {
    if (!this.#isOurs) return;
    this.#isOurs = false;
    this.write(LEAVE);
    this.#setRaw(false);
  }

  #setRaw(isRaw: boolean): void {
    try {
      Deno.stdin.setRaw(isRaw);
    } catch {
      // The terminal is gone: there is nothing to give back.
    }
  }
}

const CRASHES = ["error", "unhandledrejection"] as const;

/** The second screen, no cursor, lines cut at the edge (xterm's ctlseqs: 1049, 25, 7). */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l";

/** All of it undone. */
const LEAVE = "\x1b[m\x1b[?7h\x1b[?25h\x1b[?1049l";

const USUAL_SIZE: ScreenSize = { columns: 80, rows: 24 };

/** More than anybody types at once. */
const BUFFER_BYTES = 1024;

/** How long a slow terminal is waited for, in milliseconds. */
const PATIENCE_MS = 2_000;
