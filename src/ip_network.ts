/**
 * IP networks: an address and how many of its leading bits count. Pure.
 *
 * @module
 */

import type { Cidr } from "./daemon_options.ts";
import { formatIp, parseIp } from "./ip_literal.ts";

/** The network that an address with prefix length lies in: its host bits zero, in canonical form; null: no IP literal. */
export function networkOf({ address, prefixBits }: Cidr): Cidr | null {
  const bytes = parseIp(address);
  if (bytes === null) return null;
  const masked = bytes.map((byte, i) => {
    const networkBits = Math.min(8, Math.max(0, prefixBits - 8 * i));
    return byte & (0xff << (8 - networkBits));
  });
  // Not by formatIp alone: it writes ::ffff:0:0/96 and longer as IPv4.
  const text = formatIp(masked);
  return { address: bytes.length === 16 && !text.includes(":") ? address : text, prefixBits };
}

/** E.g. `10.0.0.0/8`. */
export function formatCidr({ address, prefixBits }: Cidr): string {
  return `${address}/${prefixBits}`;
}

/** Whether it is of IPv6. */
export function isIpv6({ address }: Pick<Cidr, "address">): boolean {
  return address.includes(":");
}
