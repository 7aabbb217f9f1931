/**
 * Makes a slave's links out of `--proxies`, `--proxy-target` and `--targets`: ids from 1 in the
 * order given, proxies first, names unique.
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

/** The links that were asked for, at least one. @throws {UsageError} */
export function buildLinks(given: GivenOptions): readonly LinkSpec[] {
  const ways = [...proxyWays(given), ...directWays(given)];
  if (ways.length === 0) {
    throw new UsageError(
      "A slave needs a link: add --proxies HOST:PORT with --proxy-target HOST:PORT, " +
        "or --targets HOST:PORT to reach the master directly",
    );
  }
  if (ways.length > MAX_LINKS) {
    throw new UsageError(
      `A slave has at most ${MAX_LINKS} links: --proxies and --targets name ${ways.length}`,
    );
  }
  const timesSeen = new Map<string, number>();
  return ways.map((way, i) => {
    const { host, port } = way.proxy ?? way.target;
    const place = formatHostPort(host, port);
    const times = (timesSeen.get(place) ?? 0) + 1;
    timesSeen.set(place, times);
    return { id: i + 1, name: times === 1 ? place : `${place}#${times}`, ...way };
  });
}

type Way = Pick<LinkSpec, "target" | "proxy">;

function proxyWays(given: GivenOptions): Way[] {
  const proxies = given.find("proxies");
  const target = given.find("proxy-target");
  if (proxies === undefined) {
    // In the environment it may be left over from another run.
    if (target === undefined || target.origin === "environment") return [];
    throw new UsageError(
      "--proxy-target needs --proxies HOST:PORT; to reach the master without a proxy, " +
        "type --targets HOST:PORT",
    );
  }
  if (target === undefined) {
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
  const master: HostPort = parseHostPort(target.values[0] ?? "", target.subject);
  return proxies.values.map((value) => ({
    target: master,
    proxy: parseProxy(value, proxies.subject),
  }));
}

function directWays(given: GivenOptions): Way[] {
  const targets = given.find("targets");
  if (targets === undefined) return [];
  return targets.values.map((value) => ({
    target: parseHostPort(value, targets.subject),
    proxy: null,
  }));
}
