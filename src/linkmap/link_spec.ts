/**
 * What a user says of a link: where it ends and what it goes through.
 *
 * @module
 */

import type { HostPort } from "../net_address.ts";

/** A SOCKS5 proxy (RFC 1928), with a user name and password (RFC 1929) when it wants one. */
export interface ProxySpec extends HostPort {
  readonly credentials?: { readonly username: string; readonly password: string };
}

/** One link of a slave. */
export interface LinkSpec {
  /** 1..255, unique in the slave: the wire's link id. */
  readonly id: number;
  /** For log and metrics; unique in the slave. Holds no password. */
  readonly name: string;
  /** The master, as the far end of this link names it: with a proxy, the proxy resolves the name. */
  readonly target: HostPort;
  /** The proxy to go through, or null for a direct link. */
  readonly proxy: ProxySpec | null;
}
