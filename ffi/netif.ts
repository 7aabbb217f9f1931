/**
 * Sets up a network interface by ioctl, as netdevice(7) describes: no `ip` and no `ifconfig` has to
 * be there. A netlink socket could do the same in more code; what is needed here is an address, an MTU
 * and "up".
 *
 * @module
 */

import { Arena, CString } from "./arena.ts";
import { Errno, SysError } from "./errno.ts";
import { AF_INET, AF_INET6, Ifreq, In6Ifreq } from "./ifreq.ts";
import { lastErrno, loadLibc } from "./libc.ts";

/**
 * An IP literal's bytes in network order: 4 for IPv4, 16 for IPv6, null when it is neither.
 * Strict, as inet_pton(3): no brackets, no zone, no short forms such as `10.1`.
 */
export function parseIpLiteral(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.includes("\0")) return null;
  using src = new CString(text);
  const isIpv6 = text.includes(":");
  using arena = new Arena(16);
  const dst = arena.take(isIpv6 ? 16 : 4);
  const family = isIpv6 ? AF_INET6 : AF_INET;
  return loadLibc().inetPton(family, src.address, dst.address) === 1 ? dst.bytes.slice() : null;
}

/** The interface's index, or null when there is none of that name. @throws SysError */
export function interfaceIndex(name: string): number | null {
  using ifreq = new Ifreq(name);
  try {
    request(AF_INET, "SIOCGIFINDEX", ifreq.address);
  } catch (error) {
    if (error instanceof SysError && error.errno === Errno.ENODEV) return null;
    throw error;
  }
  return ifreq.int;
}

/** Sets the MTU. @throws SysError: EINVAL when the device does not take that size. */
export function setInterfaceMtu(name: string, mtuBytes: number): void {
  using ifreq = new Ifreq(name);
  ifreq.int = mtuBytes;
  request(AF_INET, "SIOCSIFMTU", ifreq.address);
}

/** Sets how many packets the kernel keeps for a reader who is not there yet. @throws SysError */
export function setInterfaceQueue(name: string, pkts: number): void {
  using ifreq = new Ifreq(name);
  ifreq.int = pkts;
  request(AF_INET, "SIOCSIFTXQLEN", ifreq.address);
}

/** Brings the interface up: from then on the kernel routes into it. @throws SysError */
export function bringInterfaceUp(name: string): void {
  using ifreq = new Ifreq(name);
  request(AF_INET, "SIOCGIFFLAGS", ifreq.address);
  ifreq.flags |= IFF_UP;
  request(AF_INET, "SIOCSIFFLAGS", ifreq.address);
}

/**
 * Gives the interface its IPv4 address. The kernel adds the route to the rest of the prefix, which for a
 * /30 or /31 is the peer; when the interface is down it does so on coming up. A /32 has no such rest.
 * @param address 4 bytes in network order.
 * @throws SysError
 */
export function setInterfaceIpv4(name: string, address: Uint8Array, prefixBits: number): void {
  using ifreq = new Ifreq(name);
  ifreq.setIpv4(address);
  request(AF_INET, "SIOCSIFADDR", ifreq.address);
  // A tun is a point-to-point device, so the address came with /32: the mask widens it.
  ifreq.setIpv4(ipv4Netmask(prefixBits));
  request(AF_INET, "SIOCSIFNETMASK", ifreq.address);
}

/** Takes the interface's IPv4 address away, and its route. None there: nothing happens. @throws SysError */
export function removeInterfaceIpv4(name: string): void {
  using ifreq = new Ifreq(name);
  ifreq.setIpv4(UNSPECIFIED_IPV4);
  request(AF_INET, "SIOCSIFADDR", ifreq.address);
}

/**
 * Gives the interface an IPv6 address; the kernel adds the route to its prefix. It looks for duplicates
 * (there can be none on a tun) from a work queue, so for a moment, well under a millisecond, the
 * address is tentative and bind(2) to it fails; only netlink could ask to leave that out.
 * @param address 16 bytes in network order.
 * @throws SysError: EAFNOSUPPORT when the kernel has no IPv6, EACCES when it is disabled on the interface.
 */
export function addInterfaceIpv6(name: string, address: Uint8Array, prefixBits: number): void {
  // The same request number as IPv4's, told apart by the socket's family.
  requestIpv6(name, "SIOCSIFADDR", address, prefixBits);
}

/**
 * Takes an IPv6 address away, and its route.
 * @param address 16 bytes in network order.
 * @throws SysError: EADDRNOTAVAIL when it is not there, ENXIO when the interface has no IPv6 (any more).
 */
export function removeInterfaceIpv6(name: string, address: Uint8Array, prefixBits: number): void {
  requestIpv6(name, "SIOCDIFADDR", address, prefixBits);
}

/** The netmask of a prefix: 4 bytes in network order. */
export function ipv4Netmask(prefixBits: number): Uint8Array<ArrayBuffer> {
  const mask = new Uint8Array(4);
  // JavaScript shifts by (count mod 32), so /0 needs its own case.
  new DataView(mask.buffer).setUint32(0, prefixBits === 0 ? 0 : -1 << (32 - prefixBits));
  return mask;
}

function requestIpv6(
  name: string,
  call: keyof typeof REQUESTS,
  address: Uint8Array,
  prefixBits: number,
): void {
  const ifIndex = interfaceIndex(name);
  if (ifIndex === null) throw new SysError("ioctl SIOCGIFINDEX", Errno.ENODEV);
  using in6Ifreq = new In6Ifreq(address, prefixBits, ifIndex);
  request(AF_INET6, call, in6Ifreq.address);
}

/** One ioctl on a socket made for it: any socket of the family will do. */
function request(family: number, name: keyof typeof REQUESTS, argumentAddress: number): void {
  const libc = loadLibc();
  const fd = libc.socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    throw new SysError(family === AF_INET6 ? "socket AF_INET6" : "socket AF_INET", lastErrno());
  }
  const errno = libc.ioctl(fd, REQUESTS[name], argumentAddress) < 0 ? lastErrno() : 0;
  libc.close(fd);
  if (errno !== 0) {
    throw new SysError(`ioctl ${name}${family === AF_INET6 ? " AF_INET6" : ""}`, errno);
  }
}

/** include/uapi/linux/sockios.h */
const REQUESTS = {
  SIOCGIFFLAGS: 0x8913,
  SIOCSIFFLAGS: 0x8914,
  SIOCSIFADDR: 0x8916,
  SIOCSIFNETMASK: 0x891c,
  SIOCSIFMTU: 0x8922,
  SIOCGIFINDEX: 0x8933,
  SIOCDIFADDR: 0x8936,
  SIOCSIFTXQLEN: 0x8943,
} as const;

/** As the address to set it means "none": devinet_ioctl() and __inet_insert_ifa() in net/ipv4/devinet.c. */
const UNSPECIFIED_IPV4 = new Uint8Array(4);

/** include/uapi/linux/if.h */
const IFF_UP = 0x1;

// include/linux/net.h; SOCK_CLOEXEC is O_CLOEXEC
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
