/**
 * What a user says of a link: its name, where it ends, what it goes through, how it is used.
 *
 * @module
 */

import type { LinkSettings } from "../multiplexer/link_settings.ts";
import { formatHostPort, type HostPort } from "../net_address.ts";

/** A SOCKS5 proxy (RFC 1928), with a user name and password (RFC 1929) when it wants one. */
export interface ProxySpec extends HostPort {
  readonly credentials?: { readonly username: string; readonly password: string };
}

/** One link of a slave. */
export interface LinkSpec {
  /** 1..255, unique in the slave: the wire's link id. */
  readonly id: number;
  /** For log and metrics: the user's name for it, else where it leads; unique in the slave. Holds no password. */
  readonly name: string;
  /**
   * The master's endpoints, as the far end of this link names them (with a proxy, the proxy resolves a name): tried in
   * turn, the first that answers is kept, the others stay in reserve. At least one.
   */
  readonly targets: readonly HostPort[];
  /** Whether TCP may stand in where UDP does not get through; never with the legacy protocol. */
  readonly allowsTcp: boolean;
  /** The proxy to go through, or null for a direct link. */
  readonly proxy: ProxySpec | null;
  /** Network interface of a direct link, by which it goes whatever the routing table prefers; not given: as that says. */
  readonly device?: string;
  /** What its usage is kept by, where another link shares its budget: both go by one interface. Not given: its name. */
  readonly usageName?: string;
  /** When and how much it is used; the legacy protocol has only the default. */
  readonly settings: LinkSettings;
  /** Its mode was named with it: what `--mode` says does not change it. */
  readonly hasOwnMode?: true;
}

/** Whether a user may give a link that name: it has no `:` and no `#`, so it is none that a link has without being given one. */
export function isLinkName(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,32}$/.test(text);
}

/** Whether the kernel takes it for an interface's name: dev_valid_name() in net/core/dev.c. */
export function isInterfaceName(text: string): boolean {
  const isShort = new TextEncoder().encode(text).length < 16;
  return isShort && /^[^\s/:]+$/.test(text) && text !== "." && text !== "..";
}

/** How a link goes, in words for people; holds no password. */
export interface LinkWay {
  readonly kind: "proxy" | "direct" | "interface" | "learned";
  /** The proxy, the interface's name, or the first target; empty of one that a master learned. */
  readonly address: string;
}

/** How a slave's link goes. */
export function wayOf({ proxy, device, targets }: LinkSpec): LinkWay {
  if (proxy !== null) return { kind: "proxy", address: formatHostPort(proxy.host, proxy.port) };
  if (device !== undefined) return { kind: "interface", address: device };
  const target = targets[0];
  return { kind: "direct", address: target ? formatHostPort(target.host, target.port) : "" };
}
