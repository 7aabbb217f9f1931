/**
 * What both ends of both protocols have: tundev, metrics, log; and which options exclude each other.
 *
 * @module
 */

import type { Cidr, CommonOptions, MetricsSpec, TundevSpec } from "../daemon_options.ts";
import { UsageError } from "../usage_error.ts";
import type { Role } from "./command_table.ts";
import { type GivenOption, type GivenOptions, GIVERS } from "./given_options.ts";
import type { CommandLineInputs } from "./inputs.ts";
import type { OptionKey } from "./option_spec.ts";
import { optionsOf } from "./option_table.ts";
import {
  parseChoice,
  parseCidr,
  parseHostPort,
  parseListenAddress,
  parseMark,
  parseMtuBytes,
  parseTunName,
} from "./values.ts";

/** A wire format. */
export type Protocol = "secure" | "legacy";

/** What can stand at an end of the tunnel, and the options that ask for it. */
const TUNDEV_KINDS: readonly { readonly options: readonly OptionKey[] }[] = [
  { options: ["tun-name", "address"] },
  { options: ["connect-tcp"] },
  { options: ["listen-tcp"] },
];

/** The options that are the same everywhere. @throws {UsageError} */
export function buildCommon(given: GivenOptions, protocol: Protocol): CommonOptions {
  return {
    tundev: buildTundev(given, protocol),
    metrics: buildMetrics(given),
    logLevel: choice(given, "log-level", ["debug", "info", "warning", "error"]),
    logFormat: choice(given, "log-format", ["text", "json"]),
    io: choice(given, "io", ["auto", "deno", "ffi"]),
    ...buildMark(given),
  };
}

/** @throws {UsageError} */
function buildMark(given: GivenOptions): Pick<CommonOptions, "mark"> {
  const mark = given.findOne("mark");
  if (mark === undefined) return {};
  if (given.one("io").value === "deno") {
    throw new UsageError(`${mark.subject} needs --io ffi: leave --io deno out`);
  }
  return { mark: parseMark(mark.value, mark.subject) };
}

/** The protocol, without the options of the other one. @throws {UsageError} */
export function chooseProtocol(given: GivenOptions, role: Role): Protocol {
  const protocol = choice(given, "protocol", ["secure", "legacy"]);
  // A file that says nothing else of the protocol is meant for this one.
  const isFileMeant = ["file", "default"].includes(given.one("protocol").origin);
  for (const option of optionsOf(role)) {
    const found = given.find(option.name);
    if (found === undefined || option.protocol === undefined || option.protocol === protocol) {
      continue;
    }
    // Whoever has set legacy's addresses must hear that they do not hold; the rest may be left
    // over in the environment from another run.
    if (option.name === "address") throw addressNeedsLegacy(found, role);
    if (found.origin === "command line" || (found.origin === "file" && isFileMeant)) {
      throw new UsageError(`${found.subject} needs --protocol secure`);
    }
    given.forget([option.name]);
  }
  return protocol;
}

function addressNeedsLegacy(address: GivenOption, role: Role): UsageError {
  const instead = role === "master"
    ? "otherwise --pool names the network, and the master has its first address"
    : "otherwise the master gives this end its addresses, from the network that --pool names there";
  return new UsageError(`${address.subject} needs --protocol legacy: ${instead}`);
}

/**
 * A tun device and the two stand-ins exclude each other. What the command line asks for silences
 * the environment, and both what is stored; within one source two of them are a mistake.
 */
export function keepOneTundev(given: GivenOptions): void {
  for (const origin of GIVERS) {
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

/** The state directory that was named, or the usual one. */
export function stateDirOf(given: GivenOptions, inputs: CommandLineInputs): string {
  return given.findOne("state-dir")?.value ?? inputs.defaultStateDir();
}

function buildTundev(given: GivenOptions, protocol: Protocol): TundevSpec {
  const mtu = given.one("mtu");
  const mtuBytes = parseMtuBytes(mtu.value, mtu.subject, false);
  const connect = given.findOne("connect-tcp");
  if (connect !== undefined) {
    const target = parseHostPort(connect.value, connect.subject);
    return { kind: "connect-tcp", target, mtuBytes };
  }
  const listen = given.findOne("listen-tcp");
  if (listen !== undefined) {
    const address = parseListenAddress(listen.value, listen.subject, "127.0.0.1");
    return { kind: "listen-tcp", listen: address, mtuBytes };
  }
  const tunName = given.one("tun-name");
  const name = parseTunName(tunName.value, tunName.subject);
  const addresses = protocol === "legacy" ? buildAddresses(given.list("address")) : [];
  // With sessions there is always an IPv6 address: the master gives one.
  const hasIpv6 = protocol === "secure" || addresses.some(({ address }) => address.includes(":"));
  parseMtuBytes(mtu.value, mtu.subject, hasIpv6);
  return { kind: "tun", name, addresses, mtuBytes };
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
