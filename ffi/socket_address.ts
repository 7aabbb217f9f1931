/**
 * `struct sockaddr_in` and `struct sockaddr_in6`: how the kernel is told a peer's address, and how it tells
 * one. Layouts: ip(7), ipv6(7), include/uapi/linux/in.h and in6.h. Port and address are in network order, the
 * family in the machine's (little-endian).
 *
 * @module
 */

import { Arena } from "./arena.ts";
import { Errno, SysError } from "./errno.ts";
import { AF_INET, AF_INET6 } from "./ifreq.ts";
import { lastErrno, loadLibc } from "./libc.ts";
import { parseIpLiteral } from "./netif.ts";

/** `struct sockaddr_in`: family u16, port u16, address 4 bytes, 8 bytes of zero. */
export const SOCKADDR_IN_BYTES = 16;

/** `struct sockaddr_in6`: family u16, port u16, flow u32, address 16 bytes, scope u32. The largest here. */
export const SOCKADDR_IN6_BYTES = 28;

const FAMILY_OFFSET = 0;
const PORT_OFFSET = 2;
const SIN_ADDR_OFFSET = 4;
const SIN6_ADDR_OFFSET = 8;
/** Within an IPv6 address: an IPv4 one that it stands for (RFC 4291 section 2.5.5.2). */
const MAPPED_IPV4_OFFSET = 12;

/** A peer's address as the kernel has it; kept and reused by whoever sends to it. Never changes. */
export class SocketAddress {
  /**
   * The struct, 16 or 28 bytes. To be copied to where the kernel reads it: these bytes may move.
   */
  readonly bytes: Uint8Array<ArrayBuffer>;

  private constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
  }

  /**
   * @param hostname an IP literal, without brackets or zone; for an IPv6 socket an IPv4 one is mapped.
   * @param isIpv6Socket the family of the socket that will send to it.
   * @throws SysError EINVAL when it is no IP literal, EAFNOSUPPORT for IPv6 from an IPv4 socket.
   */
  static from(hostname: string, port: number, isIpv6Socket: boolean): SocketAddress {
    const ip = parseIpLiteral(hostname);
    const action = `use address "${hostname}"`;
    if (ip === null) throw new SysError("inet_pton", Errno.EINVAL, "no IP literal", action);
    if (ip.length === 16 && !isIpv6Socket) {
      throw new SysError("sendmsg", Errno.EAFNOSUPPORT, "the socket is an IPv4 one", action);
    }
    const bytes = new Uint8Array(isIpv6Socket ? SOCKADDR_IN6_BYTES : SOCKADDR_IN_BYTES);
    bytes[FAMILY_OFFSET] = isIpv6Socket ? AF_INET6 : AF_INET;
    bytes[PORT_OFFSET] = port >> 8;
    bytes[PORT_OFFSET + 1] = port;
    if (!isIpv6Socket) {
      bytes.set(ip, SIN_ADDR_OFFSET);
    } else if (ip.length === 16) {
      bytes.set(ip, SIN6_ADDR_OFFSET);
    } else {
      bytes.fill(0xff, SIN6_ADDR_OFFSET + 10, SIN6_ADDR_OFFSET + MAPPED_IPV4_OFFSET);
      bytes.set(ip, SIN6_ADDR_OFFSET + MAPPED_IPV4_OFFSET);
    }
    return new SocketAddress(bytes);
  }
}

/** The port in a struct of either family. */
export function sockaddrPort(bytes: Uint8Array): number {
  return bytes[PORT_OFFSET]! << 8 | bytes[PORT_OFFSET + 1]!;
}

/**
 * The address in a struct of either family, as text: IPv6 as RFC 5952 wants it, IPv4-mapped as the IPv4
 * address it stands for. A zone is left out. Equal to what src/ip_literal.ts calls canonical.
 */
export function sockaddrHostname(bytes: Uint8Array): string {
  if (bytes[FAMILY_OFFSET] === AF_INET) return ipv4Text(bytes, SIN_ADDR_OFFSET);
  return addressText(bytes.subarray(SIN6_ADDR_OFFSET, SIN6_ADDR_OFFSET + 16));
}

/** An address of 4 or 16 bytes as text; see {@link sockaddrHostname}. */
export function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return ipv4Text(bytes, 0);
  const groups: number[] = [];
  for (let at = 0; at < 16; at += 2) groups.push(bytes[at]! << 8 | bytes[at + 1]!);
  const isMapped = groups[5] === 0xffff && groups.slice(0, 5).every((group) => group === 0);
  return isMapped ? ipv4Text(bytes, MAPPED_IPV4_OFFSET) : ipv6Text(groups);
}

/**
 * Gives a socket its own address; port 0 lets the system choose.
 * @returns what it got: a struct of the same family, with room for either.
 * @throws SysError of `bind` or `getsockname`.
 */
export function bindSocket(fd: number, wanted: SocketAddress): Uint8Array {
  const libc = loadLibc();
  using arena = new Arena(SOCKADDR_IN6_BYTES + 16);
  const address = arena.take(SOCKADDR_IN6_BYTES);
  const length = arena.take(4);
  address.bytes.set(wanted.bytes);
  if (libc.bind(fd, address.address, wanted.bytes.length) < 0) {
    const errno = lastErrno();
    const where = `${sockaddrHostname(wanted.bytes)} port ${sockaddrPort(wanted.bytes)}`;
    throw new SysError("bind", errno, undefined, `bind UDP socket to ${where}`);
  }
  length.view.setUint32(0, SOCKADDR_IN6_BYTES, true);
  if (libc.getsockname(fd, address.address, length.address) < 0) {
    throw new SysError("getsockname", lastErrno());
  }
  return address.bytes;
}

function ipv4Text(bytes: Uint8Array, offset: number): string {
  return bytes.subarray(offset, offset + 4).join(".");
}

/** RFC 5952: the longest run of two or more zero groups, the first of several, becomes `::`. */
function ipv6Text(groups: readonly number[]): string {
  let runStart = 0;
  let runGroups = 1;
  for (let start = 0; start < groups.length; start++) {
    let count = 0;
    while (groups[start + count] === 0) count++;
    if (count > runGroups) [runStart, runGroups] = [start, count];
  }
  const hex = (part: readonly number[]): string => part.map((it) => it.toString(16)).join(":");
  if (runGroups < 2) return hex(groups);
  return `${hex(groups.slice(0, runStart))}::${hex(groups.slice(runStart + runGroups))}`;
}
