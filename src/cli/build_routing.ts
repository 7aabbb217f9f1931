/**
 * What `--route`, `--route-all`, `--kill-switch` and `--exit` ask for.
 *
 * @module
 */

import type { Cidr, MasterOptions, SlaveOptions } from "../daemon_options.ts";
import { formatCidr, networkOf } from "../ip_network.ts";
import { UsageError } from "../usage_error.ts";
import type { GivenOptions } from "./given_options.ts";
import type { OptionKey } from "./option_spec.ts";
import { quoteValue } from "./quote.ts";
import { parseCidr } from "./values.ts";

/** Everything, in both families. */
const EVERYTHING: readonly Cidr[] = [
  { address: "0.0.0.0", prefixBits: 0 },
  { address: "::", prefixBits: 0 },
];

/** More would each cost every packet a few rules more, and mean that `--route-all` is what is wanted. */
const MAX_ROUTES = 64;

/** A slave's routing; nothing when it is not asked for. @throws {UsageError} */
export function buildRouting(given: GivenOptions): Pick<SlaveOptions, "routing"> {
  const routes = [...given.flag("route-all") ? EVERYTHING : [], ...buildRoutes(given)];
  const hasKillSwitch = given.flag("kill-switch");
  if (routes.length === 0 && !hasKillSwitch) return {};
  needTun(given, ["route", "route-all", "kill-switch"]);
  const distinct = new Map(routes.map((route) => [formatCidr(route), route]));
  return { routing: { routes: [...distinct.values()], hasKillSwitch } };
}

/** Whether a master is an exit; nothing when it is not asked for. @throws {UsageError} */
export function buildExit(given: GivenOptions): Pick<MasterOptions, "isExit"> {
  if (!given.flag("exit")) return {};
  needTun(given, ["exit"]);
  return { isExit: true };
}

function buildRoutes(given: GivenOptions): readonly Cidr[] {
  const option = given.find("route");
  if (option === undefined) return [];
  if (option.values.length > MAX_ROUTES) {
    throw new UsageError(
      `${option.subject}: these are ${option.values.length} networks, and at most ${MAX_ROUTES} ` +
        "can be: type larger ones, or --route-all",
    );
  }
  return option.values.map((value) => parseNetwork(value, option.subject));
}

function parseNetwork(text: string, subject: string): Cidr {
  const fail = (problem: string): never => {
    throw new UsageError(`${subject} ${quoteValue(text)}: ${problem}`);
  };
  if (!text.includes("/")) return fail("type a network with its prefix length, e.g. 10.20.0.0/16");
  const cidr = parseCidr(text, subject);
  const network = networkOf(cidr);
  if (network === null) return fail("this is no network");
  const isWritten = networkOf({ ...cidr, prefixBits: 128 })?.address === network.address;
  if (!isWritten) {
    return fail(`this is an address within the network ${formatCidr(network)}: type that`);
  }
  return network;
}

/** Packets of the machine enter the tunnel by a tun only; its name stands in commands and rules, where others have a meaning. */
function needTun(given: GivenOptions, options: readonly OptionKey[]): void {
  const asked = options.map((name) => given.find(name)).find((it) => it !== undefined);
  if (asked === undefined) return;
  const standIn = given.find("connect-tcp") ?? given.find("listen-tcp");
  if (standIn !== undefined) {
    throw new UsageError(`${asked.subject} needs a tun: leave out ${standIn.subject}`);
  }
  const { value, subject } = given.one("tun-name");
  if (/^[A-Za-z0-9_.-]+(%d)?[A-Za-z0-9_.-]*$/.test(value)) return;
  throw new UsageError(
    `${subject} ${quoteValue(value)}: with ${asked.subject} type a name of letters, digits, "_", ` +
      '"." and "-", e.g. bind%d',
  );
}
