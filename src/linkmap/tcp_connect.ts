/**
 * Opens TCP connections that carry datagrams: straight to the master, or through a SOCKS5 proxy by
 * CONNECT (RFC 1928 §4).
 *
 * @module
 */

import { closeQuietly } from "../close_quietly.ts";
import { formatAddress, type HostPort, type NetAddress } from "../net_address.ts";
import type { DropCounters } from "../wire/drop_reason.ts";
import { withDeadline } from "./deadline.ts";
import { describeProxy, requestHost, type Socks5ConnectOptions } from "./socks5_connect.ts";
import { Socks5Handshake } from "./socks5_handshake.ts";
import { SocksCommand } from "./socks5_message.ts";
import { dialByDeno, type StreamConn, type TcpDialer } from "./stream_conn.ts";
import { tcpLabel, TcpSocket, type TcpSocketOptions } from "./tcp_socket.ts";

/**
 * How long a direct connect may take. Linux sends a SYN again after 1 and 3 s; whoever answers none
 * of the three is not there, and other candidates wait for their turn.
 */
const CONNECT_TIMEOUT_MS = 5_000;

/** Where to connect to. */
export interface TcpConnectOptions {
  /** IP literal and port. */
  readonly remote: NetAddress;
  readonly drops: DropCounters;
  /** Gives up at once when it fires; the rejection is then the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Opens the connection; Deno's when not given. */
  readonly dialTcp?: TcpDialer | undefined;
  /** Default 5 s. */
  readonly timeoutMs?: number | undefined;
}

/** What to ask a proxy for. */
export interface TcpViaProxyOptions extends Socks5ConnectOptions {
  /** The far end. A name is sent to the proxy, which resolves it. */
  readonly target: HostPort;
  readonly drops: DropCounters;
}

/**
 * Connects to the master.
 * @throws Error with the system's error as cause: refused, unreachable, no answer in time. Nothing is left open.
 */
export async function connectTcp(options: TcpConnectOptions): Promise<TcpSocket> {
  const { remote, drops, signal, timeoutMs = CONNECT_TIMEOUT_MS, dialTcp = dialByDeno } = options;
  const complaint = (reason: string, cause?: unknown): Error =>
    new Error(`Cannot connect to ${formatAddress(remote)} over TCP: ${reason}`, { cause });
  const onTimeout = (): Error => complaint(`no answer within ${timeoutMs} ms`);
  let conn: StreamConn;
  try {
    conn = await withDeadline(
      { timeoutMs, signal, onTimeout },
      (abort) =>
        dialTcp(remote, abort).catch((cause) => {
          throw complaint(describeConnectError(cause), cause);
        }),
      closeQuietly,
    );
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  const socket = adoptConnection(conn, {
    side: "opened",
    label: tcpLabel(remote),
    remote,
    drops,
  });
  if (socket === null) throw complaint("closed by the other end");
  return socket;
}

/**
 * Connects to the master through a proxy.
 * @throws SocksError when the proxy can't be reached, breaks the protocol or refuses; UsageError when
 * the target's name can't be sent; Error when the proxy's name does not resolve. Nothing is left open.
 */
export async function connectTcpViaProxy(options: TcpViaProxyOptions): Promise<TcpSocket> {
  const { target, proxy, drops } = options;
  const destination = { host: requestHost(target.host), port: target.port };
  const handshake = await Socks5Handshake.open(options);
  try {
    await handshake.request(SocksCommand.CONNECT, destination);
  } catch (error) {
    handshake.close();
    throw error;
  }
  return new TcpSocket(handshake.conn, {
    side: "opened",
    label: `tcp via socks5 ${describeProxy(proxy)}`,
    // Its name, when it has only that: the proxy alone knows the address.
    remote: { hostname: target.host, port: target.port },
    drops,
  });
}

/**
 * Makes a socket of a connection: small frames must not wait for more of them, and in the end the
 * system should notice that the other side is gone.
 * @returns null when the connection is over already; it is closed then.
 */
export function adoptConnection(conn: StreamConn, options: TcpSocketOptions): TcpSocket | null {
  try {
    conn.setNoDelay(true);
    conn.setKeepAlive(true);
  } catch {
    // Some systems (BSD, macOS) refuse options of a connection that the other end has reset.
    closeQuietly(conn);
    return null;
  }
  return new TcpSocket(conn, options);
}

function describeConnectError(cause: unknown): string {
  if (cause instanceof Deno.errors.ConnectionRefused) {
    return "ECONNREFUSED (is the master running there, with TCP?)";
  }
  return cause instanceof Error ? cause.message : String(cause);
}
