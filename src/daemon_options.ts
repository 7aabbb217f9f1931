/**
 * Everything a run of the daemon is told: the command line's result, the composition root's input.
 *
 * @module
 */

import type { LinkSpec } from "./linkmap/link_spec.ts";
import type { HostPort } from "./net_address.ts";

/** An IP address with its prefix length. */
export interface Cidr {
  /** IPv4 or IPv6 literal, without brackets. */
  readonly address: string;
  /** 0..32 or 0..128. */
  readonly prefixBits: number;
}

/** What stands at this end of the tunnel. */
export type TundevSpec =
  | {
    readonly kind: "tun";
    /** Interface name, or a template such as `bind%d`. */
    readonly name: string;
    /** At most one IPv4 and one IPv6 address. */
    readonly addresses: readonly Cidr[];
    readonly mtuBytes: number;
  }
  /** The TCP stand-in: connects to a service for each stream the other end opens. */
  | { readonly kind: "connect-tcp"; readonly target: HostPort; readonly mtuBytes: number }
  /** The TCP stand-in's other half: listens, and carries each connection to the other end. */
  | { readonly kind: "listen-tcp"; readonly listen: HostPort; readonly mtuBytes: number };

/** Where `/metrics` and `/healthz` are served. */
export interface MetricsSpec extends HostPort {
  /** True when the user did not name it: a taken port is then a warning, not a failure. */
  readonly isDefault: boolean;
}

/** A run of the daemon. */
export interface CommonOptions {
  readonly tundev: TundevSpec;
  readonly protocol: "legacy";
  readonly metrics: MetricsSpec | null;
  readonly logLevel: "debug" | "info" | "warning" | "error";
  readonly logFormat: "text" | "json";
}

/** A master: listens, learns its links. */
export interface MasterOptions extends CommonOptions {
  readonly role: "master";
  /** Host null: every address of the machine. */
  readonly listen: { readonly host: string | null; readonly port: number };
}

/** A slave: has links to one master. */
export interface SlaveOptions extends CommonOptions {
  readonly role: "slave";
  /** At least one, ids from 1 up. */
  readonly links: readonly LinkSpec[];
}

/** What the daemon is told. */
export type DaemonOptions = MasterOptions | SlaveOptions;
