/**
 * A danted on each phone of a {@link PhoneNetwork}.
 *
 * @module
 */

import { Danted } from "./danted.ts";
import type { PhoneNetwork } from "./phone_network.ts";

/** Proxies on port 1080, that of the phone's number - 1 each. */
export class DantedPhones implements AsyncDisposable {
  readonly proxies: readonly Danted[];

  private constructor(proxies: readonly Danted[]) {
    this.proxies = proxies;
  }

  /** Starts them; resolves when all listen, on the phones' IPv4 and IPv6 addresses. */
  static async start(network: PhoneNetwork): Promise<DantedPhones> {
    await using stack = new AsyncDisposableStack();
    const proxies: Danted[] = [];
    for (const { namespace, ipv4, ipv6 } of network.phones) {
      const danted = await Danted.start(namespace, { internal: [ipv4, ipv6], external: "far" });
      proxies.push(stack.use(danted));
    }
    stack.move();
    return new DantedPhones(proxies);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.proxies.map((danted) => danted[Symbol.asyncDispose]()));
  }
}
