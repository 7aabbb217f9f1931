/**
 * The IPv6 address that a master has in the tunnel: its network follows from the master's key.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Namespace } from "./namespace.ts";

/** The address of a master that runs in a namespace. @throws AssertionError when it has none. */
export async function innerIpv6Of(namespace: Namespace): Promise<string> {
  const addresses = await namespace.run(
    ["ip", "-6", "-o", "address", "show", "dev", "bind0", "scope", "global"],
  );
  const [, address] = / inet6 (fd[0-9a-f:]+)\//.exec(addresses) ?? [];
  assert(address !== undefined, `no unique local address: ${addresses}`);
  return address;
}
