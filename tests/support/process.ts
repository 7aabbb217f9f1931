/**
 * A program that a test runs beside itself: its lines, its memory, its end.
 *
 * @module
 */

import { awaitCondition } from "./await_condition.ts";
import { readLines } from "./read_lines.ts";

/** How a program is started. */
export interface ProcessOptions {
  /** Added to the environment, or, with `clearEnv`, all of it. */
  readonly env?: Readonly<Record<string, string>>;
  readonly clearEnv?: boolean;
  readonly cwd?: string;
  /** Keeps stdin open until {@link TestProcess.closeStdin}; else it is empty. */
  readonly stdin?: "piped" | "null";
}

/** How a program ended. */
export interface ExitStatus {
  /** 128 + the signal's number when a signal ended it. */
  readonly code: number;
  readonly signal: Deno.Signal | null;
}

/** How long a program may take after SIGTERM before SIGKILL follows, in milliseconds. */
const STOP_PATIENCE_MS = 5_000;

/** Lines kept for each stream; the oldest go first. */
const MAX_LINES = 20_000;

/** A running program. Disposing of it stops it. */
export class TestProcess implements AsyncDisposable {
  readonly pid: number;
  readonly command: readonly string[];
  /** What it wrote so far, line by line. */
  readonly stdout: string[] = [];
  readonly stderr: string[] = [];
  /** Resolves when it has ended and all it wrote is in the arrays. */
  readonly status: Promise<ExitStatus>;
  /** How it ended; null while it runs. */
  ended: ExitStatus | null = null;
  readonly #child: Deno.ChildProcess;
  #stdin: WritableStreamDefaultWriter<Uint8Array> | null;

  /** Starts it. @throws Deno.errors.NotFound when there is no such program. */
  constructor(command: readonly string[], options: ProcessOptions = {}) {
    const [program = "", ...args] = command;
    this.command = command;
    this.#child = new Deno.Command(program, {
      args,
      stdin: options.stdin ?? "null",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1", ...options.env },
      clearEnv: options.clearEnv ?? false,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    }).spawn();
    this.pid = this.#child.pid;
    this.#stdin = options.stdin === "piped" ? this.#child.stdin.getWriter() : null;
    this.status = this.#watch();
  }

  /** All lines of both streams, for messages. */
  get output(): string {
    return [...this.stdout, ...this.stderr].join("\n");
  }

  /** Ends its stdin, if it was piped and the program has not closed it. */
  async closeStdin(): Promise<void> {
    const stdin = this.#stdin;
    this.#stdin = null;
    await stdin?.close().catch(() => {}); // a broken pipe: the program is gone
  }

  /** How many lines stand on stderr now: a starting point for {@link waitForLine}. */
  mark(): number {
    return this.stderr.length;
  }

  /**
   * The first line on stderr, or else stdout, that matches.
   * @param from index in `stderr`, of {@link mark}, before which lines do not count; then stdout does not either.
   * @throws Error with all the output when time is up or the program ends without it.
   */
  async waitForLine(pattern: RegExp, timeoutMs = 10_000, from = 0): Promise<string> {
    const find = (): string | undefined =>
      this.stderr.slice(from).find((line) => pattern.test(line)) ??
        (from === 0 ? this.stdout.find((line) => pattern.test(line)) : undefined);
    const result = await awaitCondition<string | ExitStatus>(
      `a line that matches ${pattern}`,
      () => find() ?? this.ended,
      { timeoutMs, intervalMs: 20, detail: () => this.output },
    );
    if (typeof result === "string") return result;
    const line = find();
    if (line !== undefined) return line;
    throw new Error(
      `"${this.command.join(" ")}" ended with ${result.code} without a line that matches ` +
        `${pattern}:\n${this.output}`,
    );
  }

  /** Resident memory now, in bytes (proc_pid_status(5), VmRSS). */
  rssBytes(): number {
    const status = Deno.readTextFileSync(`/proc/${this.pid}/status`);
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
  }

  /** Open file descriptors now. */
  openFiles(): number {
    return [...Deno.readDirSync(`/proc/${this.pid}/fd`)].length;
  }

  /** Whether it, or a program of its namespace, listens on a TCP port. */
  isTcpPortListening(port: number): boolean {
    // proc_net(5): local address and port in hex, then the remote's, then the state; 0A is LISTEN.
    const hex = port.toString(16).toUpperCase().padStart(4, "0");
    const listening = new RegExp(`:${hex} [0-9A-F]+:0000 0A `);
    return ["tcp", "tcp6"].some((table) =>
      listening.test(Deno.readTextFileSync(`/proc/${this.pid}/net/${table}`))
    );
  }

  /** Sends a signal; nothing happens when it has ended. */
  kill(signal: Deno.Signal): void {
    if (this.ended !== null) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      // It may have ended a moment ago.
      if (!(error instanceof Deno.errors.NotFound) && !(error instanceof TypeError)) throw error;
    }
  }

  /** Kills it and all its descendants at once, as a power cut does. */
  async crash(): Promise<ExitStatus> {
    this.#killFamily(descendantsOf(this.pid));
    return await this.status;
  }

  /** Stops it: by the signal, and by SIGKILL with all its descendants when that does not help. Idempotent. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<ExitStatus> {
    // Now: once it is dead, nobody knows any more whose children they were.
    const descendants = this.ended === null ? descendantsOf(this.pid) : [];
    this.kill(signal);
    const timer = setTimeout(() => this.#killFamily(descendants), STOP_PATIENCE_MS);
    try {
      return await this.status;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #killFamily(descendants: readonly number[]): void {
    this.kill("SIGKILL");
    for (const pid of descendants) {
      try {
        Deno.kill(pid, "SIGKILL");
      } catch (error) {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      }
    }
  }

  async #watch(): Promise<ExitStatus> {
    const [status] = await Promise.all([
      this.#child.status,
      collect(this.#child.stdout, this.stdout),
      collect(this.#child.stderr, this.stderr),
    ]);
    await this.closeStdin();
    this.ended = { code: status.code, signal: status.signal };
    return this.ended;
  }
}

/** Runs a program to its end. @throws Error with what it said when it fails. @returns its stdout. */
export async function runProgram(
  command: readonly string[],
  options: ProcessOptions = {},
): Promise<string> {
  await using process = new TestProcess(command, options);
  const { code } = await process.status;
  if (code !== 0) throw new Error(`"${command.join(" ")}" failed with ${code}:\n${process.output}`);
  return process.stdout.join("\n");
}

async function collect(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  lines: string[],
): Promise<void> {
  for await (const line of readLines(stream)) {
    if (lines.length >= MAX_LINES) lines.shift();
    lines.push(line);
  }
}

/** All processes below one, by the parents in /proc/PID/stat (proc_pid_stat(5)). */
function descendantsOf(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const { name } of Deno.readDirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(name);
    if (parent !== null) children.set(parent, [...children.get(parent) ?? [], Number(name)]);
  }
  const found: number[] = [];
  for (let queue = [root]; queue.length > 0;) {
    const next = queue.flatMap((pid) => children.get(pid) ?? []);
    found.push(...next);
    queue = next;
  }
  return found;
}

function parentOf(pid: string): number | null {
  try {
    // The name, second, stands in brackets and may hold anything.
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ").at(-1);
    return Number(fields?.split(" ")[1]);
  } catch {
    return null; // ended meanwhile
  }
}
