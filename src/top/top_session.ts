/**
 * A run of `bindlink top`: asks the daemon once a second, takes keys, and paints what has changed.
 *
 * @module
 */

import { abortableSleep } from "../abortable_sleep.ts";
import type { ControlRequest } from "../control/control_message.ts";
import type { StatusReport } from "../control/status_report.ts";
import type { LinkOutcome } from "../live_links.ts";
import { describeError } from "../log.ts";
import type { Glyphs } from "./glyphs.ts";
import { pressKey, type TopAction } from "./key_action.ts";
import { KeyDecoder } from "./key_decoder.ts";
import { Painter } from "./painter.ts";
import { drawScreen } from "./screen.ts";
import type { TopTerminal } from "./terminal.ts";
import { type TopState, withNotice, withoutReport, withReport } from "./top_state.ts";

/** The daemon that is watched. */
export interface WatchedDaemon {
  /** Its report; null when it does not run. @throws Error */
  status(): Promise<StatusReport | null>;
  /** What it answers to a request; null when it does not run. @throws Error */
  ask(request: ControlRequest): Promise<{ readonly result: unknown } | null>;
}

/** What a session works with. */
export interface TopSessionOptions {
  readonly daemon: WatchedDaemon;
  readonly terminal: TopTerminal;
  readonly glyphs: Glyphs;
  readonly hasColors: boolean;
  /** Milliseconds since 1970. */
  readonly wallClock: () => number;
  /** Monotonic ms. */
  readonly clock: () => number;
}

/** One run. */
export class TopSession {
  readonly #options: TopSessionOptions;
  readonly #painter: Painter;
  readonly #stop = new AbortController();
  /** Aborted to ask before a second is over. */
  #nap = new AbortController();
  #state: TopState;

  /** @param state what is shown first */
  constructor(state: TopState, options: TopSessionOptions) {
    this.#state = state;
    this.#options = options;
    this.#painter = new Painter(options.hasColors);
  }

  /** Runs until `q`, {@link stop}, or the end of the terminal. */
  async run(): Promise<void> {
    this.#paint();
    // An answer, or a key, may be long in coming.
    const stopped = new Promise<void>((resolve) =>
      this.#stop.signal.addEventListener("abort", () => resolve(), { once: true })
    );
    await Promise.race([stopped, this.#watch(), this.#takeKeys()]);
    this.stop();
  }

  /** Ends the run. */
  stop(): void {
    this.#stop.abort();
    this.#nap.abort();
  }

  /** Paints all of it: the terminal has another size, or somebody else wrote there. */
  repaint(): void {
    this.#painter.forget();
    this.#paint();
  }

  async #watch(): Promise<void> {
    const { clock } = this.#options;
    // The state that we begin with is new.
    let askedMs = clock();
    while (!this.#stop.signal.aborted) {
      this.#nap = new AbortController();
      await abortableSleep(Math.max(0, PERIOD_MS - (clock() - askedMs)), this.#nap.signal);
      if (this.#stop.signal.aborted) return;
      askedMs = clock();
      await this.#askStatus();
      this.#paint();
    }
  }

  async #askStatus(): Promise<void> {
    const { daemon, wallClock } = this.#options;
    try {
      const report = await daemon.status();
      this.#state = report === null
        ? withoutReport(this.#state, { what: "is not running", why: "" }, wallClock())
        : withReport(this.#state, report);
    } catch (error) {
      const reason = { what: "does not answer", why: describeError(error) };
      this.#state = withoutReport(this.#state, reason, wallClock());
    }
  }

  async #takeKeys(): Promise<void> {
    const { terminal, wallClock } = this.#options;
    const decoder = new KeyDecoder();
    for (;;) {
      const bytes = await terminal.read();
      if (bytes === null) return;
      for (const key of decoder.decode(bytes)) {
        const { state, action } = pressKey(this.#state, key, wallClock());
        this.#state = state;
        if (action?.kind === "quit") return;
        if (action !== null) this.#act(action);
      }
      this.#paint();
    }
  }

  #act(action: Exclude<TopAction, { readonly kind: "quit" }>): void {
    switch (action.kind) {
      case "suspend":
        return this.#options.terminal.suspend();
      case "repaint":
        return this.repaint();
      case "ask":
        // It catches what it throws; keys are taken meanwhile.
        void this.#ask(action);
    }
  }

  async #ask(action: Extract<TopAction, { readonly kind: "ask" }>): Promise<void> {
    this.#state = { ...this.#state, doing: action.doing };
    const { text, isBad } = await this.#answerTo(action);
    const nowMs = this.#options.wallClock();
    this.#state = withNotice({ ...this.#state, doing: null }, text, { isBad, nowMs });
    this.#paint();
    this.#nap.abort();
  }

  async #answerTo(
    { request, done, unchanged }: Extract<TopAction, { readonly kind: "ask" }>,
  ): Promise<{ readonly text: string; readonly isBad: boolean }> {
    try {
      const answer = await this.#options.daemon.ask(request);
      if (answer === null) return { text: `The ${this.#state.whom} is not running`, isBad: true };
      const outcome = answer.result as Partial<LinkOutcome> | null;
      return { text: outcome?.isChanged === false ? unchanged : done, isBad: false };
    } catch (error) {
      return { text: describeError(error), isBad: true };
    }
  }

  #paint(): void {
    if (this.#stop.signal.aborted) return;
    const { terminal, glyphs, wallClock } = this.#options;
    const size = terminal.size();
    const lines = drawScreen(this.#state, size, wallClock(), glyphs);
    const text = this.#painter.paint(lines, size.columns);
    if (text !== "" && !terminal.write(text)) this.stop();
  }
}

/** How often the daemon is asked, in milliseconds: it measures its rates over about as long. */
const PERIOD_MS = 1_000;
