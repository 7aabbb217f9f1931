/**
 * Pings at a steady pace until a test has seen enough: the tunnel as its user feels it.
 *
 * @module
 */

import assert from "node:assert/strict";
import { awaitCondition } from "./await_condition.ts";
import type { Namespace } from "./namespace.ts";
import type { TestProcess } from "./process.ts";

/** How long an answer is waited for at the end, in milliseconds. */
const LAST_ANSWER_MS = 2_000;

/** A ping(8) that goes on. */
export class SteadyPing implements AsyncDisposable {
  readonly #process: TestProcess;

  private constructor(process: TestProcess) {
    this.#process = process;
  }

  /** Starts one. @param intervalMs between two of them; 5 a second by default. */
  static start(namespace: Namespace, host: string, intervalMs = 200): SteadyPing {
    const pace = ["-i", String(intervalMs / 1_000)];
    return new SteadyPing(namespace.spawn(["ping", "-n", ...pace, host]));
  }

  /** Those answered so far. */
  get received(): number {
    return this.#process.stdout.filter((line) =>
      line.includes("icmp_seq=") && line.includes("time=")
    )
      .length;
  }

  /** Stops it right after an answer, so that none is under way; when no more answers come, all the same. */
  async finish(): Promise<{ readonly sent: number; readonly received: number }> {
    const before = this.received;
    await awaitCondition("one more answer", () => this.received > before, {
      timeoutMs: LAST_ANSWER_MS,
      intervalMs: 5,
    }).catch(() => {}); // the caller sees what is missing
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
