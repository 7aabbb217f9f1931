/**
 * microsocks: a real SOCKS5 proxy that does TCP only, as many phone apps do.
 *
 * @module
 */

import { awaitCondition } from "./await_condition.ts";
import type { Namespace } from "./namespace.ts";
import type { TestProcess } from "./process.ts";

/** Port for clients. */
const PORT = 1080;

/** A running microsocks on port 1080 of all of a namespace's addresses. */
export class Microsocks implements AsyncDisposable {
  readonly #process: TestProcess;

  private constructor(process: TestProcess) {
    this.#process = process;
  }

  /** Starts one; resolves when it listens. */
  static async start(namespace: Namespace): Promise<Microsocks> {
    const process = namespace.spawn(["microsocks", "-p", String(PORT)]);
    const microsocks = new Microsocks(process);
    try {
      await awaitCondition("microsocks to listen", () => process.isTcpPortListening(PORT), {
        intervalMs: 20,
        detail: () => process.output,
      });
      return microsocks;
    } catch (error) {
      await microsocks.stop();
      throw error;
    }
  }

  /** Kills it: every connection through it breaks. */
  async stop(): Promise<void> {
    await this.#process.stop("SIGKILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
