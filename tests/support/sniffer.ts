/**
 * tcpdump on an interface of a namespace.
 *
 * @module
 */

import type { Namespace } from "./namespace.ts";
import type { TestProcess } from "./process.ts";

/** A running tcpdump. */
export class Sniffer implements AsyncDisposable {
  readonly #process: TestProcess;

  private constructor(process: TestProcess) {
    this.#process = process;
  }

  /** Starts one; resolves when it captures. @param filter pcap-filter(7). */
  static async start(namespace: Namespace, device: string, filter: string): Promise<Sniffer> {
    // -l: a line per packet at once; -U would do nothing here.
    const process = namespace.spawn(["tcpdump", "-nltq", "-i", device, filter]);
    try {
      await process.waitForLine(/listening on/);
      return new Sniffer(process);
    } catch (error) {
      await process.stop();
      throw error;
    }
  }

  /** Stops it. @returns what `pick` finds in each line, undefined left out. */
  async finish<Found>(pick: (line: string) => Found | undefined): Promise<Found[]> {
    // SIGINT: it writes what it has and ends.
    await this.#process.stop("SIGINT");
    return this.#process.stdout.map(pick).filter((found) => found !== undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process.stop();
  }
}
