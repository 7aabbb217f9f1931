/**
 * A terminal that a test looks at and types on: a tmux(1) server of its own, with a shell in its one window.
 *
 * @module
 */

import { awaitCondition } from "./await_condition.ts";
import { runProgram } from "./process.ts";

/** How a terminal is made. */
export interface TmuxOptions {
  readonly columns: number;
  readonly rows: number;
  /** Added to the environment of what runs in it. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The terminal. */
export class TmuxTerminal implements AsyncDisposable {
  /** A folder for files of what runs in it; it goes with the terminal. */
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** Starts it. */
  static async start({ columns, rows, env = {} }: TmuxOptions): Promise<TmuxTerminal> {
    const terminal = new TmuxTerminal(await Deno.makeTempDir({ prefix: "bindlink-tmux-" }));
    const named = Object.entries({ PS1: "$ ", HISTFILE: "", ...env })
      .flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    const size = ["-x", String(columns), "-y", String(rows)];
    const shell = ["bash", "--norc", "--noprofile", "-i"];
    try {
      // Without a status line, all rows are the window's. UTF-8 whatever the locale.
      await terminal.#tmux(
        ...["set-option", "-g", "status", "off", ";"],
        ...["new-session", "-d", ...size, ...named, ...shell],
      );
    } catch (error) {
      await terminal[Symbol.asyncDispose]();
      throw error;
    }
    return terminal;
  }

  /** What is seen: the rows, without spaces at their ends. */
  async screen(): Promise<readonly string[]> {
    const text = await this.#tmux("capture-pane", "-p");
    return text.replace(/\n$/, "").split("\n").map((line) => line.trimEnd());
  }

  /** What is seen as one text, with the escape sequences that make colours and weights. */
  async paintedText(): Promise<string> {
    return await this.#tmux("capture-pane", "-p", "-e");
  }

  /** Waits until something is seen. @returns the screen then. @throws Error with the screen. */
  async waitFor(pattern: RegExp, timeoutMs = 10_000): Promise<readonly string[]> {
    let screen: readonly string[] = [];
    return await awaitCondition(`${pattern} to be seen`, async () => {
      screen = await this.screen();
      return pattern.test(screen.join("\n")) ? screen : null;
    }, { timeoutMs, detail: () => screen.join("\n") });
  }

  /** Types text as it is. */
  async type(text: string): Promise<void> {
    await this.#tmux("send-keys", "-l", "--", text);
  }

  /** Presses keys by tmux's names: `Enter`, `Down`, `C-c`. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux("send-keys", "--", ...keys);
  }

  /** Gives the shell a line. */
  async enter(line: string): Promise<void> {
    await this.type(line);
    await this.press("Enter");
  }

  /** Changes its size, as dragging a window's corner does. */
  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux("resize-window", "-x", String(columns), "-y", String(rows));
  }

  /** What a program may have left behind: whether the second screen is on, the cursor seen, long lines go on. */
  async modes(): Promise<
    { readonly isAlternate: boolean; readonly hasCursor: boolean; readonly wraps: boolean }
  > {
    const format = "#{alternate_on} #{cursor_flag} #{wrap_flag}";
    const [isAlternate, hasCursor, wraps] = (await this.#tmux("display-message", "-p", format))
      .trim().split(" ").map((flag) => flag === "1");
    return { isAlternate: isAlternate!, hasCursor: hasCursor!, wraps: wraps! };
  }

  /** Ends it with all that runs in it. */
  async [Symbol.asyncDispose](): Promise<void> {
    // It may not have come to life.
    await this.#tmux("kill-server").catch(() => {});
    await Deno.remove(this.folder, { recursive: true });
  }

  async #tmux(...args: readonly string[]): Promise<string> {
    return await runProgram(
      ["tmux", "-u", "-f", "/dev/null", "-S", `${this.folder}/tmux`, ...args],
    );
  }
}
