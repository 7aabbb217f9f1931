/**
 * A laptop behind two phones, and a host that only the master's machine reaches: what routing through the tunnel is tried on.
 *
 * ```
 *   laptop up1 10.1.1.1 ---- 10.1.1.2 phone 1 ---- server 10.99.0.1, 203.0.113.1 ---- 203.0.113.9 host
 *          up2 10.1.2.1 ---- 10.1.2.2 phone 2 ---- (master)      2001:db8:77::1 ---- 2001:db8:77::9
 * ```
 *
 * The laptop's default route is phone 1; it knows the server as `master.example`. Each phone has a SOCKS5 proxy at 10.77.0.1, which is in no network of the laptop's; the
 * host has no route to anything but its own network.
 *
 * @module
 */

import { Microsocks } from "./microsocks.ts";
import type { Namespace } from "./namespace.ts";
import { PhoneNetwork, SERVER_IPV4 } from "./phone_network.ts";

/** The host that only the server reaches. */
export const HOST_IPV4 = "203.0.113.9";
/** The same over IPv6. */
export const HOST_IPV6 = "2001:db8:77::9";

const SERVER_OUTSIDE_IPV4 = "203.0.113.1";
const SERVER_OUTSIDE_IPV6 = "2001:db8:77::1";
const PROXY = "10.77.0.1";

/** All of it. */
export class RoutingNetwork implements AsyncDisposable {
  readonly phones: PhoneNetwork;
  readonly host: Namespace;
  readonly #stack: AsyncDisposableStack;

  private constructor(phones: PhoneNetwork, host: Namespace, stack: AsyncDisposableStack) {
    this.phones = phones;
    this.host = host;
    this.#stack = stack;
  }

  /** Builds it. */
  static async create(): Promise<RoutingNetwork> {
    await using stack = new AsyncDisposableStack();
    const phones = stack.use(await PhoneNetwork.create({ phones: 2 }));
    const { lab, server } = phones;
    const host = await lab.namespace("host");
    await lab.cable(
      {
        namespace: server,
        device: "out",
        addresses: [`${SERVER_OUTSIDE_IPV4}/24`, `${SERVER_OUTSIDE_IPV6}/64`],
      },
      { namespace: host, device: "wan", addresses: [`${HOST_IPV4}/24`, `${HOST_IPV6}/64`] },
    );
    await host.run(["nft", HOST_COUNTERS]);
    for (const { namespace } of phones.phones) {
      await namespace.addAddress("lo", `${PROXY}/32`);
      stack.use(await Microsocks.start(namespace));
    }
    const network = new RoutingNetwork(phones, host, stack.move());
    await phones.laptop.writeEtc("hosts", `${SERVER_IPV4} master.example\n`);
    // As a second interface has it: good for what is bound to that interface only.
    const second = ["default", "via", "10.1.2.2", "dev", "up2", "metric", "200"];
    await phones.laptop.run(["ip", "route", "add", ...second]);
    await network.useDefaultRoute(1);
    return network;
  }

  get laptop(): Namespace {
    return this.phones.laptop;
  }

  get server(): Namespace {
    return this.phones.server;
  }

  /** A master on the server. @param options added at its end */
  masterArgs(...options: readonly string[]): string[] {
    return this.phones.pair.masterArgs("--listen", "4000", ...options);
  }

  /**
   * A slave with link 1 over TCP by a proxy, link 2 straight to the master, by its name, and link 3 by the interface of phone 2.
   * @param options added at its end
   */
  slaveArgs(...options: readonly string[]): string[] {
    const ways = ["--targets", "master.example:4000", "--interfaces", "up2"];
    const links = ["--proxies", `${PROXY}:1080`, ...ways];
    return this.phones.pair.slaveArgs(...links, ...options);
  }

  /** The laptop's default route becomes a phone, as whoever hands out addresses would have it. */
  async useDefaultRoute(phone: number): Promise<void> {
    const { laptop } = this;
    await laptop.run(["ip", "route", "replace", "default", "via", `10.1.${phone}.2`]);
    await laptop.run(["ip", "-6", "route", "replace", "default", "via", `fd01:${phone}::2`]);
  }

  /** Where the laptop's kernel sends a packet. @param more words of `ip route get`, such as `ipproto udp dport 4000` */
  async routeTo(address: string, more = ""): Promise<string> {
    const words = more === "" ? [] : more.split(" ");
    return await this.laptop.run(["ip", "route", "get", address, ...words]);
  }

  /** Packets that came to the host: from the server's own addresses, and from any others. */
  async seenByHost(): Promise<{ readonly masqueraded: number; readonly others: number }> {
    const text = await this.host.run(["nft", "list", "table", "inet", "seen"]);
    const packets = [...text.matchAll(/counter packets (\d+)/g)].map((match) => Number(match[1]));
    const [ipv4 = 0, ipv6 = 0, others = NaN] = packets;
    return { masqueraded: Math.min(ipv4, ipv6), others };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

/** Routes, rules, firewall and forwarding of a machine, as text: the same before a daemon and after it. */
export async function machineState(namespace: Namespace): Promise<string> {
  const script =
    "ip -4 rule; ip -6 rule; ip -4 route show table all; ip -6 route show table all; " +
    "nft list ruleset; sysctl net.ipv4.ip_forward net.ipv6.conf.all.forwarding; " +
    "sysctl -a -r '^net.ipv[46].conf.*.(forwarding|accept_redirects)$'";
  const text = await namespace.run(["sh", "-c", script]);
  // An interface's own address is there a second after the interface.
  return text.split("\n").filter((line) => !line.startsWith("local fe80:")).join("\n");
}

/** Pings of the server by its own addresses, of each family, and IPv4 pings by any others. */
const HOST_COUNTERS = `table inet seen {
  chain in {
    type filter hook input priority 0;
    ip saddr ${SERVER_OUTSIDE_IPV4} icmp type echo-request counter accept
    ip6 saddr ${SERVER_OUTSIDE_IPV6} icmpv6 type echo-request counter accept
    icmp type echo-request counter
  }
}`;
