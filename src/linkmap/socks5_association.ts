/**
 * Makes a UDP association at a SOCKS5 proxy (RFC 1928 §4, §6): the control connection, a socket of
 * ours, and where the relay is.
 *
 * @module
 */

import type { DropCounters } from "../wire/drop_reason.ts";
import { withDeadline } from "./deadline.ts";
import { parseIp } from "../ip_literal.ts";
import type { HostPort, NetAddress } from "../net_address.ts";
import { resolveHost } from "./resolve.ts";
import { AddressType, type Socks5Address } from "./socks5_address.ts";
import {
  DEFAULT_STEP_TIMEOUT_MS,
  describeProxy,
  type Socks5ConnectOptions,
} from "./socks5_connect.ts";
import { Socks5Handshake } from "./socks5_handshake.ts";
import { SocksCommand } from "./socks5_message.ts";
import { repairRelayHost } from "./socks5_relay.ts";
import { SocksError } from "./socks_error.ts";
import type { StreamConn } from "./stream_conn.ts";
import type { BoundUdpSocket, UdpBinder } from "./udp_port.ts";

/** What an association needs. */
export interface Socks5AssociationOptions extends Socks5ConnectOptions {
  /** Counts what the sockets throw away. */
  readonly drops: DropCounters;
  /** Makes UDP sockets. */
  readonly bindUdp: UdpBinder;
}

/** An association's parts, open: whoever has them closes both. */
export interface Socks5Association {
  /** Its end is the association's end. */
  readonly control: StreamConn;
  readonly udp: BoundUdpSocket;
  /** Where our datagrams go and the proxy's come from; canonical IP literal. */
  readonly relay: NetAddress;
}

/**
 * What stands in the request when we leave it to the proxy to see where our datagrams come from. Of
 * the family that the proxy is reached by: danted opens its relay in the family of this address.
 */
const ANY_IPV4: HostPort = { host: "0.0.0.0", port: 0 };
const ANY_IPV6: HostPort = { host: "::", port: 0 };

/**
 * Makes an association. DST is all zeros at first, as RFC 1928 wants it from a client that does not
 * know how its address looks to the proxy; when that is refused, once more with our real address.
 * @throws SocksError, see {@link Socks5Handshake}; Error when the proxy's name does not resolve.
 * Nothing is left open then.
 */
export async function openAssociation(
  options: Socks5AssociationOptions,
): Promise<Socks5Association> {
  try {
    return await associate(options, false);
  } catch (error) {
    const isWorthAsking = error instanceof SocksError && error.reply !== null &&
      !error.isCommandNotSupported;
    if (!isWorthAsking) throw error;
    // RFC 1928 §6: after a refusal the connection is over, so this is a new one.
    return await associate(options, true);
  }
}

async function associate(
  options: Socks5AssociationOptions,
  isAddressDeclared: boolean,
): Promise<Socks5Association> {
  const handshake = await Socks5Handshake.open(options);
  let udp: BoundUdpSocket | null = null;
  try {
    udp = bindTowards(handshake.localAddress.hostname, options);
    const { hostname, port } = udp.localAddress;
    const any = handshake.proxyAddress.hostname.includes(":") ? ANY_IPV6 : ANY_IPV4;
    const declared = isAddressDeclared ? { host: hostname, port } : any;
    const bound = await handshake.request(SocksCommand.UDP_ASSOCIATE, declared);
    const relay = await locateRelay(bound, handshake.proxyAddress.hostname, options);
    await options.lease?.add(relay, "udp");
    if (relay.hostname !== handshake.proxyAddress.hostname) {
      udp.close();
      udp = bindAnywhere(relay.hostname, isAddressDeclared ? port : 0, options);
    }
    return { control: handshake.conn, udp, relay };
  } catch (error) {
    udp?.close();
    handshake.close();
    throw error;
  }
}

/**
 * A socket on our address towards the proxy: proxies tie the association to the client's address, and
 * a machine with several uplinks must not send from another one.
 */
function bindTowards(localHost: string, options: Socks5AssociationOptions): BoundUdpSocket {
  try {
    return options.bindUdp({ hostname: localHost, port: 0, drops: options.drops });
  } catch {
    // A link-local IPv6 address can't be bound without its zone, which Deno does not take.
    return bindAnywhere(localHost, 0, options);
  }
}

/** A socket for a relay that is not where the proxy is: our address towards the proxy may not lead there. */
function bindAnywhere(
  relayHost: string,
  port: number,
  { bindUdp, drops }: Socks5AssociationOptions,
): BoundUdpSocket {
  return bindUdp({ hostname: relayHost.includes(":") ? "::" : "0.0.0.0", port, drops });
}

async function locateRelay(
  bound: Socks5Address,
  proxyHost: string,
  options: Socks5AssociationOptions,
): Promise<NetAddress> {
  if (bound.port === 0) {
    throw new SocksError(`SOCKS5 proxy ${describeProxy(options.proxy)} gave port 0 for its relay`);
  }
  const boundIp = bound.type === AddressType.DOMAIN
    ? await resolveBound(bound.host, proxyHost, options)
    : bound.host;
  return { hostname: repairRelayHost(boundIp, proxyHost), port: bound.port };
}

/** A relay named by a name: its address, or null when it has none that we know of. */
async function resolveBound(
  host: string,
  proxyHost: string,
  options: Socks5AssociationOptions,
): Promise<string | null> {
  if (parseIp(host) !== null) return host;
  const { signal, timeoutMs = DEFAULT_STEP_TIMEOUT_MS } = options;
  const onTimeout = (): Error => new Error(`Cannot resolve "${host}" within ${timeoutMs} ms`);
  try {
    const found = await withDeadline(
      { timeoutMs, signal, onTimeout },
      () => resolveHost({ host, port: 1 }),
    );
    const hosts = found.map(({ hostname }) => hostname);
    // "localhost" and others are both 127.0.0.1 and ::1: what is like the proxy's address is meant.
    const likeProxy = hosts.filter((ip) => ip.includes(":") === proxyHost.includes(":"));
    return hosts.find((ip) => ip === proxyHost) ?? likeProxy[0] ?? hosts[0] ?? null;
  } catch {
    signal?.throwIfAborted();
    return null; // "localhost.phone" and the like: the relay can only be at the proxy then
  }
}
