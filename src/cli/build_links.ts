/**
 * Makes a slave's links out of `--proxies`, `--proxy-target`, `--targets` and the token's endpoints:
 * ids from 1 in the order given, proxies first, names unique.
 *
 * @module
 */

import type { LinkSpec } from "../linkmap/link_spec.ts";
import { formatHostPort, type HostPort } from "../net_address.ts";
import { UsageError } from "../usage_error.ts";
import type { GivenOptions } from "./given_options.ts";
import { parseProxy } from "./proxy_value.ts";
import { parseHostPort } from "./values.ts";

/** A link's id is one byte on the wire, and never 0. */
const MAX_LINKS = 255;

/**
 * The links of a slave with a token, at least one: with none named, a direct one to the endpoints.
 * @param endpoints the token's, at least one. @throws {UsageError}
 */
export function buildLinks(
  given: GivenOptions,
  endpoints: readonly HostPort[],
): readonly LinkSpec[] {
  const named = [...proxyWays(given, endpoints), ...directWays(given)];
  const ways = named.length > 0 ? named : [{ targets: endpoints, proxy: null }];
  return numbered(ways, !given.flag("no-tcp-fallback"));
}

/** The links of a slave that speaks the original's protocol, at least one. @throws {UsageError} */
export function buildLegacyLinks(given: GivenOptions): readonly LinkSpec[] {
  const ways = [...proxyWays(given, []), ...directWays(given)];
  if (ways.length > 0) return numbered(ways, false);
  throw new UsageError(
    "A slave needs a link: add --proxies HOST:PORT with --proxy-target HOST:PORT, " +
      "or --targets HOST:PORT to reach the master directly",
  );
}

type Way = Pick<LinkSpec, "targets" | "proxy">;

function numbered(ways: readonly Way[], allowsTcp: boolean): readonly LinkSpec[] {
  if (ways.length > MAX_LINKS) {
    throw new UsageError(
      `A slave has at most ${MAX_LINKS} links: --proxies and --targets name ${ways.length}`,
    );
  }
  const timesSeen = new Map<string, number>();
  return ways.map((way, i) => {
    const end = way.proxy ?? way.targets[0];
    if (end === undefined) throw new Error("Invariant: a link without a target");
    const place = formatHostPort(end.host, end.port);
    const times = (timesSeen.get(place) ?? 0) + 1;
    timesSeen.set(place, times);
    return { id: i + 1, name: times === 1 ? place : `${place}#${times}`, allowsTcp, ...way };
  });
}

/** @param endpoints what stands in for `--proxy-target`; none: it is needed. */
function proxyWays(given: GivenOptions, endpoints: readonly HostPort[]): Way[] {
  const proxies = given.find("proxies");
  const target = given.findOne("proxy-target");
  if (proxies === undefined) {
    // Unless it is typed, it may be left over from another run.
    if (target?.origin !== "command line") return [];
    throw new UsageError(
      "--proxy-target needs --proxies HOST:PORT; to reach the master without a proxy, " +
        "type --targets HOST:PORT",
    );
  }
  if (target === undefined && endpoints.length === 0) {
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
  const targets = target === undefined ? endpoints : [parseHostPort(target.value, target.subject)];
  return proxies.values.map((value) => ({ targets, proxy: parseProxy(value, proxies.subject) }));
}

function directWays(given: GivenOptions): Way[] {
  const targets = given.find("targets");
  if (targets === undefined) return [];
  return targets.values.map((value) => ({
    targets: [parseHostPort(value, targets.subject)],
    proxy: null,
  }));
}
