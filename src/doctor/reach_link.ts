/**
 * Finds out how far one link gets to the master, without sending more than handshakes: interface, name, proxy, UDP, and TCP where UDP
 * is not answered.
 *
 * @module
 */

import { interfaceIndex } from "../../ffi/netif.ts";
import type { Transport } from "../linkmap/datagram_socket.ts";
import { reversePathProblem } from "../linkmap/link_device.ts";
import type { LinkSpec } from "../linkmap/link_spec.ts";
import { resolveHost } from "../linkmap/resolve.ts";
import { SocksError } from "../linkmap/socks_error.ts";
import { describeError } from "../log.ts";
import { formatHostPort, type HostPort } from "../net_address.ts";
import type { DeviceFacts, LinkFacts, ProxyFacts, WayFacts } from "./link_facts.ts";
import { ProbeSession } from "./probe_session.ts";
import type { ProbeContext } from "./probe_terms.ts";
import {
  openFailureOf,
  type OpenTools,
  openWay,
  proxyFactsOf,
  STEP_TIMEOUT_MS,
} from "./way_opener.ts";

/**
 * How long the master may take to answer. The question is sent again after 250, 500, 1,000 and 2,000 ms: a relay that needs a second to
 * begin is waited for.
 */
const ANSWER_TIMEOUT_MS = 3_000;

/** What the probes of a link work with. */
export interface LinkTools extends OpenTools {
  readonly context: ProbeContext;
  /** Monotonic ms. */
  readonly clock: () => number;
}

/** Finds out. Never rejects for what is wrong with the link. */
export async function reachLink(spec: LinkSpec, tools: LinkTools): Promise<LinkFacts> {
  const device = spec.device === undefined ? null : lookAtDevice(spec.device);
  const nameFault = await findNameFault(spec);
  const facts = {
    name: spec.name,
    via: describeVia(spec),
    device,
    nameFault,
    proxy: null,
    udp: NOT_TRIED,
    tcp: NOT_TRIED,
    allowsTcp: spec.allowsTcp,
  };
  if (nameFault !== "" || (device !== null && !(device.isThere && device.hasAddress))) return facts;
  const udp = await tryTargets(spec, "udp", tools);
  // By an interface there is UDP only: TCP would take the routing table's way.
  const isTcpOfUse = udp.way.outcome !== "answered" && device === null && isReady(udp.proxy);
  const tcp = isTcpOfUse ? await tryTargets(spec, "tcp", tools) : { way: NOT_TRIED, proxy: null };
  return { ...facts, proxy: udp.proxy, udp: udp.way, tcp: tcp.way };
}

/** What a link goes through, in words. */
export function describeVia({ proxy, device }: LinkSpec): string {
  if (proxy !== null) return `SOCKS5 proxy ${formatHostPort(proxy.host, proxy.port)}`;
  return device === undefined ? "no proxy" : `interface ${device}`;
}

const NOT_TRIED: WayFacts = { outcome: "not-tried" };

interface Tried {
  readonly way: WayFacts;
  readonly proxy: ProxyFacts | null;
}

function isReady(proxy: ProxyFacts | null): boolean {
  return proxy === null || proxy.state === "ready";
}

/** Each of the master's endpoints in turn, until one answers. @returns the first one's failure when none does. */
async function tryTargets(
  spec: LinkSpec,
  transport: Transport,
  tools: LinkTools,
): Promise<Tried> {
  let first: Tried | null = null;
  for (const target of spec.targets) {
    const tried = await tryTarget(spec, target, transport, tools);
    const isOver = tried.way.outcome === "answered" || tried.way.outcome === "declined";
    if (isOver || !isReady(tried.proxy)) return tried;
    first ??= tried;
  }
  return first ?? { way: NOT_TRIED, proxy: null };
}

async function tryTarget(
  spec: LinkSpec,
  target: HostPort,
  transport: Transport,
  tools: LinkTools,
): Promise<Tried> {
  const { clock, context } = tools;
  const endpoint = formatHostPort(target.host, target.port);
  const proxy: ProxyFacts | null = spec.proxy === null ? null : {
    address: formatHostPort(spec.proxy.host, spec.proxy.port),
    state: "ready",
    detail: "",
  };
  const startedMs = clock();
  await using session = new ProbeSession(context);
  try {
    session.add({ ...spec, ...await openWay(spec, target, transport, tools) });
  } catch (error) {
    const tookMs = clock() - startedMs;
    const broken = spec.proxy === null ? null : proxyFactsOf(spec.proxy, error, tookMs);
    if (broken !== null) return { way: NOT_TRIED, proxy: broken };
    if (error instanceof SocksError && error.request === "UDP ASSOCIATE") {
      return { way: { outcome: "declined", detail: describeDecline(error) }, proxy };
    }
    const failure = openFailureOf(error, tookMs);
    return { way: { outcome: "cannot-open", endpoint, failure }, proxy };
  }
  const answer = await session.handshake(ANSWER_TIMEOUT_MS);
  if (answer !== null) return { way: { outcome: "answered", endpoint, ...answer }, proxy };
  const sendFault = session.sendFault(spec.id);
  return { way: { outcome: "silent", endpoint, sendFault }, proxy };
}

function describeDecline(error: SocksError): string {
  if (error.isCommandNotSupported) return "reply 7 to UDP ASSOCIATE: command not supported";
  return error.reply === null ? describeError(error) : `reply ${error.reply} to UDP ASSOCIATE`;
}

/** Why a name that this machine resolves has no address: the proxy's, or without one the master's; empty: all have. */
async function findNameFault({ proxy, targets }: LinkSpec): Promise<string> {
  const hosts = proxy === null ? targets : [proxy];
  const results = await Promise.allSettled(
    hosts.map((host) => resolveHost(host, { timeoutMs: STEP_TIMEOUT_MS })),
  );
  // One endpoint of several is enough.
  if (results.some(({ status }) => status === "fulfilled")) return "";
  const failed = results.find((result) => result.status === "rejected");
  return failed === undefined ? "" : describeError(failed.reason);
}

function lookAtDevice(name: string): DeviceFacts {
  const isThere = interfaceIndex(name) !== null;
  const hasAddress = Deno.networkInterfaces().some((it) =>
    it.name === name && !it.address.startsWith("fe80:")
  );
  return { name, isThere, hasAddress, reversePathRemedy: reversePathProblem(name) };
}
