/**
 * Which options of a run cannot change while it runs, and what a run goes by when they have changed nevertheless.
 *
 * @module
 */

import { isDeepStrictEqual } from "node:util";

import type {
  DaemonOptions,
  LegacyOptions,
  MasterOptions,
  SlaveOptions,
} from "../daemon_options.ts";
import type { LinkSpec } from "../linkmap/link_spec.ts";
import type { HostPort } from "../net_address.ts";

/** What the value of an option, or of some that make one thing, comes to. */
type Reader<Options> = readonly [name: string, read: (options: Options) => unknown];

const COMMON: readonly Reader<DaemonOptions>[] = [
  ["protocol", ({ protocol }) => protocol],
  ["tun-name", ({ tundev }) => tundev.kind === "tun" ? tundev.name : null],
  ["address", ({ tundev }) => tundev.kind === "tun" ? tundev.addresses : []],
  ["connect-tcp", ({ tundev }) => tundev.kind === "connect-tcp" ? tundev.target : null],
  ["listen-tcp", ({ tundev }) => tundev.kind === "listen-tcp" ? tundev.listen : null],
  ["mtu", ({ tundev }) => tundev.mtuBytes],
  ["metrics", ({ metrics }) => metrics],
  ["io", ({ io }) => io],
  ["mark", ({ mark }) => mark],
];

const SECURE: readonly Reader<MasterOptions | SlaveOptions>[] = [
  ["http", ({ web }) => web === undefined ? null : [web.host, web.port]],
  ["http-token", ({ web }) => web?.token ?? null],
];

const MASTER: readonly Reader<MasterOptions>[] = [
  ...SECURE,
  ["listen", ({ listen }) => listen],
  ["state-dir", ({ stateDir }) => stateDir],
  ["pool", ({ pool }) => pool],
  ["no-tcp-fallback", ({ allowsTcp }) => allowsTcp],
  ["exit", ({ isExit }) => isExit],
];

const SLAVE: readonly Reader<SlaveOptions>[] = [
  ...SECURE,
  ["token or key-file", ({ identity }) => identity],
  ["state-dir", ({ stateDir }) => stateDir],
  ["no-tcp-fallback", ({ linkDefaults }) => linkDefaults.allowsTcp],
  ["auto, auto-include or auto-exclude", ({ auto }) => auto],
  ["rekey-after", ({ rekeyAfterMs }) => rekeyAfterMs],
  ["route or route-all", ({ routing }) => routing?.routes ?? []],
  ["kill-switch", ({ routing }) => routing?.hasKillSwitch ?? false],
];

const LEGACY: readonly Reader<LegacyOptions>[] = [
  ["listen", (options) => options.role === "master" ? options.listen : null],
  ["proxies or targets", (options) => options.role === "slave" ? options.links : null],
];

/** Names of the options that have changed and cannot while it runs. */
export function waitingOptions(running: DaemonOptions, wanted: DaemonOptions): readonly string[] {
  const common = changed(COMMON, running, wanted);
  if (running.protocol === "legacy") {
    return wanted.protocol === "legacy" ? [...common, ...changed(LEGACY, running, wanted)] : common;
  }
  if (wanted.protocol === "legacy") return common;
  if (running.role === "master") {
    return wanted.role === "master" ? [...common, ...changed(MASTER, running, wanted)] : common;
  }
  if (wanted.role !== "slave") return common;
  const wish = changed([["mtu", (it) => it.wantedMtuBytes]], running, wanted);
  return [...new Set([...common, ...wish, ...changed(SLAVE, running, wanted)])];
}

/** What a slave goes by from then on: what is wanted, but for what cannot change while it runs. */
export function reachableSlave(running: SlaveOptions, wanted: SlaveOptions): SlaveOptions {
  const { logLevel, logFormat, linkDefaults } = wanted;
  // Interfaces become links after a restart only: until then what there is has to do.
  const waitsForAuto = wanted.links.length === 0 && running.auto === undefined;
  const links = waitsForAuto ? running.links : wanted.links;
  const { allowsTcp } = running.linkDefaults;
  const live = { ...running, logLevel, logFormat };
  if (isDeepStrictEqual(running.identity, wanted.identity)) {
    return { ...live, links, linkDefaults: { ...linkDefaults, allowsTcp } };
  }
  // Another token's endpoints are another master's: the links go on leading to this one.
  const { endpoints } = running.linkDefaults;
  const lead = (targets: readonly HostPort[]): readonly HostPort[] =>
    isDeepStrictEqual(targets, linkDefaults.endpoints) ? endpoints : targets;
  const proxyTargets = lead(linkDefaults.proxyTargets);
  return {
    ...live,
    links: links.map((link): LinkSpec => ({ ...link, targets: lead(link.targets) })),
    linkDefaults: { mode: linkDefaults.mode, endpoints, proxyTargets, allowsTcp },
  };
}

function changed<Options>(
  readers: readonly Reader<Options>[],
  running: Options,
  wanted: Options,
): readonly string[] {
  return readers.filter(([, read]) => !isDeepStrictEqual(read(running), read(wanted)))
    .map(([name]) => name);
}
