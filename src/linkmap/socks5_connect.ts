/**
 * The way to a SOCKS5 proxy: its name to addresses, and TCP to the first one that answers.
 *
 * @module
 */

import { domainToASCII } from "node:url";
import { closeQuietly } from "../close_quietly.ts";
import { UsageError } from "../usage_error.ts";
import { withDeadline } from "./deadline.ts";
import { parseIp } from "../ip_literal.ts";
import type { ProxySpec } from "./link_spec.ts";
import { type LinkWays, OPEN_WAYS, type WayLease } from "./link_ways.ts";
import { formatHostPort, type HostPort, type NetAddress } from "../net_address.ts";
import { isDomainName } from "./socks5_address.ts";
import { SocksError } from "./socks_error.ts";
import { dialByDeno, type StreamConn, type TcpDialer } from "./stream_conn.ts";

/** How long each step may take by default: resolving, connecting, and each question and answer. */
export const DEFAULT_STEP_TIMEOUT_MS = 10_000;

/** Addresses of a proxy's name that are tried at most: a name can have hundreds. */
const MAX_PROXY_ADDRESSES = 8;

/** Whom to talk to and for how long. */
export interface Socks5ConnectOptions {
  readonly proxy: ProxySpec;
  /** For each step; the default is {@link DEFAULT_STEP_TIMEOUT_MS}. */
  readonly timeoutMs?: number | undefined;
  /** Gives up at once when it fires; the rejection is then the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Looks the proxy's name up; by the system when not given. */
  readonly ways?: LinkWays | undefined;
  /** Opens the connection; Deno's when not given. */
  readonly dialTcp?: TcpDialer | undefined;
  /** Is told where is connected and sent to, before. */
  readonly lease?: WayLease | undefined;
}

/** A proxy for messages: host and port, never its password. */
export function describeProxy(proxy: HostPort): string {
  return formatHostPort(proxy.host, proxy.port);
}

/**
 * A host as it may go into a SOCKS5 request: international names in their ASCII form (RFC 5890).
 * @throws UsageError when it is no name that the proxy could resolve.
 */
export function requestHost(host: string): string {
  if (parseIp(host) !== null) return host;
  const ascii = domainToASCII(host);
  if (!isDomainName(ascii)) {
    throw new UsageError(`Cannot ask a SOCKS5 proxy for "${host.slice(0, 64)}": not a host name`);
  }
  return ascii;
}

/**
 * Connects to the proxy, at each of its addresses in the resolver's order.
 * @throws SocksError when none answers; Error when the name does not resolve. Nothing is left open.
 */
export async function connectProxy(options: Socks5ConnectOptions): Promise<StreamConn> {
  const { proxy, signal, timeoutMs = DEFAULT_STEP_TIMEOUT_MS, ways = OPEN_WAYS } = options;
  const addresses = await ways.resolve(proxy, { timeoutMs, signal });
  let failure: unknown = new Error("it has no address");
  for (const address of addresses.slice(0, MAX_PROXY_ADDRESSES)) {
    try {
      return await connectAddress(address, options);
    } catch (error) {
      signal?.throwIfAborted();
      failure = error;
    }
  }
  throw new SocksError(
    `Cannot reach SOCKS5 proxy ${describeProxy(proxy)}: ${describeError(failure)}`,
    { cause: failure, problem: "unreachable" },
  );
}

async function connectAddress(
  address: NetAddress,
  options: Socks5ConnectOptions,
): Promise<StreamConn> {
  const { signal, timeoutMs = DEFAULT_STEP_TIMEOUT_MS, lease, dialTcp = dialByDeno } = options;
  await lease?.add(address, "tcp");
  const onTimeout = (): Error => new Error(`no answer to TCP connect within ${timeoutMs} ms`);
  const conn = await withDeadline(
    { timeoutMs, signal, onTimeout },
    (abort) => dialTcp(address, abort),
    closeQuietly,
  );
  // The connection is silent while the link lives. Deno offers no keepalive times: the system's
  // apply (two hours on Linux), so a link that hears nothing is opened anew long before that.
  conn.setKeepAlive(true);
  conn.setNoDelay(true);
  return conn;
}

/** An error of the connection in words. */
export function describeError(error: unknown): string {
  if (error instanceof Deno.errors.ConnectionRefused) {
    return "connection refused (is the proxy running, and is this its port?)";
  }
  return error instanceof Error ? error.message : String(error);
}
