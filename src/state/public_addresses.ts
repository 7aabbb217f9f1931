/**
 * Under which addresses other machines can most likely reach this one: what an invitation names when nobody told.
 *
 * @module
 */

import { ipScope, parseIp } from "../ip_literal.ts";

/** What {@link publicAddresses} needs of `Deno.networkInterfaces()`. */
export interface InterfaceAddress {
  /** IP literal; IPv6 without zone. */
  readonly address: string;
}

/**
 * The addresses that are reachable from the internet (not private, not a carrier's shared ones, not link-local), IPv4
 * first, since a slave's links more often have only that. Of one IPv6 network (/64) one: the others are most
 * likely temporary (RFC 8981).
 */
export function publicAddresses(interfaces: readonly InterfaceAddress[]): readonly string[] {
  const ipv4: string[] = [];
  const ipv6 = new Map<string, string>();
  for (const { address } of interfaces) {
    const bytes = parseIp(address);
    if (bytes === null || ipScope(bytes) !== "public") continue;
    const network = bytes.subarray(0, 8).join(".");
    if (bytes.length === 4) ipv4.push(address);
    else if (!ipv6.has(network)) ipv6.set(network, address);
  }
  return [...new Set([...ipv4, ...ipv6.values()])].slice(0, MAX_ADDRESSES);
}

/** More only make the token long: each is tried by every link. */
const MAX_ADDRESSES = 4;
