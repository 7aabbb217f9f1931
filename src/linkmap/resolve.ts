/**
 * Host names to addresses, by the system's resolver (so that `/etc/hosts` counts).
 *
 * @module
 */

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { formatHostPort, type HostPort, type NetAddress } from "../net_address.ts";

/**
 * All addresses of a host, in the resolver's order; a literal resolves to itself without asking.
 * @throws Error that names the host when it has none, or none can be asked for now.
 */
export async function resolveHost(target: HostPort): Promise<NetAddress[]> {
  if (isIP(target.host) !== 0) return [{ hostname: target.host, port: target.port }];
  try {
    const found = await lookup(target.host, { all: true });
    return found.map(({ address }) => ({ hostname: address, port: target.port }));
  } catch (cause) {
    throw new Error(
      `Cannot resolve "${formatHostPort(target.host, target.port)}": ${describe(cause)}`,
      { cause },
    );
  }
}

function describe(cause: unknown): string {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ENOTFOUND") return "no such name";
  if (code === "EAI_AGAIN") return "the name server does not answer";
  return cause instanceof Error ? cause.message : String(cause);
}
