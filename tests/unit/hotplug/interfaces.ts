/** Interfaces and links for tests. */

import type { NetInterface } from "../../../src/hotplug/net_interface.ts";
import type { LinkSpec } from "../../../src/linkmap/link_spec.ts";
import { DEFAULT_LINK_SETTINGS } from "../../../src/multiplexer/link_settings.ts";

/** A phone tethered by USB: usbN, 192.168.4N.10/24, by 192.168.4N.1. */
export function usb(n: number, more: Partial<NetInterface> = {}): NetInterface {
  return {
    index: 10 + n,
    name: `usb${n}`,
    kind: "",
    isLoopback: false,
    isUp: true,
    isRunning: true,
    addresses: [{ address: `192.168.4${n}.10`, prefixBits: 24 }],
    hasRoute: true,
    gateway: `192.168.4${n}.1`,
    ...more,
  };
}

/** A link by an interface, called after it. */
export function via(device: string, id: number): LinkSpec {
  return { ...direct(device, id), device };
}

/** A link through a proxy. */
export function proxied(name: string, host: string, id = 1): LinkSpec {
  return { ...direct(name, id), proxy: { host, port: 1080 } };
}

/** A link as the routing table has it. */
export function direct(name: string, id: number): LinkSpec {
  return {
    id,
    name,
    targets: [{ host: "192.0.2.1", port: 4321 }],
    allowsTcp: false,
    proxy: null,
    settings: DEFAULT_LINK_SETTINGS,
  };
}
