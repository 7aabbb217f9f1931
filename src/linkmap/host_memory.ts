/**
 * Host names with the addresses that they had last. When a tunnel that carries all traffic is down, no name server may be in reach, and
 * without the links' addresses it would never come up again.
 *
 * @module
 */

import type { HostPort, NetAddress } from "../net_address.ts";
import { resolveHost, type ResolveOptions } from "./resolve.ts";

/** How long a name server gets where an answer is known already: on a good day it needs a tenth of that. */
const KNOWN_TIMEOUT_MS = 1_500;

/** A resolver, as {@link resolveHost}. */
type Resolver = (target: HostPort, options?: ResolveOptions) => Promise<NetAddress[]>;

/** Remembers what names meant. */
export class HostMemory {
  readonly #resolve: Resolver;
  readonly #hostnames = new Map<string, readonly string[]>();

  /** @param resolve another one is for tests */
  constructor(resolve: Resolver = resolveHost) {
    this.#resolve = resolve;
  }

  /** Whether the host's addresses are known. */
  knows(host: string): boolean {
    return this.#hostnames.has(host);
  }

  /** As {@link resolveHost}; a known host that cannot be looked up now has its last addresses. */
  async resolve(target: HostPort, options: ResolveOptions = {}): Promise<NetAddress[]> {
    const { host, port } = target;
    const known = this.#hostnames.get(host);
    try {
      const found = await this.#resolve(
        target,
        known === undefined ? options : { ...options, timeoutMs: KNOWN_TIMEOUT_MS },
      );
      this.#hostnames.set(host, found.map(({ hostname }) => hostname));
      return found;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (known === undefined) throw error;
      return known.map((hostname) => ({ hostname, port }));
    }
  }
}
