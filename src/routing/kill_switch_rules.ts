/**
 * The kill switch as an nftables table of our own: what may leave the machine while it is there. Pure.
 *
 * A packet that any table drops is dropped, whatever others say, so no firewall of the user's is touched, or can undo it.
 *
 * @module
 */

import { type Command, nft } from "./command.ts";
import type { Way } from "./way.ts";

/** The table's name, in family `inet`; one in a machine. */
export const KILL_SWITCH_TABLE = "bindlink_kill_switch";

/** What to type to lift it. */
export const LIFT_KILL_SWITCH = `sudo nft delete table inet ${KILL_SWITCH_TABLE}`;

/** How it is raised. */
export interface KillSwitchTerms {
  /** The tun's name. */
  readonly tun: string;
  /** Whether questions to name servers get out for now, because hosts that links need are known by name only. */
  readonly allowsLookups: boolean;
  /** Whether it is there already, from an earlier run: it is replaced in one step, so that nothing slips through. */
  readonly replaces: boolean;
}

/** Raises it, with no way yet. Fails, and changes nothing, when there is one that is not to be replaced. */
export function planKillSwitch({ tun, allowsLookups, replaces }: KillSwitchTerms): Command {
  const table = KILL_SWITCH_TABLE;
  return nft(`${replaces ? `delete table inet ${table}\n` : ""}create table inet ${table}
table inet ${table} {
  set udp4 { type ipv4_addr . inet_service; }
  set tcp4 { type ipv4_addr . inet_service; }
  set udp6 { type ipv6_addr . inet_service; }
  set tcp6 { type ipv6_addr . inet_service; }
  chain lookups {
    ${allowsLookups ? LOOKUPS : ""}
  }
  chain output {
    type filter hook output priority 0; policy drop;
    oifname { "lo", "${tun}" } accept
    meta l4proto udp ip daddr . th dport @udp4 accept
    meta l4proto tcp ip daddr . th dport @tcp4 accept
    meta l4proto udp ip6 daddr . th dport @udp6 accept
    meta l4proto tcp ip6 daddr . th dport @tcp6 accept
    udp sport 68 udp dport 67 accept
    udp sport 546 udp dport 547 accept
    icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert } accept
    icmpv6 type { mld-listener-report, mld-listener-done, mld2-listener-report } accept
    jump lookups
    reject with icmpx type admin-prohibited
  }
  chain forward {
    type filter hook forward priority 0; policy drop;
    iifname "${tun}" accept
    oifname "${tun}" accept
  }
}`);
}

/** Lets a link's packets out. */
export function planKillSwitchWay(way: Way): Command {
  return nft(`add element inet ${KILL_SWITCH_TABLE} ${elementOf(way)}`);
}

/** Undoes {@link planKillSwitchWay}. */
export function planKillSwitchWayRemoval(way: Way): Command {
  return nft(`delete element inet ${KILL_SWITCH_TABLE} ${elementOf(way)}`);
}

/** Questions to name servers get out no more. */
export function planEndOfLookups(): Command {
  return nft(`flush chain inet ${KILL_SWITCH_TABLE} lookups`);
}

function elementOf({ address, transport }: Way): string {
  const { hostname, port } = address;
  return `${transport}${hostname.includes(":") ? 6 : 4} { ${hostname} . ${port} }`;
}

/** DNS, and DNS over TLS, as systemd-resolved may ask. */
const LOOKUPS = "meta l4proto { tcp, udp } th dport { 53, 853 } accept";
