/**
 * A firewall in a namespace: what networks do that let some of the traffic through only.
 *
 * @module
 */

import type { Namespace } from "./namespace.ts";

/**
 * Where it stands, as nft(8) names its hooks: on what a machine passes on, on what comes in, on what goes
 * out; or where it may give what comes in another destination.
 */
export type FirewallHook = "forward" | "input" | "output" | "prerouting";

let serial = 0;

/** An nftables table with one chain, which accepts what its rules do not drop. It goes with its namespace. */
export class Firewall {
  readonly #namespace: Namespace;
  readonly #table = `bl${serial++}`;

  private constructor(namespace: Namespace) {
    this.#namespace = namespace;
  }

  /** Raises one. @param rules as in nft(8), e.g. `meta l4proto udp drop`. */
  static async raise(
    namespace: Namespace,
    hook: FirewallHook,
    ...rules: readonly string[]
  ): Promise<Firewall> {
    const firewall = new Firewall(namespace);
    const type = hook === "prerouting" ? "nat" : "filter";
    const chain = `type ${type} hook ${hook} priority 0; ${rules.join("; ")};`;
    await firewall.#nft(`table inet ${firewall.#table} {\nchain gate { ${chain} }\n}`);
    return firewall;
  }

  /** Lets all through again. */
  async lower(): Promise<void> {
    await this.#nft(`delete table inet ${this.#table}`);
  }

  async #nft(script: string): Promise<void> {
    await this.#namespace.run(["nft", script]);
  }
}
