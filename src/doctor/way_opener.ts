/**
 * Opens one way to the master: over UDP or TCP, direct, by an interface, or through a proxy; once, where the daemon's links try for
 * ever. What goes wrong is told apart.
 *
 * @module
 */

import type { DatagramSocket, Transport } from "../linkmap/datagram_socket.ts";
import type { LinkSpec, ProxySpec } from "../linkmap/link_spec.ts";
import { resolveHost } from "../linkmap/resolve.ts";
import { Socks5Socket } from "../linkmap/socks5_socket.ts";
import { SocksError, SocksReply } from "../linkmap/socks_error.ts";
import { connectTcp, connectTcpViaProxy } from "../linkmap/tcp_connect.ts";
import type { TcpDialer } from "../linkmap/stream_conn.ts";
import type { UdpBinder } from "../linkmap/udp_port.ts";
import { describeError } from "../log.ts";
import { formatHostPort, type HostPort, type NetAddress } from "../net_address.ts";
import type { DropCounters } from "../wire/drop_reason.ts";
import type { OpenFailure, ProxyFacts, ProxyState } from "./link_facts.ts";

/** How long each step with a proxy, and connecting, may take. A phone that sleeps needs a second or two. */
export const STEP_TIMEOUT_MS = 4_000;

/** What opening needs. */
export interface OpenTools {
  readonly bindUdp: UdpBinder;
  /** Opens TCP connections; Deno's when not given. */
  readonly dialTcp?: TcpDialer;
  readonly drops: DropCounters;
}

/** An open socket and whom to send to. */
export interface OpenedWay {
  readonly socket: DatagramSocket;
  readonly remote: NetAddress;
}

/** Opens it. @throws Error: see {@link proxyFactsOf} and {@link openFailureOf}. Nothing is left open then. */
export async function openWay(
  { proxy, device }: Pick<LinkSpec, "proxy" | "device">,
  target: HostPort,
  transport: Transport,
  { bindUdp, dialTcp, drops }: OpenTools,
): Promise<OpenedWay> {
  const timeoutMs = STEP_TIMEOUT_MS;
  if (proxy !== null) {
    const socket = transport === "udp"
      ? await Socks5Socket.open({ proxy, target, drops, bindUdp, dialTcp, timeoutMs })
      : await connectTcpViaProxy({ proxy, target, drops, dialTcp, timeoutMs });
    return { socket, remote: { hostname: target.host, port: target.port } };
  }
  const [remote] = await resolveHost(target, { timeoutMs });
  if (remote === undefined) throw new Error(`Cannot resolve "${target.host}": it has no address`);
  if (transport === "tcp") {
    return { socket: await connectTcp({ remote, drops, dialTcp, timeoutMs }), remote };
  }
  const hostname = remote.hostname.includes(":") ? "::" : "0.0.0.0";
  const socket = bindUdp({ hostname, port: 0, drops, device, forbidsFragments: true });
  return { socket, remote };
}

/** What an error says of the proxy. @param tookMs how long it took; null: nothing, it is about the way behind it. */
export function proxyFactsOf(proxy: ProxySpec, error: unknown, tookMs: number): ProxyFacts | null {
  if (!(error instanceof SocksError) || error.request !== null) return null;
  return {
    address: formatHostPort(proxy.host, proxy.port),
    state: proxyStateOf(error, tookMs),
    detail: describeError(error),
  };
}

function proxyStateOf(error: SocksError, tookMs: number): ProxyState {
  if (error.problem !== "unreachable") return error.problem ?? "other";
  const { kind } = openFailureOf(error, tookMs);
  return kind === "other" ? "unreachable" : kind;
}

/** Why something could not be opened. @param tookMs how long it took */
export function openFailureOf(error: unknown, tookMs: number): OpenFailure {
  return { kind: failureKind(error, tookMs), detail: describeError(error) };
}

function failureKind(error: unknown, tookMs: number): OpenFailure["kind"] {
  if (error instanceof SocksError && error.reply !== null) {
    if (error.reply === SocksReply.CONNECTION_REFUSED) return "refused";
    return UNREACHABLE_REPLIES.includes(error.reply) ? "no-route" : "other";
  }
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof Deno.errors.ConnectionRefused) return "refused";
    if (at instanceof Deno.errors.TimedOut) return "timeout";
    const code: unknown = "code" in at ? at.code : undefined;
    if (code === "EHOSTUNREACH" || code === "ENETUNREACH") return "no-route";
  }
  return tookMs >= STEP_TIMEOUT_MS - TIMER_SLACK_MS ? "timeout" : "other";
}

const UNREACHABLE_REPLIES: readonly number[] = [
  SocksReply.NETWORK_UNREACHABLE,
  SocksReply.HOST_UNREACHABLE,
  SocksReply.TTL_EXPIRED,
];

/** Timers may fire a little early by another clock. */
const TIMER_SLACK_MS = 50;
