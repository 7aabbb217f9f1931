/**
 * The port through which links tell where they are about to send: whoever routes this machine's traffic through the tunnel lets that
 * past it. Implementations: {@link OPEN_WAYS}, for a machine whose routes are nobody's business, and the routing's.
 *
 * @module
 */

import type { HostPort, NetAddress } from "../net_address.ts";
import type { Transport } from "./datagram_socket.ts";
import { resolveHost, type ResolveOptions } from "./resolve.ts";

/** What links ask before they send. */
export interface LinkWays {
  /** Addresses of a host that a socket of ours will send to; as {@link resolveHost}. */
  resolve(target: HostPort, options?: ResolveOptions): Promise<NetAddress[]>;
  /** Begins one opening of a link. */
  lease(): WayLease;
}

/** Where one opening of a link sends to, until it is disposed of. */
export interface WayLease extends Disposable {
  /** Resolves when packets to the address get out. @throws Error when that cannot be had. */
  add(address: NetAddress, transport: Transport): Promise<void>;
}

/** Every way is open. */
export const OPEN_WAYS: LinkWays = {
  resolve: resolveHost,
  lease: () => OPEN_LEASE,
};

const OPEN_LEASE: WayLease = {
  add: () => Promise.resolve(),
  [Symbol.dispose]: () => {},
};
