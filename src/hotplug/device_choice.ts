/**
 * Which network interfaces become links by themselves, and why the others do not. Pure.
 *
 * @module
 */

import type { Cidr } from "../daemon_options.ts";
import { parseIp } from "../ip_literal.ts";
import type { LinkSpec } from "../linkmap/link_spec.ts";
import type { NetInterface } from "./net_interface.ts";

/** What the user says. */
export interface DeviceRules {
  /** Names the only ones that are wanted, of whatever kind; null: the user named none. */
  readonly isIncluded: ((name: string) => boolean) | null;
  readonly isExcluded: (name: string) => boolean;
  /** The tunnel's own. */
  readonly tunName: string;
}

/**
 * Kinds of interfaces (IFLA_INFO_KIND) that lead out though software makes them. All others, such as bridge, veth, tun, wireguard, vxlan,
 * dummy, lead to containers, to virtual machines, or into tunnels that go by an interface that is a link already.
 */
const OUTWARD_KINDS: readonly string[] = [
  "bond",
  "ipvlan",
  "macvlan",
  "ppp",
  "rmnet",
  "team",
  "vlan",
  "wwan",
];

/** @returns why it can be no link now, in words, or null. */
export function whyNoLink(it: NetInterface, rules: DeviceRules): string | null {
  const { isIncluded, isExcluded, tunName } = rules;
  if (it.isLoopback) return "it is the loopback";
  if (it.name === tunName) return "it is the tunnel's own";
  if (isExcluded(it.name)) return "--auto-exclude names it";
  if (isIncluded !== null && !isIncluded(it.name)) return "--auto-include does not name it";
  if (isIncluded === null && it.kind !== "" && !OUTWARD_KINDS.includes(it.kind)) {
    return `it is a ${it.kind}: --auto-include takes it all the same`;
  }
  if (!it.isUp) return "it is down";
  if (!it.isRunning) return "it has no carrier";
  if (it.addresses.length === 0) return "it has no address";
  return it.hasRoute ? null : "it has no default route";
}

/** The link that goes by an interface already: bound to it, or through a proxy in its network. @returns its name, or null. */
export function linkBy(it: NetInterface, specs: readonly LinkSpec[]): string | null {
  const found = specs.find(({ device, proxy }) =>
    device === it.name ||
    (proxy !== null && (proxy.host === it.gateway || isInNetworkOf(it, proxy.host)))
  );
  return found?.name ?? null;
}

/** Whether the routing table may reach its gateway by another interface: phones of one model all hand out the same network. */
export function hasDoubtfulGateway(it: NetInterface, all: readonly NetInterface[]): boolean {
  const { gateway } = it;
  return gateway !== null &&
    all.some((other) => other.index !== it.index && other.isUp && isInNetworkOf(other, gateway));
}

function isInNetworkOf({ addresses }: NetInterface, host: string): boolean {
  const bytes = parseIp(host);
  if (bytes === null) return false;
  return addresses.some(({ address, prefixBits }: Cidr) => {
    const own = parseIp(address);
    return own?.length === bytes.length && bytes.every((byte, i) => {
      const networkBits = Math.min(8, Math.max(0, prefixBits - 8 * i));
      return ((byte ^ own[i]!) >> (8 - networkBits)) === 0;
    });
  });
}
