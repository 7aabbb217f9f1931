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
import { TunnelPair, type TunnelPairOptions } from "./tunnel_pair.ts";

/** What network and tunnel are like. */
export interface DirectNetworkOptions extends TunnelPairOptions {
  /** How many; 1 by default. */
  readonly cables?: number;
  /** Limit of each cable in both directions, bits per second; unlimited by default. */
  readonly rateBps?: number;
}

/** Laptop and server. */
export class DirectNetwork implements AsyncDisposable {
  readonly lab: NetworkLab;
  readonly laptop: Namespace;
  readonly server: Namespace;
  /** `--targets` for port 4000 over every cable, IPv4. */
  readonly targets: string;
  /** Command lines for both ends, without links and port. */
  readonly pair: TunnelPair;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    lab: NetworkLab,
    [laptop, server]: readonly [laptop: Namespace, server: Namespace],
    targets: readonly string[],
    pair: TunnelPair,
    stack: AsyncDisposableStack,
  ) {
    this.lab = lab;
    this.laptop = laptop;
    this.server = server;
    this.targets = targets.join();
    this.pair = pair;
    this.#stack = stack;
  }

  /** Builds it. */
  static async create(options: DirectNetworkOptions = {}): Promise<DirectNetwork> {
    await using stack = new AsyncDisposableStack();
    const lab = stack.use(new NetworkLab());
    const laptop = await lab.namespace("laptop");
    const server = await lab.namespace("server");
    const targets: string[] = [];
    for (let n = 1; n <= (options.cables ?? 1); n++) {
      await layCable(lab, laptop, server, { n, rateBps: options.rateBps });
      targets.push(`10.1.${n}.2:4000`);
    }
    const pair = stack.use(await TunnelPair.create(targets[0]!, options));
    return new DirectNetwork(lab, [laptop, server], targets, pair, stack.move());
  }

  /** A master on port 4000. */
  get masterArgs(): string[] {
    return this.pair.masterArgs("--listen", "4000");
  }

  /** A slave with a link over every cable. */
  get slaveArgs(): string[] {
    return this.pair.slaveArgs("--targets", this.targets);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function layCable(
  lab: NetworkLab,
  laptop: Namespace,
  server: Namespace,
  { n, rateBps }: { readonly n: number; readonly rateBps: number | undefined },
): Promise<void> {
  const rate = rateBps === undefined ? {} : { rateBps };
  const addresses = (
    host: number,
  ): string[] => [`10.1.${n}.${host}/24`, `fd01:${n}::${host}/64`];
  await lab.cable(
    { namespace: laptop, device: `up${n}`, addresses: addresses(1), ...rate },
    { namespace: server, device: `in${n}`, addresses: addresses(2), ...rate },
  );
}
