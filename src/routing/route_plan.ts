/**
 * What is typed to send networks through the tunnel, and links past it. Pure: it only makes commands.
 *
 * The rules come first, and do nothing while the block's table is empty: a packet goes on to the main table. The table's routes come
 * last, when the tunnel carries; they vanish with the tun device, however the daemon ends, and then the rules do nothing again. The
 * main table is never touched.
 *
 * @module
 */

import type { Cidr } from "../daemon_options.ts";
import { formatCidr, isIpv6 } from "../ip_network.ts";
import { type Command, type Family, ip } from "./command.ts";
import { endPriority, networkPriority, wayPriority } from "./rule_block.ts";
import type { Way } from "./way.ts";

/** Which networks of one family go through the tunnel, by the rules of which block. */
export interface RoutePlan {
  readonly family: Family;
  readonly base: number;
  readonly routes: readonly Cidr[];
}

/** The routes of one family. */
export function routesOf(routes: readonly Cidr[], family: Family): readonly Cidr[] {
  return routes.filter((route) => isIpv6(route) === (family === "-6"));
}

/** The rules, in the order in which they are added. */
export function planRules({ family, base, routes }: RoutePlan): readonly Command[] {
  const rules = routes.flatMap((route) => {
    const { prefixBits } = route;
    const to = prefixBits === 0 ? "" : `to ${formatCidr(route)} `;
    const priority = networkPriority(base, prefixBits);
    // Suppressed are routes shorter than the network: what the machine knows better, or as well, stays. Of the default
    // route only itself is suppressed.
    const suppressed = Math.max(0, prefixBits - 1);
    return [
      ip(
        family,
        `rule add pref ${priority} ${to}lookup main suppress_prefixlength ${suppressed}`,
      ),
      ip(family, `rule add pref ${priority + 1} ${to}lookup ${base}`),
    ];
  });
  return [ip(family, `rule add pref ${endPriority(base)} nop`), ...rules];
}

/** How routes are set. */
export interface RouteTerms {
  /** The tun's name. */
  readonly tun: string;
  /** Whether the tun carries this family; otherwise its packets are refused, since they must not go past the tunnel. */
  readonly carries: boolean;
  /**
   * "replace", since they are set again when the tun has got another address: with its last one the kernel takes a device's routes.
   * "add" fails for one that is there.
   */
  readonly verb: "replace" | "add";
}

/** The routes into the tunnel. */
export function planRoutes(
  { family, base, routes }: RoutePlan,
  { tun, carries, verb }: RouteTerms,
): readonly Command[] {
  return routes.map((route) => {
    const target = carries ? `${formatCidr(route)} dev ${tun}` : `unreachable ${formatCidr(route)}`;
    return ip(family, `route ${verb} ${target} table ${base}`);
  });
}

/** Lets a link's packets go on behind the block, by the way they would go without it. */
export function planWay(base: number, way: Way): Command {
  return ip(familyOf(way), `rule add ${wayRule(base, way)}`);
}

/** Undoes {@link planWay}. */
export function planWayRemoval(base: number, way: Way): Command {
  return ip(familyOf(way), `rule del ${wayRule(base, way)}`);
}

/** A way's family. */
export function familyOf({ address }: Way): Family {
  return address.hostname.includes(":") ? "-6" : "-4";
}

/** By protocol and port, too: another packet to the same machine goes through the tunnel (ip-rule(8); Linux 4.17). */
function wayRule(base: number, { address, transport }: Way): string {
  const { hostname, port } = address;
  const host = `${hostname}/${hostname.includes(":") ? 128 : 32}`;
  const which = `to ${host} ipproto ${transport} dport ${port}`;
  return `pref ${wayPriority(base)} ${which} goto ${endPriority(base)}`;
}
