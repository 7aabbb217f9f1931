/**
 * Two machines with cables between them and nothing else.
 *
 * ```
 *  +--------+ up1   10.1.1.1/24, fd01:1::1/64    10.1.1.2/24, fd01:1::2/64   in1 +--------+
 *  | laptop |------------------------------------------------------------------- | server |
 *  +--------+ upN   10.1.N.1/24, fd01:N::1/64    10.1.N.2/24, fd01:N::2/64   inN +--------+
 * ```
 *
 * @module
 */

import { type Namespace, NetworkLab } from "./namespace.ts";

/** Laptop and server. */
export class DirectNetwork implements AsyncDisposable {
  readonly lab: NetworkLab;
  readonly laptop: Namespace;
  readonly server: Namespace;
  /** `--targets` for port 4000 over every cable, IPv4. */
  readonly targets: string;

  private constructor(lab: NetworkLab, laptop: Namespace, server: Namespace, targets: string) {
    this.lab = lab;
    this.laptop = laptop;
    this.server = server;
    this.targets = targets;
  }

  /** Builds it. @param rateBps limit of each cable in both directions. */
  static async create(cables = 1, rateBps = Infinity): Promise<DirectNetwork> {
    const lab = new NetworkLab();
    try {
      const laptop = await lab.namespace("laptop");
      const server = await lab.namespace("server");
      const rate = rateBps === Infinity ? {} : { rateBps };
      const targets: string[] = [];
      for (let n = 1; n <= cables; n++) {
        const addresses = (
          host: number,
        ): string[] => [`10.1.${n}.${host}/24`, `fd01:${n}::${host}/64`];
        await lab.cable(
          { namespace: laptop, device: `up${n}`, addresses: addresses(1), ...rate },
          { namespace: server, device: `in${n}`, addresses: addresses(2), ...rate },
        );
        targets.push(`10.1.${n}.2:4000`);
      }
      return new DirectNetwork(lab, laptop, server, targets.join());
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }
}
