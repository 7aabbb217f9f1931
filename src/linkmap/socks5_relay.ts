/**
 * Where a proxy's UDP relay really is. Phones and routers often name an address of theirs that
 * means nothing to us; then the relay is where the proxy is.
 *
 * @module
 */

import { canonicalHost, ipScope, isSameSubnet, parseIp } from "../ip_literal.ts";

/**
 * Makes BND.ADDR usable.
 * - 0.0.0.0 and `::` say "the address you know", broadcast and multicast make no sense: the proxy's.
 * - A loopback, link-local, private or carrier address (RFC 1918, 4193, 6598) is believed only when
 *   the proxy is in the same scope and in the same /24 or /64: else it is the far side of a phone, or
 *   of a NAT before the proxy. (Not taken: believing any private address of a private proxy. A phone
 *   at 192.168.43.1 that names its carrier's 10.x.x.x would never be reached.)
 * - A public address is believed: it can be another host on purpose.
 * @param boundIp BND.ADDR as an IP literal, or null when it was a name that does not resolve.
 * @param proxyIp the proxy's address as connected.
 * @returns canonical IP literal of the relay.
 */
export function repairRelayHost(boundIp: string | null, proxyIp: string): string {
  const bound = boundIp === null ? null : parseIp(boundIp);
  const proxy = parseIp(proxyIp);
  const proxyHost = canonicalHost(proxyIp);
  if (bound === null || boundIp === null || proxy === null) return proxyHost;
  const host = canonicalHost(boundIp);
  if (host === proxyHost) return host;
  const scope = ipScope(bound);
  if (scope === "public") return host;
  if (scope === "unspecified" || scope === "multicast") return proxyHost;
  if (scope !== ipScope(proxy)) return proxyHost;
  // All of 127.0.0.0/8 is this machine.
  return scope === "loopback" || isSameSubnet(bound, proxy) ? host : proxyHost;
}
