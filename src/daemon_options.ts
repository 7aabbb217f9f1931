/**
 * Everything a run of the daemon is told: the command line's result, the composition root's input.
 *
 * @module
 */

import type { LinkSpec } from "./linkmap/link_spec.ts";
import type { LinkDefaults } from "./live_links.ts";
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

/** Where the web page is served. */
export interface WebSpec extends HostPort {
  /** What whoever uses it must know; null: nothing on loopback, else one is made up and logged. */
  readonly token: string | null;
}

/** A run of the daemon. */
export interface CommonOptions {
  /** `addresses` only with the legacy protocol: else the master assigns them, and `mtuBytes` is the master's word. */
  readonly tundev: TundevSpec;
  readonly metrics: MetricsSpec | null;
  readonly logLevel: "debug" | "info" | "warning" | "error";
  readonly logFormat: "text" | "json";
  /** How packets are read and sent. */
  readonly io: "auto" | "deno" | "ffi";
  /** Mark of what its own sockets send (SO_MARK), 1..2^32-1; not given: none. */
  readonly mark?: number;
}

/** Where a master listens; host null: on every address of the machine. */
export interface ListenOptions {
  readonly host: string | null;
  readonly port: number;
}

/** The original's protocol: neither encrypted nor authenticated, one slave. */
export type LegacyOptions =
  & CommonOptions
  & { readonly protocol: "legacy" }
  & (
    | { readonly role: "master"; readonly listen: ListenOptions }
    | {
      readonly role: "slave";
      /** At least one, ids from 1 up. */
      readonly links: readonly LinkSpec[];
    }
  );

/** A master with sessions: keys and slaves are in its state directory. */
export interface MasterOptions extends CommonOptions {
  readonly protocol: "secure";
  readonly role: "master";
  readonly listen: ListenOptions;
  readonly stateDir: string;
  /** IPv4 network of the inner addresses, host bits zero. */
  readonly pool: Cidr;
  readonly allowsSlaveToSlave: boolean;
  /** Whether links may come over TCP on the same port. */
  readonly allowsTcp: boolean;
  /** Whether slaves reach the internet through this machine; not given: as its kernel and firewall have it. */
  readonly isExit?: boolean;
  /** Not given: there is no web page. */
  readonly web?: WebSpec;
}

/** A slave with sessions. */
export interface SlaveOptions extends CommonOptions {
  readonly protocol: "secure";
  readonly role: "slave";
  readonly stateDir: string;
  /** Ids from 1 up; at least one, unless interfaces become links. */
  readonly links: readonly LinkSpec[];
  /** For links that are added while it runs. */
  readonly linkDefaults: LinkDefaults;
  /** Network interfaces become links by themselves; not given: only the user makes links. */
  readonly auto?: AutoOptions;
  readonly identity: SlaveIdentity;
  /** Largest packet the user wants, in bytes; 0: what the master says. */
  readonly wantedMtuBytes: number;
  /** A session is renewed after this long, in ms. */
  readonly rekeyAfterMs: number;
  /** What of this machine's traffic goes where; not given: its routes are nobody's business. */
  readonly routing?: RoutingOptions;
  /** Not given: there is no web page. */
  readonly web?: WebSpec;
}

/** What a slave changes of its machine's routing. */
export interface RoutingOptions {
  /** Networks that are reached through the tunnel, host bits zero, none twice. */
  readonly routes: readonly Cidr[];
  /** Whether nothing but the tunnel and the links' own packets may leave the machine. */
  readonly hasKillSwitch: boolean;
}

/** Which interfaces become links by themselves; patterns as a shell's, for whole names. */
export interface AutoOptions {
  /** Only these, of whatever kind; empty: all that lead out. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** The keys of a slave, 32 bytes each. */
export interface SlaveIdentity {
  readonly secretKey: Uint8Array<ArrayBuffer>;
  /** Zeros when there is none. */
  readonly psk: Uint8Array<ArrayBuffer>;
  readonly masterKey: Uint8Array<ArrayBuffer>;
}

/** What the daemon is told. */
export type DaemonOptions = LegacyOptions | MasterOptions | SlaveOptions;
