/**
 * A TCP transfer that goes on until a test has seen enough, and whose bytes are then compared.
 *
 * @module
 */

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { awaitCondition } from "./await_condition.ts";
import type { Namespace } from "./namespace.ts";
import type { TestProcess } from "./process.ts";

const MAIN = fileURLToPath(new URL("tcp_transfer_main.ts", import.meta.url));

/** How long the bytes under way may take to arrive after the sender stopped, in milliseconds. */
const FINISH_TIMEOUT_MS = 30_000;

/** From where to where. */
export interface TcpTransferOptions {
  readonly from: Namespace;
  readonly to: Namespace;
  /** Where the receiver listens. */
  readonly listen: { readonly host: string; readonly port: number };
  /** Where the sender connects to; the same by default. */
  readonly connect?: { readonly host: string; readonly port: number };
}

/** A transfer under way. */
export class TcpTransfer implements AsyncDisposable {
  readonly #sender: TestProcess;
  readonly #receiver: TestProcess;

  private constructor(sender: TestProcess, receiver: TestProcess) {
    this.#sender = sender;
    this.#receiver = receiver;
  }

  /** Starts one; resolves when the receiver listens, not when bytes flow. */
  static async start(options: TcpTransferOptions): Promise<TcpTransfer> {
    const { from, to, listen, connect = listen } = options;
    const receiver = startMain(to, "receive", listen);
    try {
      await receiver.waitForLine(/^listening$/);
      return new TcpTransfer(startMain(from, "send", connect), receiver);
    } catch (error) {
      await receiver.stop();
      throw error;
    }
  }

  /** Bytes that arrived, some tenths of a second ago. */
  get receivedBytes(): number {
    const line = this.#receiver.stdout.findLast((line) => line.startsWith("{"));
    const report: { progress?: number; bytes?: number } = JSON.parse(line ?? "{}");
    return report.progress ?? report.bytes ?? 0;
  }

  /** Waits until this many further bytes have arrived: the transfer lives. */
  async waitForMore(bytes: number, timeoutMs = 15_000): Promise<void> {
    const goal = this.receivedBytes + bytes;
    const broken = (): TestProcess | undefined =>
      [this.#sender, this.#receiver].find((process) => process.ended !== null);
    await awaitCondition(
      `${bytes} more bytes of the transfer`,
      () => this.receivedBytes >= goal || broken(),
      { timeoutMs },
    );
    const output = broken()?.output;
    if (output !== undefined) throw new Error(`The transfer broke off:\n${output}`);
  }

  /** Ends it and checks that every byte arrived. @returns bytes transferred. */
  async finish(): Promise<number> {
    return (await this.finishTimed()).bytes;
  }

  /** As {@link finish}. @returns also the longest time between two bytes' arrivals, in ms. */
  async finishTimed(): Promise<{ readonly bytes: number; readonly longestPauseMs: number }> {
    await this.#sender.closeStdin();
    const reports: { bytes: number; sha256: string; longestPauseMs: number }[] = [];
    for (const process of [this.#sender, this.#receiver]) {
      const line = await process.waitForLine(/"sha256"/, FINISH_TIMEOUT_MS);
      reports.push(JSON.parse(line));
      assert.equal((await process.status).code, 0, process.output);
    }
    const [sent, received] = reports;
    assert.equal(received!.bytes, sent!.bytes);
    assert.equal(received!.sha256, sent!.sha256);
    return received!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([this.#sender.stop(), this.#receiver.stop()]);
  }
}

function startMain(
  namespace: Namespace,
  role: "receive" | "send",
  { host, port }: { readonly host: string; readonly port: number },
): TestProcess {
  const command = [Deno.execPath(), "run", "-A", "--quiet", MAIN, role, host, String(port)];
  return namespace.spawn(command, { stdin: "piped" });
}
