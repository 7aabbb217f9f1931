/**
 * The relay process from outside: starts it, tells it what to do, reads what it counted.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { readLines } from "../../support/read_lines.ts";
import type { Namespace } from "../../support/namespace.ts";
import type { RelayLinkOptions } from "./relay_link.ts";
import type { RelayReport, RelayStep } from "./relay_main.ts";

const MAIN = fileURLToPath(new URL("relay_main.ts", import.meta.url));
/**
 * Links do not wait for a processor, so the relay takes one before anybody else (SCHED_FIFO, sched(7)):
 * beside other busy programs it was 10 to 150 ms late without. It uses a fifth of one.
 */
const REAL_TIME = ["chrt", "--fifo", "10"] as const;
const encoder = new TextEncoder();

/** A running relay. One question at a time. */
export class RelayProcess implements AsyncDisposable {
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #answers: AsyncGenerator<string, void, void>;

  private constructor(child: Deno.ChildProcess) {
    this.#child = child;
    this.pid = child.pid;
    this.#stdin = child.stdin.getWriter();
    this.#answers = readLines(child.stdout);
  }

  /** Starts it; resolves when its sockets are open. */
  static async start(
    namespace: Namespace,
    links: readonly RelayLinkOptions[],
  ): Promise<RelayProcess> {
    const deno = [
      ...REAL_TIME,
      Deno.execPath(),
      "run",
      "-A",
      "--quiet",
      MAIN,
      JSON.stringify(links),
    ];
    const [program = "", ...args] = namespace.command(deno);
    const options = { stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
    const relay = new RelayProcess(new Deno.Command(program, { args, ...options }).spawn());
    await relay.#answer();
    return relay;
  }

  /** Forgets the samples so far. @returns wall clock of the new beginning, in ms. */
  async reset(): Promise<number> {
    return (await this.#ask<{ resetMs: number }>({ reset: true })).resetMs;
  }

  /** Changes of the links from now on. @returns wall clock of the beginning, in ms. */
  async schedule(steps: readonly RelayStep[]): Promise<number> {
    return (await this.#ask<{ scheduledMs: number }>({ schedule: steps })).scheduledMs;
  }

  /** What the links did since the last reset. */
  async report(): Promise<RelayReport> {
    return await this.#ask<RelayReport>({ report: true });
  }

  async #ask<Answer>(question: unknown): Promise<Answer> {
    await this.#stdin.write(encoder.encode(`${JSON.stringify(question)}\n`));
    return await this.#answer();
  }

  async #answer<Answer>(): Promise<Answer> {
    const { value } = await this.#answers.next();
    if (value === undefined) throw new Error("The relay has ended");
    return JSON.parse(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stdin.close().catch(() => {}); // a broken pipe: it is gone
    await this.#answers.return();
    await this.#child.status;
  }
}
