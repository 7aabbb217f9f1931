/**
 * Makes links of network interfaces that come, and drops those of interfaces that go.
 *
 * ```
 *             comes                    its gateway is a proxy             carries
 *   (none) ----------> direct link ----------------------------> both ---------------> link through the proxy
 *                        ^   ^                                     |                        |
 *                        |   +---- it does not carry: dropped -----+                        | does not carry
 *                        +------------------- both, from the beginning <--------------------+
 *   any: the interface goes, or loses address or route: its links are dropped at once
 * ```
 *
 * The proxy replaces the direct link since both share one radio: they would contend, and a copy would go the same way. Pure.
 *
 * @module
 */

import type { LinkSpec } from "../linkmap/link_spec.ts";
import type { NewLink } from "../live_links.ts";
import type { Logger } from "../log.ts";
import type { LinkChange } from "../multiplexer/link_settings.ts";
import { type DeviceRules, hasDoubtfulGateway, linkBy, whyNoLink } from "./device_choice.ts";
import type { NetInterface } from "./net_interface.ts";

/** A link through a proxy gets this long to carry, in ms. */
const TRIAL_MS = 10_000;

/** How often a gateway is asked whether it is a proxy, in ms: its app may be started later. */
const PROBE_INTERVAL_MS = 60_000;

/** What the links are made with. */
export interface AutoHost {
  readonly logger: Logger;
  /** Monotonic ms. */
  readonly clock: () => number;
  /** All links of the slave. */
  readonly specs: () => readonly LinkSpec[];
  /** @returns the link's name. @throws Error when it cannot be. */
  readonly add: (link: NewLink) => string;
  /** Forgets a link at once: it leads nowhere any more. */
  readonly drop: (name: string, reason: string) => void;
  /** Hands over what a link carries, and forgets it. */
  readonly remove: (name: string) => void;
  readonly stateOf: (name: string) => "up" | "down" | "off";
  /** What the user said of an interface's link, in this run or an earlier one. */
  readonly settingsOf: (device: string) => LinkChange;
  /** The port on which the gateway is a proxy, or null. Must not reject. */
  readonly probe: (device: string, gateway: string) => Promise<number | null>;
}

/** An interface that is a link. Links are known by their ids: names change when a configuration is read anew. */
interface Device {
  readonly name: string;
  readonly index: number;
  gateway: string | null;
  /** The link without a proxy. */
  direct: number | null;
  proxy: ProxyLink | null;
  /** The direct link while it hands over to the proxy's. */
  leaving: number | null;
  /** The user has removed its link: it stays without until it comes again. */
  isLeft: boolean;
  /** When its gateway is to be asked. */
  probeMs: number;
  isProbing: boolean;
}

interface ProxyLink {
  readonly id: number;
  readonly port: number;
  /** Since when it does not carry; NaN: it carries. */
  downSinceMs: number;
}

/** The links of interfaces. */
export class AutoLinks {
  readonly #host: AutoHost;
  readonly #rules: DeviceRules;
  readonly #devices = new Map<string, Device>();
  /** Why interfaces are no links, as told last. */
  readonly #told = new Map<string, string>();
  #interfaces: readonly NetInterface[] = [];

  constructor(host: AutoHost, rules: DeviceRules) {
    this.#host = host;
    this.#rules = rules;
  }

  /** The interface whose link has that name, or null. */
  deviceOf(link: string): string | null {
    const spec = this.#host.specs().find(({ name }) => name === link);
    return spec === undefined ? null : this.#deviceOf(spec.id);
  }

  /** These interfaces are there now. */
  handleInterfaces(interfaces: readonly NetInterface[], now: number): void {
    this.#interfaces = interfaces;
    this.handleTimeout(now);
  }

  /** Called about once a second: other links come and go, proxies answer and fall silent. */
  handleTimeout(now: number): void {
    const specs = this.#host.specs();
    const ids = new Set(specs.map(({ id }) => id));
    for (const device of this.#devices.values()) this.#noteRemoved(device, ids);
    const others = specs.filter(({ id }) => this.#deviceOf(id) === null);
    const present = new Map(this.#interfaces.map((it) => [it.name, it]));
    for (const device of [...this.#devices.values()]) {
      const it = present.get(device.name);
      const why = this.#whyGone(device, it, others);
      if (why !== null || it === undefined) this.#dropDevice(device, why ?? "");
      else this.#follow(device, it, now);
    }
    for (const it of this.#interfaces) {
      if (!this.#devices.has(it.name)) this.#consider(it, others, now);
    }
    for (const name of this.#told.keys()) if (!present.has(name)) this.#told.delete(name);
  }

  /** A link of it that is not there any more was removed by the user: then so is the other one. */
  #noteRemoved(device: Device, ids: ReadonlySet<number>): void {
    if (device.leaving !== null && !ids.has(device.leaving)) device.leaving = null;
    const own = [device.direct, device.proxy?.id ?? null].filter((it) => it !== null);
    if (own.every((id) => ids.has(id))) return;
    for (const id of own) this.#drop(id, "its other link was removed");
    device.direct = null;
    device.proxy = null;
    device.isLeft = true;
  }

  #whyGone(
    device: Device,
    it: NetInterface | undefined,
    others: readonly LinkSpec[],
  ): string | null {
    if (it === undefined) return "it is gone";
    if (it.index !== device.index) return "it is another one of that name";
    return this.#whyNot(it, others);
  }

  #whyNot(it: NetInterface, others: readonly LinkSpec[]): string | null {
    const other = linkBy(it, others);
    return whyNoLink(it, this.#rules) ?? (other === null ? null : `link ${other} goes by it`);
  }

  #dropDevice({ name, direct, proxy, leaving }: Device, why: string): void {
    this.#devices.delete(name);
    for (const id of [direct, proxy?.id ?? null, leaving]) {
      if (id !== null) this.#drop(id, `interface ${name}: ${why}`);
    }
  }

  #consider(it: NetInterface, others: readonly LinkSpec[], now: number): void {
    const { logger } = this.#host;
    const why = this.#whyNot(it, others);
    if (why !== null) {
      if (this.#told.get(it.name) === why) return;
      this.#told.set(it.name, why);
      logger.debug("Interface is no link", { interface: it.name, why });
      return;
    }
    const added = this.#add(it.name, { name: null, proxy: null, device: it.name });
    if (added === null) return;
    this.#told.delete(it.name);
    const { name, index, gateway } = it;
    logger.info("Interface is a link now", { interface: name, link: added.name, gateway });
    this.#devices.set(name, {
      name,
      index,
      gateway,
      direct: added.id,
      proxy: null,
      leaving: null,
      isLeft: false,
      probeMs: now,
      isProbing: false,
    });
    this.#follow(this.#devices.get(name)!, it, now);
  }

  /** Looks after an interface that stays. */
  #follow(device: Device, it: NetInterface, now: number): void {
    if (device.isLeft) return;
    if (device.direct === null && device.proxy === null) this.#addDirect(device);
    const isDoubtful = () => hasDoubtfulGateway(it, this.#interfaces);
    if (device.gateway !== it.gateway) {
      device.gateway = it.gateway;
      device.probeMs = now;
      this.#endProxy(device, "its gateway is another one");
    } else if (device.proxy !== null && isDoubtful()) {
      this.#endProxy(device, "another interface has the same network");
    }
    if (device.proxy !== null) this.#judgeProxy(device, device.proxy, now);
    else if (now >= device.probeMs && !isDoubtful()) this.#probe(device, now);
  }

  #judgeProxy(device: Device, proxy: ProxyLink, now: number): void {
    const state = this.#stateOf(proxy.id);
    if (state === "off") return; // by the user
    if (state === "up") {
      proxy.downSinceMs = Number.NaN;
      if (device.direct === null) return;
      const { direct } = device;
      device.direct = null;
      device.leaving = direct;
      this.#host.logger.info("Interface's proxy carries: its direct link ends", {
        interface: device.name,
        link: this.#nameOf(proxy.id),
      });
      return this.#host.remove(this.#nameOf(direct) ?? "");
    }
    if (Number.isNaN(proxy.downSinceMs)) proxy.downSinceMs = now;
    const downMs = now - proxy.downSinceMs;
    if (device.direct === null) this.#addDirect(device);
    if (downMs < TRIAL_MS) return;
    device.probeMs = now + PROBE_INTERVAL_MS;
    this.#endProxy(device, "it does not carry");
  }

  /** The direct link, if it is not there, comes first. */
  #endProxy(device: Device, reason: string): void {
    const { proxy } = device;
    if (proxy === null) return;
    if (device.direct === null) this.#addDirect(device);
    device.proxy = null;
    this.#drop(proxy.id, `proxy at ${device.name}: ${reason}`);
  }

  #addDirect(device: Device): void {
    const { name, leaving } = device;
    if (leaving !== null) this.#drop(leaving, "it is needed again");
    device.leaving = null;
    device.direct = this.#add(name, { name: null, proxy: null, device: name })?.id ?? null;
  }

  #probe(device: Device, now: number): void {
    const { gateway, name } = device;
    if (gateway === null || gateway.includes(":") || device.isProbing) return;
    if (device.direct === null || this.#stateOf(device.direct) === "off") return;
    device.isProbing = true;
    device.probeMs = now + PROBE_INTERVAL_MS;
    void this.#host.probe(name, gateway).then((port) => {
      device.isProbing = false;
      const isSame = this.#devices.get(name) === device && device.gateway === gateway;
      if (port !== null && isSame && !device.isLeft && device.proxy === null) {
        this.#addProxy(device, { host: gateway, port });
      }
    });
  }

  #addProxy(device: Device, proxy: { readonly host: string; readonly port: number }): void {
    const added = this.#add(device.name, { name: `${device.name}-socks`, proxy });
    if (added === null) return;
    device.proxy = { id: added.id, port: proxy.port, downSinceMs: this.#host.clock() };
    const { host, port } = proxy;
    this.#host.logger.info("Interface's gateway is a SOCKS5 proxy: trying it", {
      interface: device.name,
      link: added.name,
      proxy: `${host}:${port}`,
    });
  }

  /** @returns the link; null: it cannot be, and that is told. */
  #add(device: string, link: Pick<NewLink, "name" | "proxy" | "device">): LinkSpec | null {
    const { add, settingsOf, logger, specs } = this.#host;
    try {
      const name = add({ ...link, targets: [], settings: settingsOf(device), usageName: device });
      return specs().find((it) => it.name === name) ?? null;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (this.#told.get(device) !== why) {
        logger.warn("Interface cannot be a link", { interface: device, why });
      }
      this.#told.set(device, why);
      return null;
    }
  }

  #drop(id: number, reason: string): void {
    const name = this.#nameOf(id);
    if (name !== null) this.#host.drop(name, reason);
  }

  #stateOf(id: number): "up" | "down" | "off" {
    const name = this.#nameOf(id);
    return name === null ? "off" : this.#host.stateOf(name);
  }

  #nameOf(id: number): string | null {
    return this.#host.specs().find((it) => it.id === id)?.name ?? null;
  }

  #deviceOf(id: number): string | null {
    for (const { name, direct, proxy, leaving } of this.#devices.values()) {
      if (direct === id || proxy?.id === id || leaving === id) return name;
    }
    return null;
  }
}
