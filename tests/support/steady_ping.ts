/**
 * Pings at a steady pace until a test has seen enough: the tunnel as its user feels it.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Namespace } from "./namespace.ts";
import type { TestProcess } from "./process.ts";

/** How long a lost ping's answer may take before ping(8) says so, in seconds. */
const WAIT_S = 1;

/** A ping(8) that goes on. */
export class SteadyPing implements AsyncDisposable {
  readonly #process: TestProcess;

  private constructor(process: TestProcess) {
    this.#process = process;
  }

  /** Starts one. @param intervalMs between two of them; 5 a second by default. */
  static start(namespace: Namespace, host: string, intervalMs = 200): SteadyPing {
    const pace = ["-i", String(intervalMs / 1_000), "-W", String(WAIT_S)];
    return new SteadyPing(namespace.spawn(["ping", "-n", ...pace, host]));
  }

  /** Those answered so far. */
  get received(): number {
    return this.#process.stdout.filter((line) =>
      line.includes("icmp_seq=") && line.includes("time=")
    )
      .length;
  }

  /** Stops it. One that is under way in this moment counts as sent: a caller may see one too many. */
  async finish(): Promise<{ readonly sent: number; readonly received: number }> {
    await this.#process.stop("SIGINT");
    const summary = this.#process.stdout.find((line) => line.includes("packets transmitted"));
    const [, sent, received] = /(\d+) packets transmitted, (\d+) received/.exec(summary ?? "") ??
      [];
    assert(sent !== undefined && received !== undefined, this.#process.output);
    return { sent: Number(sent), received: Number(received) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }
}
