/**
 * Socket options of a UDP socket that carries a link: where it goes out, how much the kernel holds for
 * it, many datagrams in one call, and no fragments.
 *
 * @module
 */

import { Arena, type ArenaBlock, CString } from "./arena.ts";
import { Errno, SysError } from "./errno.ts";
import { IFNAME_BYTES } from "./ifreq.ts";
import { lastErrno, type Libc, loadLibc } from "./libc.ts";
import { IP_PKTINFO, IPPROTO_IP, IPPROTO_IPV6, IPV6_RECVPKTINFO } from "./local_address.ts";

/** Sets options of one socket, which it does not own. */
export class UdpOptions implements Disposable {
  readonly #libc: Libc = loadLibc();
  readonly #arena = new Arena(16);
  readonly #value: ArenaBlock = this.#arena.take(4);
  readonly #length: ArenaBlock = this.#arena.take(4);
  readonly #fd: number;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * SO_BINDTODEVICE: datagrams go out by this interface, whatever the routing table prefers, and only what
   * comes in by it is received. socket(7); sock_setbindtodevice() in net/core/sock.c: CAP_NET_RAW is needed,
   * since Linux 5.7 only to change a device that is set already.
   * @throws SysError: ENODEV when there is no such interface, EPERM.
   */
  bindToDevice(device: string): void {
    const action = `bind socket to device "${device}"`;
    using name = new CString(device);
    const nameBytes = new TextEncoder().encode(device).length;
    // The kernel cuts a longer name off, and would take another device; an empty one unbinds.
    if (nameBytes === 0 || nameBytes >= IFNAME_BYTES) {
      throw new SysError("setsockopt SO_BINDTODEVICE", Errno.ENODEV, "no such device", action);
    }
    const result = this.#libc.setsockopt(
      this.#fd,
      SOL_SOCKET,
      SO_BINDTODEVICE,
      name.address,
      nameBytes,
    );
    if (result >= 0) return;
    const errno = lastErrno();
    const hint = errno === Errno.EPERM ? "needs CAP_NET_RAW" : undefined;
    throw new SysError("setsockopt SO_BINDTODEVICE", errno, hint, action);
  }

  /**
   * SO_MARK: the mark that routing rules (`ip rule add fwmark`) and firewalls see. socket(7); sk_setsockopt() in
   * net/core/sock.c: CAP_NET_ADMIN, or since Linux 5.17 CAP_NET_RAW.
   * @throws SysError: EPERM.
   */
  setMark(mark: number): void {
    if (this.#set(SOL_SOCKET, SO_MARK, mark)) return;
    const errno = lastErrno();
    const hint = errno === Errno.EPERM ? "needs CAP_NET_ADMIN" : undefined;
    throw new SysError("setsockopt SO_MARK", errno, hint, `set socket mark ${mark}`);
  }

  /**
   * IPV6_V6ONLY off, whatever `net.ipv6.bindv6only` says: IPv4 comes in, too, mapped. ipv6(7).
   * @throws SysError
   */
  allowIpv4(): void {
    if (!this.#set(IPPROTO_IPV6, IPV6_V6ONLY, 0)) {
      throw new SysError("setsockopt IPV6_V6ONLY", lastErrno());
    }
  }

  /**
   * Has the kernel tell which address each datagram was sent to: IP_PKTINFO, or IPV6_RECVPKTINFO, and then the socket is for IPv6
   * only, whatever `net.ipv6.bindv6only` says. See local_address.ts.
   * @throws SysError
   */
  tellLocalAddress(isIpv6: boolean): void {
    if (isIpv6 && !this.#set(IPPROTO_IPV6, IPV6_V6ONLY, 1)) {
      throw new SysError("setsockopt IPV6_V6ONLY", lastErrno());
    }
    const isSet = isIpv6
      ? this.#set(IPPROTO_IPV6, IPV6_RECVPKTINFO, 1)
      : this.#set(IPPROTO_IP, IP_PKTINFO, 1);
    if (isSet) return;
    throw new SysError(`setsockopt ${isIpv6 ? "IPV6_RECVPKTINFO" : "IP_PKTINFO"}`, lastErrno());
  }

  /**
   * Asks for buffers of a size: with CAP_NET_ADMIN any, otherwise up to `net.core.rmem_max` and `wmem_max`.
   * Never fails: a smaller buffer works as well as it can.
   */
  growBuffers(bufferBytes: number): void {
    if (!this.#set(SOL_SOCKET, SO_RCVBUFFORCE, bufferBytes)) {
      this.#set(SOL_SOCKET, SO_RCVBUF, bufferBytes);
    }
    if (!this.#set(SOL_SOCKET, SO_SNDBUFFORCE, bufferBytes)) {
      this.#set(SOL_SOCKET, SO_SNDBUF, bufferBytes);
    }
  }

  /** What was granted, to compare with what was asked: the kernel doubles it for its own headers, socket(7). */
  get receiveBufferBytes(): number {
    return this.#get(SOL_SOCKET, SO_RCVBUF) / 2;
  }

  /** The same for sending. */
  get sendBufferBytes(): number {
    return this.#get(SOL_SOCKET, SO_SNDBUF) / 2;
  }

  /**
   * Whether the kernel knows UDP_SEGMENT (Linux 4.18; udp(7)): 0 bytes means "not for every send", which is what
   * holds anyway. To be asked before the control message is used: an older kernel does not refuse that, but
   * sends one huge datagram.
   */
  knowsSegment(): boolean {
    return this.#set(SOL_UDP, UDP_SEGMENT, 0);
  }

  /** UDP_GRO (Linux 5.0): several datagrams of one source in one receive. @returns whether it is on. */
  enableGather(): boolean {
    return this.#set(SOL_UDP, UDP_GRO, 1);
  }

  /**
   * IP_MTU_DISCOVER and IPV6_MTU_DISCOVER to "probe": don't-fragment is set, and the kernel's own idea of the
   * path's MTU (which forged ICMP may set) is not asked; only the device's MTU holds, beyond it is EMSGSIZE.
   * ip(7); ip_sk_use_pmtu() in include/net/ip.h.
   * @returns whether it holds for both families that the socket sends.
   */
  forbidFragments(isIpv6: boolean): boolean {
    // On an IPv6 socket the first is for mapped addresses.
    const holdsForIpv4 = this.#set(IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_PROBE);
    return holdsForIpv4 &&
      (!isIpv6 || this.#set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_PROBE));
  }

  /** Back to fragments: don't-fragment is not set, and a datagram that exceeds the device's MTU is cut there. */
  allowFragments(isIpv6: boolean): void {
    this.#set(IPPROTO_IP, IP_MTU_DISCOVER, PMTUDISC_DONT);
    if (isIpv6) this.#set(IPPROTO_IPV6, IPV6_MTU_DISCOVER, PMTUDISC_DONT);
  }

  [Symbol.dispose](): void {
    this.#arena.free();
  }

  #set(level: number, option: number, value: number): boolean {
    this.#value.view.setInt32(0, value, true);
    return this.#libc.setsockopt(this.#fd, level, option, this.#value.address, 4) >= 0;
  }

  #get(level: number, option: number): number {
    this.#length.view.setUint32(0, 4, true);
    const { address } = this.#value;
    if (this.#libc.getsockopt(this.#fd, level, option, address, this.#length.address) < 0) return 0;
    return this.#value.view.getInt32(0, true);
  }
}

/** Level of UDP's own options and control messages; include/linux/socket.h. */
export const SOL_UDP = 17;

/** Option and control message (u16): bytes of each datagram that a send is cut into; include/uapi/linux/udp.h. */
export const UDP_SEGMENT = 103;

/** Option, and control message (int) with the bytes of each datagram of a receive; include/uapi/linux/udp.h. */
export const UDP_GRO = 104;

// include/uapi/asm-generic/socket.h
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_BINDTODEVICE = 25;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SO_MARK = 36;

// include/uapi/linux/in.h and in6.h
const IP_MTU_DISCOVER = 10;
const IPV6_MTU_DISCOVER = 23;
const IPV6_V6ONLY = 26;
/** IP_PMTUDISC_DONT and IPV6_PMTUDISC_DONT, IP_PMTUDISC_PROBE and IPV6_PMTUDISC_PROBE. */
const PMTUDISC_DONT = 0;
const PMTUDISC_PROBE = 3;
