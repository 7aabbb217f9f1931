import assert from "node:assert/strict";
import type { ControlRequest } from "../../../src/control/control_message.ts";
import type { StatusReport } from "../../../src/control/status_report.ts";
import type { ScreenSize } from "../../../src/top/canvas.ts";
import { UNICODE_GLYPHS } from "../../../src/top/glyphs.ts";
import type { TopTerminal } from "../../../src/top/terminal.ts";
import { TopSession, type WatchedDaemon } from "../../../src/top/top_session.ts";
import { firstState } from "../../../src/top/top_state.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { awaitCondition } from "../../support/await_condition.ts";
import { LINKS, NOW_MS, sampleReport } from "./sample_state.ts";

/** A terminal on which keys are pressed, and which keeps what was written. */
class FakeTerminal implements TopTerminal {
  written = "";
  isGone = false;
  suspensions = 0;
  #size: ScreenSize = { columns: 80, rows: 24 };
  #typed = Promise.withResolvers<Uint8Array | null>();

  size(): ScreenSize {
    return this.#size;
  }

  write(text: string): boolean {
    this.written += text;
    return !this.isGone;
  }

  read(): Promise<Uint8Array | null> {
    return this.#typed.promise;
  }

  suspend(): void {
    this.suspensions++;
  }

  /** Types; null: the end. */
  async type(text: string | null): Promise<void> {
    const typed = this.#typed;
    this.#typed = Promise.withResolvers();
    typed.resolve(text === null ? null : new TextEncoder().encode(text));
    await new Promise((resolve) => setTimeout(resolve));
  }

  async waitFor(text: string): Promise<void> {
    await awaitCondition(`"${text}"`, () => this.written.includes(text), {
      detail: () => this.written,
      intervalMs: 10,
    });
  }
}

/** A daemon that answers as it is told. */
class FakeDaemon implements WatchedDaemon {
  report: StatusReport | null = sampleReport();
  answer: () => Promise<{ readonly result: unknown } | null> = () =>
    Promise.resolve({ result: { name: "", isChanged: true, isLast: false } });
  readonly requests: ControlRequest[] = [];

  status(): Promise<StatusReport | null> {
    return Promise.resolve(this.report);
  }

  ask(request: ControlRequest): Promise<{ readonly result: unknown } | null> {
    this.requests.push(request);
    return this.answer();
  }
}

interface Rig {
  readonly terminal: FakeTerminal;
  readonly daemon: FakeDaemon;
  readonly session: TopSession;
  /** Settles when the session has ended. */
  readonly ended: Promise<void>;
}

function startSession(): Rig {
  const terminal = new FakeTerminal();
  const daemon = new FakeDaemon();
  const session = new TopSession(firstState("slave bind0", sampleReport()), {
    daemon,
    terminal,
    glyphs: UNICODE_GLYPHS,
    hasColors: false,
    wallClock: () => NOW_MS,
    clock: () => performance.now(),
  });
  return { terminal, daemon, session, ended: session.run() };
}

Deno.test("TopSession paints, asks again by itself, and paints what is new", async () => {
  const { terminal, daemon, ended } = startSession();
  await terminal.waitFor("carrying 950 kbit/s");
  daemon.report = sampleReport({ mode: "cheapest" });
  await terminal.waitFor("mode cheapest");
  assert.equal(terminal.written.split("\x1b[2J").length, 2, "all of it once");
  await terminal.type("q");
  await ended;
});

Deno.test("TopSession says that the daemon is away, and goes on when it is back", async () => {
  const { terminal, daemon, ended } = startSession();
  daemon.report = null;
  await terminal.waitFor("! slave bind0 is not running, waiting for 0 s");
  daemon.report = sampleReport({ uptimeSeconds: 3 });
  await terminal.waitFor("up for 3 s");
  await terminal.type("q");
  await ended;
});

Deno.test("TopSession asks for what a key means, and shows the outcome at once", async () => {
  const { terminal, daemon, ended } = startSession();
  const answer = Promise.withResolvers<{ readonly result: unknown }>();
  daemon.answer = () => answer.promise;
  await terminal.type("o");
  await terminal.waitFor("Switching phone1 off ...");
  const off = { ...LINKS[0]!, state: "off" as const, reason: "switched off" };
  daemon.report = sampleReport({ links: [off, ...LINKS.slice(1)] });
  answer.resolve({ result: { name: "phone1", isChanged: true, isLast: true } });
  await terminal.waitFor("Switched phone1 off");
  await terminal.waitFor("× off");
  assert.deepEqual(daemon.requests, [{ command: "link.down", name: "phone1" }]);
  await terminal.type("q");
  await ended;
});

Deno.test("TopSession says what the daemon refuses, and what was so before", async () => {
  const { terminal, daemon, ended } = startSession();
  daemon.answer = () => Promise.reject(new UsageError('There is no link "phone1"'));
  await terminal.type("ld");
  await terminal.waitFor('! There is no link "phone1"');
  daemon.answer = () => Promise.resolve({ result: { isChanged: false } });
  await terminal.type("ld");
  await terminal.waitFor("The mode of phone1 is the slave's already");
  daemon.answer = () => Promise.resolve(null);
  await terminal.type("ms");
  await terminal.waitFor("! The slave bind0 is not running");
  daemon.answer = () => Promise.resolve({ result: null });
  await terminal.type("ms");
  await terminal.waitFor("The mode is speed now");
  await terminal.type("q");
  await ended;
});

Deno.test("TopSession does not wait for an answer when it is to end", async () => {
  const { terminal, daemon, session, ended } = startSession();
  let isAsked = false;
  daemon.status = () => {
    isAsked = true;
    return new Promise(() => {});
  };
  await awaitCondition("the question", () => isAsked);
  session.stop();
  await ended;
  await terminal.type("o");
});

Deno.test("TopSession ends with its terminal, as it is read and as it is written", async () => {
  const read = startSession();
  await read.terminal.type(null);
  await read.ended;
  const written = startSession();
  written.terminal.isGone = true;
  written.session.repaint();
  await written.ended;
});

Deno.test("TopSession stops for the shell, and paints all of it when asked to", async () => {
  const { terminal, ended } = startSession();
  await terminal.type("\x1a");
  assert.equal(terminal.suspensions, 1);
  terminal.written = "";
  await terminal.type("\x0c");
  assert.match(terminal.written, /2J.*bindlink 0\.1\.0 slave/);
  await terminal.type("q");
  await ended;
});
