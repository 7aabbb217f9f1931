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

  /** How many were answered so far. */
  get received(): number {
    return this.#answered().size;
  }

  /** Stops it after one more answer. Those sent behind the last answer are under way still and do not count, unless no more answers come. */
  async finish(): Promise<{ readonly sent: number; readonly received: number }> {
    const before = this.received;
    const isAnswering = await awaitCondition("one more answer", () => this.received > before, {
      timeoutMs: LAST_ANSWER_MS,
      intervalMs: 5,
    }).then(() => true, () => false); // the caller sees what is missing
    await this.#process.stop("SIGINT");
    const summary = this.#process.stdout.find((line) => line.includes("packets transmitted"));
    const sent = /(\d+) packets transmitted/.exec(summary ?? "")?.[1];
    assert(sent !== undefined, this.#process.output);
    const answered = this.#answered();
    return {
      sent: isAnswering ? Math.max(...answered) : Number(sent),
      received: answered.size,
    };
  }

  /** Their sequence numbers, from 1. */
  #answered(): ReadonlySet<number> {
    const numbers = new Set<number>();
    for (const line of this.#process.stdout) {
      const [, number] = /icmp_seq=(\d+) .*time=/.exec(line) ?? [];
      if (number !== undefined) numbers.add(Number(number));
    }
    return numbers;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }
}
