/**
 * Makes a slave's links out of `--proxies`, `--proxy-target`, `--targets`, `--interfaces`, `--mode` and the token's
 * endpoints: ids from 1 in the order given (proxies first, interfaces last, but a file's in its order), names unique.
 *
 * @module
 */

import { isInterfaceName, type LinkSpec } from "../linkmap/link_spec.ts";
import type { LinkDefaults, NewLink } from "../live_links.ts";
import {
  changeSettings,
  DEFAULT_LINK_SETTINGS,
  LINK_MODES,
  type LinkChange,
  type LinkMode,
} from "../multiplexer/link_settings.ts";
import { formatHostPort, type HostPort } from "../net_address.ts";
import { UsageError } from "../usage_error.ts";
import type { GivenOption, GivenOptions } from "./given_options.ts";
import { parseNewSettings } from "./link_setting_words.ts";
import { splitLink } from "./link_value.ts";
import { parseProxy } from "./proxy_value.ts";
import { quoteProxy, quoteValue } from "./quote.ts";
import { parseChoice, parseHostPort } from "./values.ts";

/** A link's id is one byte on the wire, and never 0. */
const MAX_LINKS = 255;

/** A link without what its place among the others decides. */
interface Way extends Pick<LinkSpec, "targets" | "proxy" | "device"> {
  /** The user's; null: none was given. */
  readonly name: string | null;
  /** What to correct when the name is another link's. */
  readonly subject: string;
  readonly settings: LinkChange;
  /** Its line, when a file names it: there, unlike on a command line, one order holds for all links. */
  readonly rank: number;
}

/** Reads a link's settings. @param subject option and endpoint, for errors. @throws {UsageError} */
type SettingsReader = (texts: readonly string[], subject: string) => LinkChange;

/**
 * The links of a slave with a token: with none named, a direct one to the endpoints, unless interfaces become links (`--auto`).
 * @param endpoints the token's, at least one. @throws {UsageError}
 */
export function buildLinks(
  given: GivenOptions,
  endpoints: readonly HostPort[],
): readonly LinkSpec[] {
  const named = waysWith(given, endpoints, parseNewSettings);
  const direct = {
    name: null,
    subject: "",
    rank: 0,
    targets: endpoints,
    proxy: null,
    settings: {},
  };
  const ways = named.length > 0 || given.flag("auto") ? named : [direct];
  return numbered(ways, parseMode(given), !given.flag("no-tcp-fallback"));
}

/** What holds for links that are added while the slave runs. @throws {UsageError} */
export function buildLinkDefaults(
  given: GivenOptions,
  endpoints: readonly HostPort[],
): LinkDefaults {
  const target = given.findOne("proxy-target");
  return {
    mode: parseMode(given),
    endpoints,
    proxyTargets: target === undefined ? endpoints : [parseHostPort(target.value, target.subject)],
    allowsTcp: !given.flag("no-tcp-fallback"),
  };
}

/** Links for a slave that runs, at least one. @throws {UsageError} */
export function buildNewLinks(given: GivenOptions): readonly NewLink[] {
  const ways = waysWith(given, null, parseNewSettings);
  if (ways.length === 0) {
    throw new UsageError(
      '"bindlink link add" needs a link: add --proxies HOST:PORT, --targets HOST:PORT or --interfaces NAME',
    );
  }
  return ways.map(({ subject: _, rank: __, ...link }) => link);
}

function parseMode(given: GivenOptions): LinkMode {
  const { value, subject } = given.one("mode");
  return parseChoice(value, subject, LINK_MODES);
}

/** @param endpoints the token's; null: the running slave knows them */
function waysWith(
  given: GivenOptions,
  endpoints: readonly HostPort[] | null,
  read: SettingsReader,
): Way[] {
  return [
    ...proxyWays(given, endpoints, read),
    ...directWays(given, read),
    ...interfaceWays(given, endpoints ?? [], read),
  ].sort(byRank);
}

/** The links of a slave that speaks the original's protocol, at least one. @throws {UsageError} */
export function buildLegacyLinks(given: GivenOptions): readonly LinkSpec[] {
  const ways = [...proxyWays(given, [], refuseSettings), ...directWays(given, refuseSettings)]
    .sort(byRank);
  if (ways.length > 0) return numbered(ways, DEFAULT_LINK_SETTINGS.mode, false);
  throw new UsageError(
    "A slave needs a link: add --proxies HOST:PORT with --proxy-target HOST:PORT, " +
      "or --targets HOST:PORT to reach the master directly",
  );
}

function byRank(a: Way, b: Way): number {
  return a.rank - b.rank;
}

function refuseSettings(texts: readonly string[], subject: string): LinkChange {
  if (texts.length === 0) return {};
  throw new UsageError(
    `${subject}: settings need --protocol secure: the legacy protocol spreads packets by the rate ` +
      "that arrives; leave out the ; and what follows it",
  );
}

function numbered(
  ways: readonly Way[],
  mode: LinkMode,
  allowsTcp: boolean,
): readonly LinkSpec[] {
  if (ways.length > MAX_LINKS) {
    throw new UsageError(
      `A slave has at most ${MAX_LINKS} links: --proxies, --targets and --interfaces name ${ways.length}`,
    );
  }
  const timesSeen = new Map<string, number>();
  const count = (name: string): number => {
    const times = (timesSeen.get(name) ?? 0) + 1;
    timesSeen.set(name, times);
    return times;
  };
  const settings = { ...DEFAULT_LINK_SETTINGS, mode };
  return ways.map(({ name: given, subject, rank: _, settings: change, ...way }, i) => {
    const end = way.proxy ?? way.targets[0];
    if (end === undefined) throw new Error("Invariant: a link without a target");
    const name = given ?? way.device ?? formatHostPort(end.host, end.port);
    const times = count(name);
    if (given !== null && times > 1) {
      throw new UsageError(
        `${subject}: another link is called ${quoteValue(given)}: give it a name of its own`,
      );
    }
    return {
      id: i + 1,
      name: times === 1 ? name : `${name}#${times}`,
      // A connection goes where the routing table says.
      allowsTcp: allowsTcp && way.device === undefined,
      ...way,
      settings: changeSettings(settings, change, mode),
      ...(change.mode === undefined ? {} : { hasOwnMode: true as const }),
    };
  });
}

/** @param endpoints what stands in for `--proxy-target`; none: it is needed; null: the running slave knows. */
function proxyWays(
  given: GivenOptions,
  endpoints: readonly HostPort[] | null,
  read: SettingsReader,
): Way[] {
  const proxies = given.find("proxies");
  const target = given.findOne("proxy-target");
  if (proxies === undefined) {
    // Unless it is typed, it may be left over from another run. Links by themselves may find proxies.
    const isTyped = target?.origin === "command line" || target?.origin === "file";
    if (!isTyped || given.flag("auto")) return [];
    throw new UsageError(
      `${target.subject} needs --proxies HOST:PORT; to reach the master without a proxy, ` +
        "type --targets HOST:PORT",
    );
  }
  if (target === undefined && endpoints?.length === 0) {
    throw new UsageError(
      `${proxies.subject} needs --proxy-target HOST:PORT: the master's address, as the proxies ` +
        "reach it",
    );
  }
  if (proxies.values.some((value) => value.includes("@") && !value.includes("://"))) {
    // The rest of a password that holds a comma: quoting the pieces one by one would show it.
    throw new UsageError(
      `${proxies.subject}: to give a user and a password, type socks5://USER:PASSWORD@HOST:PORT, ` +
        "with a comma in them written as %2C",
    );
  }
  const targets = target === undefined
    ? endpoints ?? []
    : [parseHostPort(target.value, target.subject)];
  return waysOf(proxies, read, (endpoint, subject) => ({
    targets,
    proxy: parseProxy(endpoint, subject),
  }));
}

function directWays(given: GivenOptions, read: SettingsReader): Way[] {
  const targets = given.find("targets");
  if (targets === undefined) return [];
  return waysOf(targets, read, (endpoint, subject) => ({
    targets: [parseHostPort(endpoint, subject)],
    proxy: null,
  }));
}

function interfaceWays(
  given: GivenOptions,
  endpoints: readonly HostPort[],
  read: SettingsReader,
): Way[] {
  const interfaces = given.find("interfaces");
  if (interfaces === undefined) return [];
  return waysOf(interfaces, read, (device, subject) => ({
    targets: endpoints,
    proxy: null,
    device: parseInterface(device, subject),
  }));
}

function parseInterface(text: string, subject: string): string {
  if (isInterfaceName(text)) return text;
  throw new UsageError(
    `${subject} ${quoteValue(text)}: no name of an interface: ip link shows them, e.g. usb0`,
  );
}

function waysOf(
  { values, subject: wholeOption, places }: GivenOption,
  read: SettingsReader,
  parseEndpoint: (
    endpoint: string,
    subject: string,
  ) => Pick<LinkSpec, "targets" | "proxy" | "device">,
): Way[] {
  return values.map((value, i) => {
    const place = places?.[i];
    const option = place?.subject ?? wholeOption;
    const { name, endpoint, settings } = splitLink(value, option);
    // First, for behind something that is no endpoint there may be a piece of a password.
    const ends = parseEndpoint(endpoint, option);
    const subject = `${option} ${quoteProxy(endpoint)}`;
    return { name, subject, rank: place?.rank ?? 0, ...ends, settings: read(settings, subject) };
  });
}
