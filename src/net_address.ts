/**
 * Addresses of hosts: an IP literal with a port, and what a user may write (a name with a port).
 *
 * @module
 */

/** An IP literal (IPv4, or IPv6 without brackets) and a UDP or TCP port. */
export interface NetAddress {
  readonly hostname: string;
  readonly port: number;
}

/** A host name or IP literal (IPv6 without brackets) and a port, as a user names it. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** Hot. Whether two addresses are the same. Compares text: both come from the same resolver. */
export function isSameAddress(a: NetAddress, b: NetAddress): boolean {
  return a.port === b.port && a.hostname === b.hostname;
}

/** `192.0.2.1:80` or `[2001:db8::1]:80`. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** An address as text; see {@link formatHostPort}. */
export function formatAddress(address: NetAddress): string {
  return formatHostPort(address.hostname, address.port);
}
