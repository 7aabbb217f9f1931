/**
 * A crowd of TCP connections that mean no good (tcp_crowd_main.ts), as a process.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import { awaitCondition } from "./await_condition.ts";
import type { Namespace } from "./namespace.ts";
import type { TestProcess } from "./process.ts";
import { testSeed } from "./rng.ts";

const MAIN = fileURLToPath(new URL("tcp_crowd_main.ts", import.meta.url));

/** A running crowd. */
export class TcpCrowd implements AsyncDisposable {
  readonly #process: TestProcess;

  private constructor(process: TestProcess) {
    this.#process = process;
  }

  /** Starts one. @param target `HOST:PORT` @param connections held at once, as far as the other end lets them. */
  static async start(from: Namespace, target: string, connections: number): Promise<TcpCrowd> {
    const args = [target, String(connections), String(testSeed())];
    const command = [Deno.execPath(), "run", "-A", "--quiet", MAIN, ...args];
    const process = from.spawn(command, { stdin: "piped" });
    const crowd = new TcpCrowd(process);
    try {
      await awaitCondition(`${connections} connections`, () => crowd.opened >= connections, {
        detail: () => process.output,
      });
      return crowd;
    } catch (error) {
      await crowd[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#report().open;
  }

  /** Connections so far. */
  get opened(): number {
    return this.#report().opened;
  }

  #report(): { readonly open: number; readonly opened: number } {
    const line = this.#process.stdout.at(-1);
    return line === undefined ? { open: 0, opened: 0 } : JSON.parse(line);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }
}
