/**
 * IP addresses as bytes and as text. Two texts of one address compare equal only in canonical form,
 * and a SOCKS5 header carries bytes: so both ways are needed.
 *
 * @module
 */

/** Where an address can be reached from. `shared` is RFC 6598, the address of a phone behind its carrier. */
export type IpScope =
  | "unspecified"
  | "loopback"
  | "link-local"
  | "private"
  | "shared"
  | "multicast"
  | "public";

/** What Linux's dual-stack sockets put before an IPv4 address (RFC 4291 §2.5.5.2). */
export const IPV4_MAPPED_PREFIX = "::ffff:";

/**
 * Reads an IPv4 or IPv6 literal (no brackets, no zone).
 * @returns 4 or 16 bytes; null when the text is not an IP literal.
 *
 * @example
 * ```ts
 * import { formatIp, parseIp } from "./ip_literal.ts";
 *
 * const bytes = parseIp("2001:DB8:0:0::1");
 * if (bytes === null || formatIp(bytes) !== "2001:db8::1") throw new Error("not canonical");
 * ```
 */
export function parseIp(text: string): Uint8Array<ArrayBuffer> | null {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

/**
 * Writes 4 or 16 bytes as text, IPv6 as RFC 5952 wants it. An IPv4-mapped address is written as the
 * IPv4 address it stands for.
 */
export function formatIp(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join(".");
  if (isIpv4Mapped(bytes)) return bytes.subarray(12).join(".");
  const groups: number[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(bytes[i]! << 8 | bytes[i + 1]!);
  const { from, count } = longestZeroRun(groups);
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(":");
  if (count < 2) return hex(groups);
  return `${hex(groups.slice(0, from))}::${hex(groups.slice(from + count))}`;
}

/** The canonical text of an IP literal; any other text is returned as it is. */
export function canonicalHost(host: string): string {
  const bytes = parseIp(host);
  return bytes === null ? host : formatIp(bytes);
}

/** Where an address can be reached from. IPv4-mapped addresses count as the IPv4 address. */
export function ipScope(bytes: Uint8Array): IpScope {
  if (bytes.length === 16) {
    return isIpv4Mapped(bytes) ? ipv4Scope(bytes.subarray(12)) : ipv6Scope(bytes);
  }
  return ipv4Scope(bytes);
}

/** Whether two addresses share a /24 (IPv4) or /64 (IPv6): the usual size of one local network. */
export function isSameSubnet(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  const prefixBytes = a.length === 4 ? 3 : 8;
  for (let i = 0; i < prefixBytes; i++) {
    if (a[i] !== b[i]) return false;
  }
  return true;
}

function parseIpv4(text: string): Uint8Array<ArrayBuffer> | null {
  const parts = text.split(".");
  if (parts.length !== 4) return null;
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    // No leading zeros: some readers take them as octal, so "010.0.0.1" has no one meaning.
    if (!/^(0|[1-9][0-9]{0,2})$/.test(parts[i]!)) return null;
    const value = Number(parts[i]);
    if (value > 255) return null;
    bytes[i] = value;
  }
  return bytes;
}

function parseIpv6(text: string): Uint8Array<ArrayBuffer> | null {
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const head = parseGroups(halves[0]!, halves.length === 1);
  const tail = halves.length === 2 ? parseGroups(halves[1]!, true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const bytes = new Uint8Array(16);
  groups.forEach((group, i) => {
    bytes[2 * i] = group >> 8;
    bytes[2 * i + 1] = group & 0xff;
  });
  return bytes;
}

/** Groups between colons; the last may be a dotted IPv4 address when these are the address's end. */
function parseGroups(text: string, isEnd: boolean): number[] | null {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [i, part] of parts.entries()) {
    if (isEnd && i === parts.length - 1 && part.includes(".")) {
      const ipv4 = parseIpv4(part);
      if (ipv4 === null) return null;
      groups.push(ipv4[0]! << 8 | ipv4[1]!, ipv4[2]! << 8 | ipv4[3]!);
    } else {
      if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return null;
      groups.push(parseInt(part, 16));
    }
  }
  return groups;
}

function longestZeroRun(groups: readonly number[]): { from: number; count: number } {
  let best = { from: 0, count: 0 };
  for (let from = 0; from < groups.length; from++) {
    let count = 0;
    while (groups[from + count] === 0) count++;
    if (count > best.count) best = { from, count };
  }
  return best;
}

function isIpv4Mapped(bytes: Uint8Array): boolean {
  return bytes.length === 16 && bytes.subarray(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 0xff && bytes[11] === 0xff;
}

/** RFC 6890 and RFC 5735; 0.0.0.0/8 means "this host" and is never a destination. */
function ipv4Scope(bytes: Uint8Array): IpScope {
  const a = bytes[0]!;
  const b = bytes[1]!;
  if (a === 0) return "unspecified";
  if (a === 127) return "loopback";
  if (a === 169 && b === 254) return "link-local";
  if (a === 10 || (a === 172 && b >> 4 === 1) || (a === 192 && b === 168)) return "private";
  if (a === 100 && b >> 6 === 1) return "shared";
  if (a >= 224 && (a < 240 || a === 255)) return "multicast";
  return "public";
}

/** RFC 4291 §2.4, RFC 4193 (fc00::/7). */
function ipv6Scope(bytes: Uint8Array): IpScope {
  if (bytes.subarray(0, 15).every((byte) => byte === 0)) {
    if (bytes[15] === 0) return "unspecified";
    if (bytes[15] === 1) return "loopback";
  }
  if (bytes[0] === 0xff) return "multicast";
  if (bytes[0] === 0xfe && bytes[1]! >> 6 === 2) return "link-local";
  if (bytes[0]! >> 1 === 0x7e) return "private";
  return "public";
}
