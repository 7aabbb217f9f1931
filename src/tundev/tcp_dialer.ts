/**
 * Connects to the service behind the connect-tcp end.
 *
 * @module
 */

import { formatHostPort, type HostPort } from "../net_address.ts";
import { reasonOf } from "./tcp_tundev_event.ts";

/** How long a service may take to accept a connection, ms. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Connects, within ten seconds.
 * @param closing aborts it.
 * @throws Error that names the service, with the cause.
 */
export async function dialTcp(target: HostPort, closing: AbortSignal): Promise<Deno.TcpConn> {
  const { host, port } = target;
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(new Error("timed out")), CONNECT_TIMEOUT_MS);
  try {
    const signal = AbortSignal.any([timeout.signal, closing]);
    return await Deno.connect({ hostname: host, port, signal });
  } catch (cause) {
    const why = timeout.signal.aborted ? `no answer in ${CONNECT_TIMEOUT_MS} ms` : reasonOf(cause);
    throw new Error(`Cannot connect to ${formatHostPort(host, port)}: ${why}`, { cause });
  } finally {
    clearTimeout(timer);
  }
}
