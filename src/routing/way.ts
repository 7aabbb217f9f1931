/**
 * A way of a link: where its packets go as this machine's kernel sees it, which is a proxy, a proxy's relay, or the master. Pure.
 *
 * @module
 */

import type { Transport } from "../linkmap/datagram_socket.ts";
import { formatAddress, type NetAddress } from "../net_address.ts";

/** Address, port and protocol: nothing else that goes to the same machine is let past the tunnel. */
export interface Way {
  readonly address: NetAddress;
  readonly transport: Transport;
}

/** Names a way, e.g. `udp 192.0.2.1:4321`. */
export function formatWay({ address, transport }: Way): string {
  return `${transport} ${formatAddress(address)}`;
}

/** How many ways that nobody uses are kept, for links that come back to them: a try of a link then costs no command. */
const MAX_IDLE_WAYS = 32;

/** The ways that links use, and some that they used lately. */
export class WayBook {
  /** By name; the longest unused first among those with no user. */
  readonly #entries = new Map<string, { readonly way: Way; users: number }>();

  /** A link is about to use a way. @returns whether it is new here. */
  acquire(way: Way): boolean {
    const name = formatWay(way);
    const known = this.#entries.get(name);
    if (known === undefined) this.#entries.set(name, { way, users: 1 });
    else known.users++;
    return known === undefined;
  }

  /** A link has ended with it. @returns the ways to take away: the longest unused of too many. */
  release(way: Way): readonly Way[] {
    const name = formatWay(way);
    const entry = this.#entries.get(name);
    if (entry === undefined) return [];
    entry.users--;
    if (entry.users > 0) return [];
    // To the end of the row.
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    const idle = [...this.#entries].filter(([, { users }]) => users === 0);
    const surplus = idle.slice(0, Math.max(0, idle.length - MAX_IDLE_WAYS));
    for (const [idleName] of surplus) this.#entries.delete(idleName);
    return surplus.map(([, entry]) => entry.way);
  }

  /** It could not be opened: whoever waits for it hears of that, and the next one tries anew. */
  forget(way: Way): void {
    this.#entries.delete(formatWay(way));
  }
}
