/**
 * The main case as a network: a laptop, some phones, a server that all phones reach at one address.
 *
 * ```
 *              10.1.1.1 +---------+ 10.2.1.1
 *            +----------| phone 1 |----------+
 *            |  10.1.1.2+---------+10.2.1.2  |
 *   +--------+                               +--------+
 *   | laptop |   ...                         | server |  10.99.0.1 and fd99::1 on lo
 *   +--------+ 10.1.N.1 +---------+ 10.2.N.1 +--------+
 *      upN   +----------| phone N |----------+   inN
 *               10.1.N.2+---------+10.2.N.2
 * ```
 *
 * Each network has IPv6 too: 10.1.2.1 is also fd01:2::1. The phones route between their two sides,
 * so a direct link takes whichever way the laptop's routes say.
 *
 * @module
 */

import { type Namespace, NetworkLab } from "./namespace.ts";
import { TunnelPair, type TunnelPairOptions } from "./tunnel_pair.ts";

/** Where all phones reach the server. */
export const SERVER_IPV4 = "10.99.0.1";
/** The same over IPv6. */
export const SERVER_IPV6 = "fd99::1";

const MASTER_ENDPOINT = `${SERVER_IPV4}:4000`;

/** One phone. */
export interface Phone {
  /** 1..N. */
  readonly number: number;
  readonly namespace: Namespace;
  /** Its addresses as the laptop sees it. */
  readonly ipv4: string;
  readonly ipv6: string;
}

/** What network and tunnel are like. */
export interface PhoneNetworkOptions extends TunnelPairOptions {
  /** How many phones. */
  readonly phones: number;
  /**
   * Limits of each phone in both directions, bits per second; unlimited by default. Both are in the
   * phone, never in laptop or server: a queue on the sender's own interface would fill the buffer of
   * its socket, which real bottlenecks, further away, do not.
   */
  readonly ratesBps?: readonly number[];
}

/** Laptop, phones and server. */
export class PhoneNetwork implements AsyncDisposable {
  readonly lab: NetworkLab;
  readonly laptop: Namespace;
  readonly server: Namespace;
  readonly phones: readonly Phone[];
  /** Command lines for both ends, without links and port. */
  readonly pair: TunnelPair;
  readonly #stack: AsyncDisposableStack;

  private constructor(
    lab: NetworkLab,
    [laptop, server]: readonly [laptop: Namespace, server: Namespace],
    phones: readonly Phone[],
    pair: TunnelPair,
    stack: AsyncDisposableStack,
  ) {
    this.lab = lab;
    this.laptop = laptop;
    this.server = server;
    this.phones = phones;
    this.pair = pair;
    this.#stack = stack;
  }

  /** Builds it. */
  static async create(options: PhoneNetworkOptions): Promise<PhoneNetwork> {
    await using stack = new AsyncDisposableStack();
    const lab = stack.use(new NetworkLab());
    const laptop = await lab.namespace("laptop");
    const server = await lab.namespace("server");
    await server.addAddress("lo", `${SERVER_IPV4}/32`);
    await server.addAddress("lo", `${SERVER_IPV6}/128`);
    const phones: Phone[] = [];
    for (let number = 1; number <= options.phones; number++) {
      const rateBps = options.ratesBps?.[number - 1];
      phones.push(await addPhone(lab, laptop, server, number, rateBps));
    }
    const pair = stack.use(await TunnelPair.create(MASTER_ENDPOINT, options));
    return new PhoneNetwork(lab, [laptop, server], phones, pair, stack.move());
  }

  /** A master on port 4000 of the server. */
  get masterArgs(): string[] {
    return this.pair.masterArgs("--listen", "4000");
  }

  /** A slave with a link through each phone; with the secure protocol its token says where to. */
  get slaveArgs(): string[] {
    return this.pair.slaveArgs("--proxies", this.proxies, ...this.proxyTarget);
  }

  /** `--proxy-target`, when the token does not say it. */
  get proxyTarget(): readonly string[] {
    return this.pair.protocol === "legacy" ? ["--proxy-target", MASTER_ENDPOINT] : [];
  }

  /** `--proxies` for a proxy on port 1080 of every phone. */
  get proxies(): string {
    return this.phones.map(({ ipv4 }) => `${ipv4}:1080`).join();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

async function addPhone(
  lab: NetworkLab,
  laptop: Namespace,
  server: Namespace,
  number: number,
  rateBps: number | undefined,
): Promise<Phone> {
  const namespace = await lab.namespace(`phone${number}`);
  const rate = rateBps === undefined ? {} : { rateBps };
  const near = (
    host: number,
  ): string[] => [`10.1.${number}.${host}/24`, `fd01:${number}::${host}/64`];
  const far = (
    host: number,
  ): string[] => [`10.2.${number}.${host}/24`, `fd02:${number}::${host}/64`];
  await lab.cable(
    { namespace: laptop, device: `up${number}`, addresses: near(1) },
    { namespace, device: "near", addresses: near(2), ...rate },
  );
  await lab.cable(
    { namespace, device: "far", addresses: far(1), ...rate },
    { namespace: server, device: `in${number}`, addresses: far(2) },
  );
  await namespace.run([
    "sysctl",
    "-q",
    "-w",
    "net.ipv4.ip_forward=1",
    "net.ipv6.conf.all.forwarding=1",
  ]);
  await namespace.addRoute(`${SERVER_IPV4}/32`, `10.2.${number}.2`);
  await namespace.addRoute(`${SERVER_IPV6}/128`, `fd02:${number}::2`);
  await server.addRoute(`10.1.${number}.0/24`, `10.2.${number}.1`);
  await server.addRoute(`fd01:${number}::/64`, `fd02:${number}::1`);
  return { number, namespace, ipv4: `10.1.${number}.2`, ipv6: `fd01:${number}::2` };
}
