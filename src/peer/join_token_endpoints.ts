/**
 * The endpoints in a join token: IP addresses and host names with ports. Pure.
 *
 * @module
 */

import { concatBytes } from "./concat_bytes.ts";
import { canonicalHost, formatIp, parseIp } from "../ip_literal.ts";
import { formatHostPort, type HostPort } from "../net_address.ts";

/** More would make a QR code that no camera likes. */
const MAX_ENDPOINTS = 16;

const EndpointType = { IPV4: 1, IPV6: 2, NAME: 3 } as const;

/** Bytes of a port. */
const PORT_BYTES = 2;

/** A host name as it goes to a resolver: letters, digits, hyphens, dots and underscores, at most 253 (RFC 1035 §2.3.4). */
const NAME_PATTERN = /^[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})$/;

/** Count and endpoints. @throws RangeError when they are none, too many, or one of them is none. */
export function encodeEndpoints(endpoints: readonly HostPort[]): Uint8Array<ArrayBuffer> {
  if (endpoints.length < 1 || endpoints.length > MAX_ENDPOINTS) {
    throw new RangeError(
      `A join token has 1 to ${MAX_ENDPOINTS} endpoints, not ${endpoints.length}`,
    );
  }
  return concatBytes(Uint8Array.of(endpoints.length), ...endpoints.map(encodeEndpoint));
}

/** @returns "short": the bytes end too early. "unknown": what {@link encodeEndpoints} does not write. */
export function decodeEndpoints(bytes: Uint8Array): HostPort[] | "short" | "unknown" {
  if (bytes.length < 1) return "short";
  const count = bytes[0]!;
  if (count < 1 || count > MAX_ENDPOINTS) return "unknown";
  const endpoints: HostPort[] = [];
  let at = 1;
  for (let i = 0; i < count; i++) {
    const hostStart = at + (bytes[at] === EndpointType.NAME ? 2 : 1);
    const hostBytes = hostLengthAt(bytes, at);
    if (hostBytes < 0) return "unknown";
    const end = hostStart + hostBytes + PORT_BYTES;
    if (end > bytes.length) return "short";
    const host = hostOf(bytes[at]!, bytes.subarray(hostStart, hostStart + hostBytes));
    const port = bytes[end - 2]! << 8 | bytes[end - 1]!;
    if (host === null || port === 0) return "unknown";
    endpoints.push({ host, port });
    at = end;
  }
  return at === bytes.length ? endpoints : "unknown";
}

function encodeEndpoint({ host, port }: HostPort): Uint8Array<ArrayBuffer> {
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new RangeError(`"${formatHostPort(host, port)}" has no port of 1 to 65535`);
  }
  const portBytes = Uint8Array.of(port >> 8, port & 0xff);
  const ip = parseIp(canonicalHost(host));
  if (ip !== null) {
    const type = ip.length === 4 ? EndpointType.IPV4 : EndpointType.IPV6;
    return concatBytes(Uint8Array.of(type), ip, portBytes);
  }
  if (!NAME_PATTERN.test(host)) throw new RangeError(`"${host}" is no host name or address`);
  const name = new TextEncoder().encode(host);
  return concatBytes(Uint8Array.of(EndpointType.NAME, name.length), name, portBytes);
}

/** Bytes of the host of the endpoint at `at`; less than 0 for an unknown type; beyond the end 0. */
function hostLengthAt(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) return 0;
  switch (bytes[at]) {
    case EndpointType.IPV4:
      return 4;
    case EndpointType.IPV6:
      return 16;
    case EndpointType.NAME:
      return bytes[at + 1] ?? 0;
    default:
      return -1;
  }
}

/** Null for a name that no host has, and for an address in another type's clothes: what a token says has one text. */
function hostOf(type: number, host: Uint8Array): string | null {
  if (type !== EndpointType.NAME) {
    const text = formatIp(host);
    return parseIp(text)?.length === host.length ? text : null;
  }
  const name = new TextDecoder().decode(host);
  return NAME_PATTERN.test(name) && parseIp(name) === null ? name : null;
}
