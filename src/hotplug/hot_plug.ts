/**
 * What follows from network interfaces that come and go, for a slave: with `--auto` they become links; and with or without it a network
 * that is new is tried at once by links that wait.
 *
 * @module
 */

import type { AutoOptions } from "../daemon_options.ts";
import type { LinkSpec } from "../linkmap/link_spec.ts";
import type { LinkWays } from "../linkmap/link_ways.ts";
import type { LiveLinks } from "../live_links.ts";
import { describeError, type Logger } from "../log.ts";
import type { LinkChange } from "../multiplexer/link_settings.ts";
import type { Reactor } from "../reactor.ts";
import { AutoLinks } from "./auto_links.ts";
import { type DeviceRules, whyNoLink } from "./device_choice.ts";
import { InterfaceWatch } from "./interface_watch.ts";
import { matcherOf } from "./name_pattern.ts";
import type { NetInterface } from "./net_interface.ts";
import { RememberedLinks } from "./remembered_links.ts";
import { findSocksPort } from "./socks_probe.ts";

/** How often links are looked after. */
const CARE_INTERVAL_MS = 1_000;

/** The links of a slave, as they are needed here. */
export interface PluggedLinks extends Pick<LiveLinks, "add" | "remove"> {
  readonly specs: readonly LinkSpec[];
  set onChange(onChange: (name: string, change: LinkChange) => void);
  drop(name: string, reason: string): void;
  stateOf(name: string): "up" | "down" | "off";
}

/** What {@link HotPlug} works with. */
export interface HotPlugOptions {
  /** Not given: interfaces do not become links. */
  readonly auto: AutoOptions | undefined;
  /** Mark of what asks gateways; not given: none. */
  readonly mark?: number | undefined;
  readonly reactor: Reactor;
  readonly links: PluggedLinks;
  /** There is a network that was not there before. */
  readonly onNetworkChange: (now: number) => void;
  readonly ways: LinkWays;
  readonly tunName: string;
  readonly stateDir: string;
  readonly logger: Logger;
  /** Monotonic ms. */
  readonly clock: () => number;
}

/** Watches interfaces. */
export class HotPlug implements Disposable {
  readonly #options: HotPlugOptions;
  readonly #rules: DeviceRules;
  readonly #auto: AutoLinks | null;
  readonly #abort = new AbortController();
  readonly #watch: InterfaceWatch;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** What leads out, as text; null: not known yet. */
  #networks: ReadonlySet<string> | null = null;

  private constructor(options: HotPlugOptions) {
    const { auto, reactor, clock, tunName } = options;
    this.#options = options;
    this.#rules = {
      isIncluded: auto === undefined || auto.include.length === 0 ? null : matcherOf(auto.include),
      isExcluded: matcherOf(auto?.exclude ?? []),
      tunName,
    };
    this.#auto = auto === undefined ? null : this.#openAuto();
    this.#watch = new InterfaceWatch({
      reactor,
      clock,
      onInterfaces: (interfaces, now) => this.#handleInterfaces(interfaces, now),
      onFailed: (error) => this.#tellFailed(error),
    });
    if (this.#auto === null) return;
    this.#timer = setInterval(() => this.#auto?.handleTimeout(clock()), CARE_INTERVAL_MS);
  }

  /** Begins; without `--auto` it is done without where it cannot be. @throws Error with `--auto` */
  static open(options: HotPlugOptions): HotPlug | null {
    try {
      return new HotPlug(options);
    } catch (error) {
      const reason = describeError(error);
      if (options.auto !== undefined) {
        throw new Error(
          `Cannot watch interfaces: ${reason}; without --auto, name them with --interfaces`,
          { cause: error },
        );
      }
      options.logger.debug("Does not watch interfaces", { reason });
      return null;
    }
  }

  /** Makes no links any more. Idempotent. */
  close(): void {
    clearInterval(this.#timer);
    this.#abort.abort();
    this.#watch.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #openAuto(): AutoLinks {
    const { links, logger, clock, stateDir, ways, mark } = this.#options;
    const remembered = new RememberedLinks(stateDir, logger);
    const auto = new AutoLinks({
      logger,
      clock,
      specs: () => links.specs,
      add: (link) => links.add([link])[0]!,
      drop: (name, reason) => links.drop(name, reason),
      remove: (name) => void links.remove(name).catch(() => {}), // it is gone already
      stateOf: (name) => links.stateOf(name),
      settingsOf: (device) => remembered.of(device),
      probe: async (device, gateway) => {
        try {
          using lease = ways.lease();
          const open = (port: number): Promise<void> =>
            lease.add({ hostname: gateway, port }, "tcp");
          const { signal } = this.#abort;
          return await findSocksPort({ device, mark, host: gateway, signal, open });
        } catch {
          return null; // its way could not be opened: then there is no link that way, either
        }
      },
    }, this.#rules);
    links.onChange = (name, change) => {
      const device = auto.deviceOf(name);
      if (device !== null) remembered.add(device, change);
    };
    return auto;
  }

  #handleInterfaces(interfaces: readonly NetInterface[], now: number): void {
    if (this.#abort.signal.aborted) return;
    const out = interfaces.filter((it) => whyNoLink(it, this.#rules) === null);
    const networks = new Set(
      out.flatMap(({ index, gateway, addresses }) =>
        addresses.map(({ address }) => `${index} ${address} ${gateway}`)
      ),
    );
    const before = this.#networks;
    this.#networks = networks;
    this.#auto?.handleInterfaces(interfaces, now);
    if (before === null) {
      if (this.#auto !== null && out.length === 0) {
        this.#options.logger.info("No interface leads out yet: each that comes becomes a link");
      }
    } else if ([...networks].some((it) => !before.has(it))) this.#options.onNetworkChange(now);
  }

  #tellFailed(error: unknown): void {
    if (this.#auto === null) return;
    this.#options.logger.error("Interfaces that come make no links any more: restart this slave", {
      reason: describeError(error),
    });
  }
}
