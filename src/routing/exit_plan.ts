/**
 * What lets slaves reach the internet through a master: its nftables table, and the kernel's settings. Pure.
 *
 * @module
 */

import type { Cidr } from "../daemon_options.ts";
import { formatCidr, isIpv6 } from "../ip_network.ts";
import { type Command, nft } from "./command.ts";

/** The table's name, in family `inet`: one for each tun. */
export function exitTable(tun: string): string {
  return `bindlink_exit_${tun.replaceAll(/[^A-Za-z0-9]/g, "_")}`;
}

/**
 * Slaves' packets leave with the master's own addresses, and nobody begins a connection to a slave from outside. Fails, and
 * changes nothing, when there is a table of that name.
 * @param networks of the slaves' addresses
 */
export function planExit(tun: string, networks: readonly Cidr[]): Command {
  const table = exitTable(tun);
  const masquerade = networks.map((network) =>
    `    ${isIpv6(network) ? "ip6" : "ip"} saddr ${
      formatCidr(network)
    } oifname != "${tun}" masquerade`
  );
  return nft(`create table inet ${table}
table inet ${table} {
  chain forward {
    type filter hook forward priority 0; policy accept;
    iifname != "${tun}" oifname "${tun}" ct state new drop
  }
  chain postrouting {
    type nat hook postrouting priority 100; policy accept;
${masquerade.join("\n")}
  }
}`);
}

/** A setting of the kernel, by its path below /proc/sys. */
export interface Sysctl {
  readonly path: string;
  readonly value: string;
}

/** Forwarding, by IP version. */
const FORWARDING = { ipv4: "net/ipv4/ip_forward", ipv6: "net/ipv6/conf/all/forwarding" } as const;

/** Reads a setting; null when this kernel has none of that path. */
export type SysctlReader = (path: string) => string | null;

/**
 * The settings that have to change, in order.
 * @param routed interfaces whose IPv6 default route a router has announced: a machine that forwards believes routers no more, unless
 * it is told to (accept_ra 2; ip-sysctl in the kernel's documentation).
 */
export function planSysctls(read: SysctlReader, routed: readonly string[]): readonly Sysctl[] {
  const wanted: Sysctl[] = [{ path: FORWARDING.ipv4, value: "1" }];
  const forwarding = FORWARDING.ipv6;
  if (read(forwarding) === "0") {
    for (const device of new Set(routed)) {
      const path = `net/ipv6/conf/${device}/accept_ra`;
      if (read(path) === "1") wanted.push({ path, value: "2" });
    }
    wanted.push({ path: forwarding, value: "1" });
  }
  return wanted.filter(({ path, value }) => read(path) !== value);
}

/**
 * Settings that the kernel changes together with forwarding, and not back to what they were when that is set back
 * (inet_forward_change() in net/ipv4/devinet.c, addrconf_fixup_forwarding() in net/ipv6/addrconf.c): a machine that refuses redirects
 * would accept them from then on, and an interface that forwards by itself would no more.
 * @param interfaces names below /proc/sys/net/ipv4/conf and ipv6/conf
 * @param changes the settings that are about to be changed
 * @returns those that have to be set back by themselves, each with what it will be when forwarding is off again
 */
export function planDragged(
  read: SysctlReader,
  interfaces: readonly string[],
  changes: readonly Sysctl[],
): readonly Sysctl[] {
  const dragged: Sysctl[] = [];
  const drag = (path: string, value: string): void => {
    const before = read(path);
    if (before !== null && before !== value) dragged.push({ path, value });
  };
  for (const version of ["ipv4", "ipv6"] as const) {
    if (!changes.some(({ path }) => path === FORWARDING[version])) continue;
    if (version === "ipv4") drag("net/ipv4/conf/all/accept_redirects", "1");
    for (const name of interfaces.filter((it) => it !== "all")) {
      drag(`net/${version}/conf/${name}/forwarding`, "0");
    }
  }
  return dragged;
}

/** Interfaces in what `ip -6 -j route show default proto ra` prints. */
export function readRoutedDevices(text: string): readonly string[] {
  if (text.trim() === "") return [];
  const routes: unknown = JSON.parse(text);
  if (!Array.isArray(routes)) return [];
  return routes.map(({ dev }) => dev).filter((dev) => typeof dev === "string");
}

/**
 * A table of the firewall that drops what is forwarded unless a rule accepts it, as ufw and Docker set it up; null: there is none.
 * @param ruleset what `nft list ruleset` prints
 */
export function findForwardDrop(ruleset: string): string | null {
  const dropping = ruleset.split(/^(?=table )/m).find((table) =>
    /hook forward priority [^;]*; policy drop;/.test(table)
  );
  return /^table (\S+ \S+)/.exec(dropping ?? "")?.[1] ?? null;
}

/**
 * Whether somebody else forwards: another table of the firewall translates addresses. Then forwarding stays on.
 * @param ruleset what `nft list ruleset` prints
 * @param legacyTables content of /proc/net/ip_tables_names: tables of iptables-legacy
 * @param own names of the tables that are to go
 */
export function isForwardingNeeded(
  ruleset: string,
  legacyTables: string,
  own: readonly string[],
): boolean {
  const others = ruleset.split(/^(?=table )/m).filter((table) =>
    !own.some((name) => table.startsWith(`table inet ${name} `))
  );
  return others.some((table) => /\b(masquerade|snat)\b/i.test(table)) ||
    /^nat$/m.test(legacyTables);
}
