/**
 * The address field that SOCKS5 uses everywhere (RFC 1928 §5): ATYP, address, port.
 *
 * @module
 */

import { formatIp, parseIp } from "../ip_literal.ts";
import type { HostPort } from "../net_address.ts";

/** ATYP: the kind of address that follows. */
export const AddressType = { IPV4: 1, DOMAIN: 3, IPV6: 4 } as const;

/** Longest domain name that the one length byte can say. */
const MAX_DOMAIN_BYTES = 255;

/** Longest address field: ATYP, length, 255 bytes of name, port. */
export const MAX_ADDRESS_BYTES = 1 + 1 + MAX_DOMAIN_BYTES + 2;

/** An address field that was read. */
export interface Socks5Address extends HostPort {
  readonly type: typeof AddressType[keyof typeof AddressType];
}

/**
 * Writes an address field. An IP literal becomes its bytes, anything else goes as a domain name, so
 * that the proxy resolves it.
 * @throws RangeError when the name is not 1..255 characters of printable ASCII, or the port not
 * 0..65535: both are checked where the user's text is read.
 */
export function craftAddress(address: HostPort): Uint8Array<ArrayBuffer> {
  const { host, port } = address;
  if (!Number.isInteger(port) || port < 0 || port > 0xffff) {
    throw new RangeError(`Cannot write port ${port} into a SOCKS5 address`);
  }
  const ip = parseIp(host);
  const body = ip ?? domainBytes(host);
  const type = ip === null
    ? AddressType.DOMAIN
    : ip.length === 4
    ? AddressType.IPV4
    : AddressType.IPV6;
  const bytes = new Uint8Array(1 + body.length + 2);
  bytes[0] = type;
  bytes.set(body, 1);
  bytes[bytes.length - 2] = port >> 8;
  bytes[bytes.length - 1] = port & 0xff;
  return bytes;
}

/**
 * Hot. Length of the address field that begins at `offset`, by its type (and, of a name, its length
 * byte, which must lie before `end`).
 * @returns bytes from ATYP to the port's end, or 0 when the type is unknown, the name empty, or the
 * length byte missing. The field itself may reach beyond `end`: the caller compares.
 */
export function addressFieldBytes(bytes: Uint8Array, offset: number, end: number): number {
  if (offset >= end) return 0;
  const type = bytes[offset];
  if (type === AddressType.IPV4) return 1 + 4 + 2;
  if (type === AddressType.IPV6) return 1 + 16 + 2;
  if (type !== AddressType.DOMAIN || offset + 1 >= end) return 0;
  const nameBytes = bytes[offset + 1]!;
  return nameBytes === 0 ? 0 : 1 + 1 + nameBytes + 2;
}

/**
 * Reads a whole address field at `offset`.
 * @returns null when it is not whole, its type is unknown, or a name holds other than host name
 * characters (names end up in messages, so nothing unprintable may pass).
 */
export function readAddress(bytes: Uint8Array, offset: number): Socks5Address | null {
  const fieldBytes = addressFieldBytes(bytes, offset, bytes.length);
  if (fieldBytes === 0 || offset + fieldBytes > bytes.length) return null;
  const portAt = offset + fieldBytes - 2;
  const port = bytes[portAt]! << 8 | bytes[portAt + 1]!;
  const type = bytes[offset] as Socks5Address["type"];
  if (type !== AddressType.DOMAIN) {
    return { type, host: formatIp(bytes.subarray(offset + 1, portAt)), port };
  }
  const host = String.fromCharCode(...bytes.subarray(offset + 2, portAt));
  return HOST_CHARACTERS.test(host) ? { type, host, port } : null;
}

/** Whether the format can carry this as a name: 1..255 characters of a host name. */
export function isDomainName(host: string): boolean {
  return host.length <= MAX_DOMAIN_BYTES && HOST_CHARACTERS.test(host);
}

/** Host names, underscores (seen in local names), and IP literals that a server sends as a name. */
const HOST_CHARACTERS = /^[A-Za-z0-9._:%\[\]-]+$/;

function domainBytes(host: string): Uint8Array<ArrayBuffer> {
  if (!isDomainName(host)) {
    throw new RangeError(
      `Cannot write host "${
        host.slice(0, 64)
      }" into a SOCKS5 address: not 1..255 ASCII characters of a host name`,
    );
  }
  const bytes = new Uint8Array(1 + host.length);
  bytes[0] = host.length;
  for (let i = 0; i < host.length; i++) bytes[1 + i] = host.charCodeAt(i);
  return bytes;
}
