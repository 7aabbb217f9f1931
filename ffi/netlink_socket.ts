/**
 * A netlink socket for what the kernel tells of interfaces, addresses and routes; netlink(7), rtnetlink(7). Anybody may open one. Only
 * whole messages come out of it; what they mean is not known here. Other programs cannot send to it: for NETLINK_ROUTE the kernel lets
 * only who has CAP_NET_ADMIN (netlink_allowed() in net/netlink/af_netlink.c).
 *
 * @module
 */

import { Arena, type ArenaBlock } from "./arena.ts";
import { Errno, SysError } from "./errno.ts";
import { lastErrno, type Libc, loadLibc } from "./libc.ts";

/** Groups of news, as bits: include/uapi/linux/rtnetlink.h. */
export const NetlinkGroup = {
  LINK: 0x1,
  IPV4_IFADDR: 0x10,
  IPV4_ROUTE: 0x40,
  IPV6_IFADDR: 0x100,
  IPV6_ROUTE: 0x400,
} as const;

/** The kernel puts no more than 32 KiB into one answer (NETLINK_DUMP in netlink_dump()); news of a large route are shorter. */
const BUFFER_BYTES = 64 * 1024;

/** An open socket; it does not wait. */
export class NetlinkSocket implements Disposable {
  /** To be waited for. */
  readonly fd: number;
  readonly #libc: Libc = loadLibc();
  readonly #arena = new Arena(BUFFER_BYTES + REQUEST_BYTES);
  readonly #buffer: ArenaBlock;
  readonly #request: ArenaBlock;
  #isClosed = false;

  /** @param groups of {@link NetlinkGroup}, as one number. @throws SysError of `socket` or `bind`; nothing is left open then. */
  constructor(groups: number) {
    this.#buffer = this.#arena.take(BUFFER_BYTES);
    this.#request = this.#arena.take(REQUEST_BYTES);
    this.fd = this.#libc.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (this.fd < 0) throw this.#failed("socket AF_NETLINK");
    const { view, address } = this.#request;
    view.setUint16(0, AF_NETLINK, true);
    view.setUint32(8, groups, true);
    if (this.#libc.bind(this.fd, address, SOCKADDR_NL_BYTES) >= 0) return;
    const error = this.#failed("bind AF_NETLINK");
    this.#libc.close(this.fd);
    throw error;
  }

  /** Sends a request of at most 64 bytes. @throws SysError */
  send(request: Uint8Array): void {
    this.#request.bytes.set(request);
    const result = this.#libc.send(this.fd, this.#request.address, request.length, 0);
    if (result < 0) throw new SysError("send AF_NETLINK", lastErrno());
  }

  /**
   * Takes what is there, one or more whole messages.
   * @returns bytes that are overwritten by the next call; "empty" when there is nothing now; "overrun" when the kernel had to throw news away.
   * @throws SysError
   */
  receive(): Uint8Array<ArrayBuffer> | "empty" | "overrun" {
    const count = this.#libc.read(this.fd, this.#buffer.address, BUFFER_BYTES);
    if (count >= 0) return this.#buffer.bytes.subarray(0, count);
    const errno = lastErrno();
    if (errno === Errno.EAGAIN || errno === Errno.EINTR) return "empty";
    if (errno === Errno.ENOBUFS) return "overrun";
    throw new SysError("read AF_NETLINK", errno);
  }

  /** Closes it. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#libc.close(this.fd);
    this.#arena.free();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #failed(call: string): SysError {
    const errno = lastErrno();
    this.#arena.free();
    return new SysError(call, errno);
  }
}

/** Room for a request, or for the `struct sockaddr_nl`: family u16, u16 of zero, port u32 (0: the kernel chooses), groups u32. */
const REQUEST_BYTES = 64;
const SOCKADDR_NL_BYTES = 12;

// include/linux/socket.h, linux/net.h and uapi/linux/netlink.h
const AF_NETLINK = 16;
const NETLINK_ROUTE = 0;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
