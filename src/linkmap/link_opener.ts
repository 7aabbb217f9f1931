/**
 * Opens the socket of a slave's link: directly or through a SOCKS5 proxy, over UDP or TCP.
 *
 * @module
 */

import { formatAddress, formatHostPort, type HostPort, type NetAddress } from "../net_address.ts";
import type { DropCounters } from "../wire/drop_reason.ts";
import type { CandidatePick, CandidateRotation } from "./candidate_rotation.ts";
import type { DatagramSocket, Transport } from "./datagram_socket.ts";
import type { LinkSpec, ProxySpec } from "./link_spec.ts";
import { type LinkWays, OPEN_WAYS, type WayLease } from "./link_ways.ts";
import { Socks5Socket } from "./socks5_socket.ts";
import { SocksError } from "./socks_error.ts";
import { dialByDeno, type TcpDialer } from "./stream_conn.ts";
import { connectTcp, connectTcpViaProxy } from "./tcp_connect.ts";
import type { BoundUdpSocket, UdpBinder } from "./udp_port.ts";

/** An open socket and the address to send to over it. */
export interface OpenedLink {
  readonly socket: DatagramSocket;
  readonly remote: NetAddress;
  /** The socket's. */
  readonly transport: Transport;
  /** How many other ways could be tried instead: other addresses, other targets, TCP. */
  readonly alternatives: number;
  /** To be disposed of after the socket. */
  readonly lease?: Disposable;
}

/** One opening of a link. */
export interface LinkAttempt {
  /** Which way's turn it is; it is told of ways that could not be opened. */
  readonly rotation: CandidateRotation;
  /** Monotonic ms. */
  readonly nowMs: number;
}

/** Opens a link's socket. Rejects when it cannot be opened now; leaves nothing open then. */
export type LinkOpener = (
  spec: LinkSpec,
  attempt: LinkAttempt,
  signal: AbortSignal,
) => Promise<OpenedLink>;

/**
 * The opener that the daemon uses.
 * @param drops counts what the sockets throw away
 * @param bindUdp makes UDP sockets
 * @param forbidsFragments on a direct link; what a proxy passes on it may fragment anyway
 * @param ways is told where each socket sends to, before it does
 * @param dialTcp opens TCP connections
 */
export function createLinkOpener(
  drops: DropCounters,
  bindUdp: UdpBinder,
  forbidsFragments = false,
  ways: LinkWays = OPEN_WAYS,
  dialTcp: TcpDialer = dialByDeno,
): LinkOpener {
  const bindDirect: UdpBinder = (options) => bindUdp({ ...options, forbidsFragments });
  return async (spec, attempt, signal) => {
    using stack = new DisposableStack();
    const lease = stack.use(ways.lease());
    const context = { drops, bindUdp, dialTcp, signal, ways, lease };
    const opened = spec.proxy === null
      ? await openDirect(spec, attempt, { ...context, bindUdp: bindDirect })
      : await openProxied(spec, spec.proxy, attempt, context);
    return { ...opened, lease: stack.move() };
  };
}

async function openProxied(
  spec: LinkSpec,
  proxy: ProxySpec,
  attempt: LinkAttempt,
  context: OpenContext,
): Promise<OpenedLink> {
  try {
    return await openThroughProxy(spec, proxy, attempt, context);
  } catch (error) {
    if (!spec.allowsTcp || !(error instanceof SocksError) || !error.isUdpRefused) throw error;
    // The connection is over with the refusal (RFC 1928 §6): another one for CONNECT.
    attempt.rotation.handleUdpRefused(attempt.nowMs);
    return await openThroughProxy(spec, proxy, attempt, context);
  }
}

/** What every opening needs. */
interface OpenContext {
  readonly drops: DropCounters;
  readonly bindUdp: UdpBinder;
  readonly dialTcp: TcpDialer;
  readonly signal: AbortSignal;
  readonly ways: LinkWays;
  readonly lease: WayLease;
}

async function openDirect(
  spec: LinkSpec,
  { rotation, nowMs }: LinkAttempt,
  context: OpenContext,
): Promise<OpenedLink> {
  const addresses = await resolveTargets(spec.targets, context);
  const pick = rotation.next(addresses.map(formatAddress), nowMs);
  const remote = addresses[pick.index]!;
  try {
    await context.lease.add(remote, pick.transport);
    const socket = pick.transport === "udp"
      ? bindTowards(remote, context, spec.device)
      : await connectTcp({ ...context, remote });
    return opened(socket, remote, pick);
  } catch (error) {
    rotation.handleFailed();
    throw error;
  }
}

async function openThroughProxy(
  spec: LinkSpec,
  proxy: ProxySpec,
  { rotation, nowMs }: LinkAttempt,
  context: OpenContext,
): Promise<OpenedLink> {
  const pick = rotation.next(
    spec.targets.map(({ host, port }) => formatHostPort(host, port)),
    nowMs,
  );
  const target = spec.targets[pick.index]!;
  const remote = { hostname: target.host, port: target.port };
  try {
    const socket = pick.transport === "udp"
      ? await Socks5Socket.open({ ...context, proxy, target })
      : await connectTcpViaProxy({ ...context, proxy, target });
    return opened(socket, remote, pick);
  } catch (error) {
    // A proxy that is away is away for every target and over TCP too: the turn stays where it is.
    if (error instanceof SocksError && error.request !== null) rotation.handleFailed();
    throw error;
  }
}

function opened(socket: DatagramSocket, remote: NetAddress, pick: CandidatePick): OpenedLink {
  return { socket, remote, transport: pick.transport, alternatives: pick.alternatives };
}

function bindTowards(
  remote: NetAddress,
  { bindUdp, drops }: OpenContext,
  device: string | undefined,
): BoundUdpSocket {
  const hostname = remote.hostname.includes(":") ? "::" : "0.0.0.0";
  return bindUdp({ hostname, port: 0, drops, device });
}

/**
 * The addresses of all targets, in the targets' order, each once.
 * @throws the first target's error when no target has any.
 */
async function resolveTargets(
  targets: readonly HostPort[],
  { ways, signal }: OpenContext,
): Promise<NetAddress[]> {
  const results = await Promise.allSettled(targets.map((it) => ways.resolve(it, { signal })));
  const found = results.flatMap((result) => result.status === "fulfilled" ? result.value : []);
  const byText = new Map(found.map((address) => [formatAddress(address), address]));
  if (byText.size > 0) return [...byText.values()];
  const failed = results.find((result) => result.status === "rejected");
  throw failed?.reason ?? new Error(`Cannot resolve "${targets[0]?.host}": it has no address`);
}
