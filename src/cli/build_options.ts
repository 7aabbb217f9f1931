/**
 * The one judge of what was asked: values of the command line and of the environment become typed
 * {@link DaemonOptions}, or a {@link UsageError} that says what to type.
 *
 * @module
 */

import type { Cidr, DaemonOptions, MetricsSpec, TundevSpec } from "../daemon_options.ts";
import { UsageError } from "../usage_error.ts";
import { buildLinks } from "./build_links.ts";
import { type GivenOption, GivenOptions } from "./given_options.ts";
import type { OptionKey, Role } from "./option_table.ts";
import {
  parseChoice,
  parseCidr,
  parseHostPort,
  parseListenAddress,
  parseMtuBytes,
  parseTunName,
} from "./values.ts";

/** What can stand at an end of the tunnel, and the options that ask for it. */
const TUNDEV_KINDS: readonly { readonly options: readonly OptionKey[] }[] = [
  { options: ["tun-name", "address"] },
  { options: ["connect-tcp"] },
  { options: ["listen-tcp"] },
];

/**
 * Builds the daemon's options.
 * @param typed values of the command line, by option name.
 * @param environment reads an environment variable; an empty one counts as not set.
 * @throws {UsageError}
 */
export function buildOptions(
  role: Role,
  typed: ReadonlyMap<string, readonly string[]>,
  environment: (name: string) => string | undefined,
): DaemonOptions {
  const given = new GivenOptions(role, typed, environment);
  keepOneTundev(given);
  const common = {
    tundev: buildTundev(given),
    protocol: choice(given, "protocol", ["legacy"]),
    metrics: buildMetrics(given),
    logLevel: choice(given, "log-level", ["debug", "info", "warning", "error"]),
    logFormat: choice(given, "log-format", ["text", "json"]),
  };
  if (role === "slave") return { ...common, role, links: buildLinks(given) };
  const listen = given.one("listen");
  return { ...common, role, listen: parseListenAddress(listen.value, listen.subject, null) };
}

/**
 * A tun device and the two stand-ins exclude each other. What the command line asks for silences
 * the environment; within one source two of them are a mistake.
 */
function keepOneTundev(given: GivenOptions): void {
  for (const origin of ["command line", "environment"] as const) {
    const asked = TUNDEV_KINDS.flatMap(({ options }) => {
      const option = options.map((name) => given.find(name)).find((it) => it?.origin === origin);
      return option === undefined ? [] : [{ options, option }];
    });
    if (asked.length > 1) {
      const subjects = asked.map(({ option }) => option.subject).join(" and ");
      throw new UsageError(`${subjects} exclude each other: leave one out`);
    }
    if (asked[0] !== undefined) {
      const kept = asked[0].options;
      given.forget(TUNDEV_KINDS.flatMap((kind) => kind.options === kept ? [] : kind.options));
      return;
    }
  }
}

function buildTundev(given: GivenOptions): TundevSpec {
  const mtu = given.one("mtu");
  const mtuBytes = parseMtuBytes(mtu.value, mtu.subject, false);
  const connect = given.find("connect-tcp");
  if (connect !== undefined) {
    const target = parseHostPort(connect.values[0] ?? "", connect.subject);
    return { kind: "connect-tcp", target, mtuBytes };
  }
  const listen = given.find("listen-tcp");
  if (listen !== undefined) {
    const address = parseListenAddress(listen.values[0] ?? "", listen.subject, "127.0.0.1");
    return { kind: "listen-tcp", listen: address, mtuBytes };
  }
  const name = given.one("tun-name");
  const addresses = buildAddresses(given.list("address"));
  const hasIpv6 = addresses.some((cidr) => cidr.address.includes(":"));
  parseMtuBytes(mtu.value, mtu.subject, hasIpv6);
  return { kind: "tun", name: parseTunName(name.value, name.subject), addresses, mtuBytes };
}

function buildAddresses(option: GivenOption): readonly Cidr[] {
  const addresses = option.values.map((value) => parseCidr(value, option.subject));
  const ipv6 = addresses.filter((cidr) => cidr.address.includes(":"));
  if (ipv6.length > 1 || addresses.length - ipv6.length > 1) {
    throw new UsageError(`${option.subject}: give one IPv4 and one IPv6 address at most`);
  }
  return addresses;
}

function buildMetrics(given: GivenOptions): MetricsSpec | null {
  const { value, subject, origin } = given.one("metrics");
  if (value === "none") return null;
  return { ...parseListenAddress(value, subject, "127.0.0.1"), isDefault: origin === "default" };
}

function choice<Choice extends string>(
  given: GivenOptions,
  name: OptionKey,
  choices: readonly Choice[],
): Choice {
  const { value, subject } = given.one(name);
  return parseChoice(value, subject, choices);
}
