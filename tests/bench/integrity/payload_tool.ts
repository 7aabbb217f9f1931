/**
 * Runs `payload_tool_main.ts` inside namespaces.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { awaitCondition } from "../../support/await_condition.ts";
import type { Namespace } from "../../support/namespace.ts";
import type { TestProcess } from "../../support/process.ts";

const TOOL = [
  Deno.execPath(),
  "run",
  "-A",
  "--quiet",
  "--unstable-net",
  fileURLToPath(new URL("payload_tool_main.ts", import.meta.url)),
];

/** How much longer than its time a sender may take, until the other end has read all of it. */
const SENDER_PATIENCE_MS = 30_000;

/** A tool that runs until it is told to end. */
export class PayloadTool implements AsyncDisposable {
  readonly #process: TestProcess;
  #linesTaken = 1;

  private constructor(process: TestProcess) {
    this.#process = process;
  }

  /** Starts one; resolves when it is ready. */
  static async start(
    namespace: Namespace,
    ...args: readonly (string | number)[]
  ): Promise<PayloadTool> {
    return new PayloadTool(await namespace.spawnReady([...TOOL, ...args.map(String)]));
  }

  /** What it printed last, if it is still there; null: nothing yet. */
  latest<Report>(): Report | null {
    if (this.#process.ended !== null) throw new Error(`It has ended:\n${this.#process.output}`);
    return this.#process.stdout.length < 2 ? null : JSON.parse(this.#process.stdout.at(-1)!);
  }

  /** Its next report that was not taken yet. */
  async next<Report>(): Promise<Report> {
    const { stdout } = this.#process;
    const line = await awaitCondition("a report", () => stdout[this.#linesTaken], {
      detail: () => this.#process.output,
    });
    this.#linesTaken++;
    return JSON.parse(line);
  }

  /** Ends it. @returns its last report. */
  async finish<Report>(): Promise<Report> {
    await this.#process.closeStdin();
    const { code } = await this.#process.status;
    if (code !== 0) throw new Error(`It failed with ${code}:\n${this.#process.output}`);
    return JSON.parse(this.#process.stdout.at(-1)!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }
}

/** Sends a stream for that long. @returns how many bytes went. */
export async function sendStream(
  namespace: Namespace,
  { host, port, durationMs }: {
    readonly host: string;
    readonly port: number;
    readonly durationMs: number;
  },
): Promise<number> {
  const args = ["tcp-send", host, String(port), String(durationMs)];
  await using process = namespace.spawn([...TOOL, ...args]);
  const { code } = await awaitCondition("a stream to be read", () => process.ended, {
    timeoutMs: durationMs + SENDER_PATIENCE_MS,
    detail: () => process.output,
  });
  if (code !== 0) throw new Error(`The sender failed with ${code}:\n${process.output}`);
  const { bytes }: { bytes: number } = JSON.parse(process.stdout.at(-1)!);
  return bytes;
}
