/**
 * Opens what stands at an end of the tunnel: a tun device, or one of its stand-ins.
 *
 * @module
 */

import type { TundevSpec } from "../daemon_options.ts";
import { openConnectTcp, openListenTcp } from "./tcp_tundev.ts";
import { openTunDevice, type TunDeviceOptions } from "./tun_device.ts";
import type { Tundev } from "./tundev.ts";

/** How it is opened. */
export interface OpenTundevOptions extends TunDeviceOptions {
  /** Is told what a stand-in could not do. */
  readonly onWarning: (message: string) => void;
}

/** Opens it. @throws UsageError, SysError or Error with the remedy. */
export function openTundev(spec: TundevSpec, options: OpenTundevOptions): Tundev {
  switch (spec.kind) {
    case "tun":
      return openTunDevice(spec, options);
    case "connect-tcp":
      return openConnectTcp(spec, ({ message }) => options.onWarning(message));
    case "listen-tcp":
      return openListenTcp(spec, ({ message }) => options.onWarning(message));
  }
}
