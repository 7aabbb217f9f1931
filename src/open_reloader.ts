/**
 * Makes what reads a running daemon's configuration anew, with what can change of its tunnel.
 *
 * @module
 */

import type { DaemonOptions } from "./daemon_options.ts";
import type { Logger } from "./log.ts";
import { type Configuration, Reloader } from "./reload/reloader.ts";
import { MasterTunnel } from "./tunnel/master_tunnel.ts";
import { SlaveTunnel } from "./tunnel/slave_tunnel.ts";
import type { Tunnel } from "./tunnel/tunnel.ts";

/** Makes it. @param running what the daemon was started with */
export function openReloader(
  running: DaemonOptions,
  tunnel: Tunnel,
  context: { readonly configuration: Configuration; readonly logger: Logger },
): Reloader {
  const master = tunnel instanceof MasterTunnel ? tunnel.administration : null;
  return new Reloader({
    ...context,
    running,
    links: tunnel instanceof SlaveTunnel ? tunnel.links : null,
    setSlaveToSlave: master === null ? null : (isAllowed) => master.setSlaveToSlave(isAllowed),
  });
}
