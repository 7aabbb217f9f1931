/**
 * Makes a running slave follow the network interfaces of its machine.
 *
 * @module
 */

import type { DaemonOptions } from "./daemon_options.ts";
import { HotPlug } from "./hotplug/hot_plug.ts";
import type { IoEngine } from "./linkmap/io_engine.ts";
import type { LinkWays } from "./linkmap/link_ways.ts";
import type { Logger } from "./log.ts";
import { InterfaceLinks } from "./tunnel/interface_links.ts";
import { SlaveTunnel } from "./tunnel/slave_tunnel.ts";
import type { Tunnel } from "./tunnel/tunnel.ts";

/** What {@link watchInterfaces} works with. */
export interface WatchInterfacesParts {
  readonly tunnel: Tunnel | null;
  readonly engine: IoEngine;
  readonly ways: LinkWays;
  readonly tunName: string;
  readonly logger: Logger;
  /** Monotonic ms. */
  readonly clock: () => number;
}

/**
 * Begins. A master, and the legacy protocol, do not; without `--auto` it is done without where it cannot be.
 * @throws Error when `--auto` cannot be had
 */
export function watchInterfaces(
  options: DaemonOptions,
  { tunnel, engine, ...parts }: WatchInterfacesParts,
): Disposable | null {
  const isSecureSlave = options.protocol === "secure" && options.role === "slave";
  if (!isSecureSlave || !(tunnel instanceof SlaveTunnel)) return null;
  const { auto, stateDir, mark } = options;
  if (engine.name === "deno") {
    if (auto === undefined) return null;
    throw new Error(
      "Cannot use --auto: the fast engine does not work here; name the links instead",
    );
  }
  return HotPlug.open({
    ...parts,
    auto,
    stateDir,
    mark,
    reactor: engine.reactor,
    links: new InterfaceLinks(tunnel.links),
    onNetworkChange: (now) => tunnel.waking.handleNetworkChange(now),
  });
}
