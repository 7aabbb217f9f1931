/**
 * What the ends of a tunnel world are told.
 *
 * @module
 */

import type { MasterOptions, SlaveIdentity, SlaveOptions } from "../../src/daemon_options.ts";
import type { LinkDefaults } from "../../src/live_links.ts";
import { DEFAULT_LINK_SETTINGS, type LinkSettings } from "../../src/multiplexer/link_settings.ts";
import type { NetAddress } from "../../src/net_address.ts";
import type { MemoryTundevOptions } from "../../src/tundev/memory_tundev.ts";

/** Where the master listens. */
export const MASTER_ADDRESS: NetAddress = { hostname: "192.0.2.100", port: 4321 };

/** Largest inner packet that the master grants, in bytes. */
export const WORLD_MTU_BYTES = 1_340;

/** What the world is like. */
export interface TunnelWorldOptions {
  readonly allowsSlaveToSlave?: boolean;
  /** The TCP stand-in at both ends. */
  readonly standIn?: boolean;
  /** Of all that is random. */
  readonly seed?: number;
  readonly pool?: { readonly address: string; readonly prefixBits: number };
}

/** What a slave is like. */
export interface SlaveTerms {
  /** 2 by default. */
  readonly links?: number;
  readonly rekeyAfterMs?: number;
  readonly wantedMtuBytes?: number;
  readonly wallOffsetMs?: number;
  readonly tundev?: MemoryTundevOptions;
  /** What the user says of all its links. */
  readonly settings?: Partial<LinkSettings>;
  /** Where its links' usage is kept; not given: none of them has a budget. */
  readonly stateDir?: string;
}

/** Options that no test of a tunnel is about. */
export const COMMON = {
  metrics: null,
  logLevel: "info",
  logFormat: "text",
  io: "auto",
  stateDir: "",
} as const;

/** Of links that are added to a slave. */
export const LINK_DEFAULTS: LinkDefaults = {
  mode: "speed",
  endpoints: [{ host: "master", port: 4321 }],
  proxyTargets: [{ host: "master", port: 4321 }],
  allowsTcp: false,
};

/** The master's. */
export function masterOptions(world: TunnelWorldOptions): MasterOptions {
  const { allowsSlaveToSlave = false, standIn = false } = world;
  const mtuBytes = WORLD_MTU_BYTES;
  return {
    ...COMMON,
    protocol: "secure",
    role: "master",
    listen: { host: MASTER_ADDRESS.hostname, port: MASTER_ADDRESS.port },
    pool: world.pool ?? { address: "10.10.10.0", prefixBits: 24 },
    allowsSlaveToSlave,
    allowsTcp: false,
    tundev: standIn
      ? { kind: "connect-tcp", target: { host: "127.0.0.1", port: 22 }, mtuBytes }
      : { kind: "tun", name: "mem0", addresses: [], mtuBytes },
  };
}

/** A slave's. */
export function slaveOptions(
  terms: SlaveTerms,
  identity: SlaveIdentity,
  standIn: boolean,
): SlaveOptions {
  const { links = 2, rekeyAfterMs = 120_000, wantedMtuBytes = 0 } = terms;
  const mtuBytes = 1_500;
  return {
    ...COMMON,
    stateDir: terms.stateDir ?? COMMON.stateDir,
    protocol: "secure",
    role: "slave",
    links: Array.from({ length: links }, (_, i) => ({
      id: i + 1,
      name: `phone${i + 1}`,
      targets: [{ host: "master", port: 4321 }],
      allowsTcp: false,
      proxy: null,
      settings: { ...DEFAULT_LINK_SETTINGS, ...terms.settings },
    })),
    linkDefaults: { ...LINK_DEFAULTS, mode: terms.settings?.mode ?? "speed" },
    identity,
    wantedMtuBytes,
    rekeyAfterMs,
    tundev: standIn
      ? { kind: "listen-tcp", listen: { host: "127.0.0.1", port: 0 }, mtuBytes }
      : { kind: "tun", name: "mem0", addresses: [], mtuBytes },
  };
}
