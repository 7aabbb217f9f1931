/**
 * A TCP connection by one network interface, whatever the routing table prefers (SO_BINDTODEVICE), for a short talk: it does not wait, its
 * user asks again. Deno's own connections cannot be bound.
 *
 * @module
 */

import { Arena, type ArenaBlock } from "./arena.ts";
import { Errno, SysError } from "./errno.ts";
import { AF_INET, AF_INET6 } from "./ifreq.ts";
import { lastErrno, type Libc, loadLibc } from "./libc.ts";
import { SOCKADDR_IN6_BYTES, SocketAddress } from "./socket_address.ts";
import { UdpOptions } from "./udp_options.ts";

/** Most bytes of one send or receive. */
const BUFFER_BYTES = 512;

/** A connection that is being made, or is there. */
export class BoundTcp implements Disposable {
  readonly #libc: Libc = loadLibc();
  readonly #arena = new Arena(BUFFER_BYTES + SOCKADDR_IN6_BYTES + 8);
  readonly #address: ArenaBlock;
  readonly #buffer: ArenaBlock;
  readonly #addressBytes: number;
  readonly #fd: number;
  #isClosed = false;

  /** Nothing is sent yet. @param hostname an IP literal without a zone. @throws SysError: ENODEV, EPERM; nothing is left open then. */
  constructor(device: string, hostname: string, port: number) {
    const isIpv6 = hostname.includes(":");
    const { bytes } = SocketAddress.from(hostname, port, isIpv6);
    this.#address = this.#arena.take(SOCKADDR_IN6_BYTES);
    this.#buffer = this.#arena.take(BUFFER_BYTES);
    this.#address.bytes.set(bytes);
    this.#addressBytes = bytes.length;
    const family = isIpv6 ? AF_INET6 : AF_INET;
    this.#fd = this.#libc.socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (this.#fd < 0) {
      const errno = lastErrno();
      this.#arena.free();
      throw new SysError("socket", errno);
    }
    try {
      using options = new UdpOptions(this.#fd);
      options.bindToDevice(device);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Begins to connect, and from then on asks. @returns whether it is connected. @throws SysError: ECONNREFUSED, EHOSTUNREACH, ... */
  connect(): boolean {
    if (this.#libc.connect(this.#fd, this.#address.address, this.#addressBytes) >= 0) return true;
    const errno = lastErrno();
    if (errno === Errno.EISCONN) return true;
    if (errno === Errno.EINPROGRESS || errno === Errno.EALREADY) return false;
    throw new SysError("connect", errno);
  }

  /** Sends at most 512 bytes, which always fit into a connection on which little was sent. @throws SysError */
  send(bytes: Uint8Array): void {
    this.#buffer.bytes.set(bytes);
    const { address } = this.#buffer;
    if (this.#libc.send(this.#fd, address, bytes.length, MSG_NOSIGNAL) !== bytes.length) {
      throw new SysError("send", lastErrno());
    }
  }

  /** @returns what has come, a copy; empty: the other end has closed; null: nothing yet. @throws SysError */
  receive(): Uint8Array<ArrayBuffer> | null {
    const count = this.#libc.read(this.#fd, this.#buffer.address, BUFFER_BYTES);
    if (count >= 0) return this.#buffer.bytes.slice(0, count);
    const errno = lastErrno();
    if (errno === Errno.EAGAIN || errno === Errno.EINTR) return null;
    throw new SysError("read", errno);
  }

  /** Closes it. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#libc.close(this.#fd);
    this.#arena.free();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

// include/linux/net.h, linux/socket.h
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const MSG_NOSIGNAL = 0x4000;
