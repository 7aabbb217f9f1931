/**
 * A TCP connection by one network interface, whatever the routing table prefers (SO_BINDTODEVICE), or with a mark (SO_MARK): both are set
 * before the first packet, which Deno's own connections cannot have. It does not wait, its user asks again.
 *
 * @module
 */

import { Arena, type ArenaBlock } from "./arena.ts";
import { Errno, SysError } from "./errno.ts";
import { AF_INET, AF_INET6 } from "./ifreq.ts";
import { lastErrno, type Libc, loadLibc } from "./libc.ts";
import {
  SOCKADDR_IN6_BYTES,
  sockaddrHostname,
  sockaddrPort,
  SocketAddress,
} from "./socket_address.ts";
import { UdpOptions } from "./udp_options.ts";

/** Most bytes of one send or receive of a short talk. */
const BUFFER_BYTES = 512;

/** How the packets of a connection leave. */
export interface BoundTcpOptions {
  /** Interface. */
  readonly device?: string;
  /** 1..2^32-1 */
  readonly mark?: number | undefined;
  /** Most bytes of one send or receive; 512 by default. */
  readonly bufferBytes?: number;
}

/** A connection that is being made, or is there. */
export class BoundTcp implements Disposable {
  readonly #libc: Libc = loadLibc();
  readonly #arena: Arena;
  readonly #address: ArenaBlock;
  readonly #buffer: ArenaBlock;
  readonly #addressBytes: number;
  readonly #fd: number;
  #isClosed = false;

  /** Nothing is sent yet. @param hostname an IP literal without a zone. @throws SysError: ENODEV, EPERM; nothing is left open then. */
  constructor(options: BoundTcpOptions, hostname: string, port: number) {
    const { device, mark, bufferBytes = BUFFER_BYTES } = options;
    const isIpv6 = hostname.includes(":");
    const { bytes } = SocketAddress.from(hostname, port, isIpv6);
    this.#arena = new Arena(bufferBytes + SOCKADDR_IN6_BYTES + 8);
    this.#address = this.#arena.take(SOCKADDR_IN6_BYTES);
    this.#buffer = this.#arena.take(bufferBytes);
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
      using socketOptions = new UdpOptions(this.#fd);
      if (device !== undefined) socketOptions.bindToDevice(device);
      if (mark !== undefined) socketOptions.setMark(mark);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** For poll. */
  get fd(): number {
    return this.#fd;
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

  /** Sends as much as there is room for. @returns bytes taken; 0: no room now. @throws SysError */
  offer(bytes: Uint8Array): number {
    const wanted = Math.min(bytes.length, this.#buffer.bytes.length);
    this.#buffer.bytes.set(bytes.subarray(0, wanted));
    const count = this.#libc.send(this.#fd, this.#buffer.address, wanted, MSG_NOSIGNAL);
    if (count >= 0) return count;
    const errno = lastErrno();
    if (errno === Errno.EAGAIN || errno === Errno.EINTR) return 0;
    throw new SysError("send", errno);
  }

  /** @returns what has come, a copy of `maxBytes` at most; empty: the other end has closed; null: nothing yet. @throws SysError */
  receive(maxBytes = this.#buffer.bytes.length): Uint8Array<ArrayBuffer> | null {
    const roomBytes = Math.min(maxBytes, this.#buffer.bytes.length);
    const count = this.#libc.read(this.#fd, this.#buffer.address, roomBytes);
    if (count >= 0) return this.#buffer.bytes.slice(0, count);
    const errno = lastErrno();
    if (errno === Errno.EAGAIN || errno === Errno.EINTR) return null;
    throw new SysError("read", errno);
  }

  /** Our end's address, once it is connected. @throws SysError */
  localAddress(): { readonly hostname: string; readonly port: number } {
    using arena = new Arena(SOCKADDR_IN6_BYTES + 16);
    const address = arena.take(SOCKADDR_IN6_BYTES);
    const length = arena.take(4);
    length.view.setUint32(0, SOCKADDR_IN6_BYTES, true);
    if (this.#libc.getsockname(this.#fd, address.address, length.address) < 0) {
      throw new SysError("getsockname", lastErrno());
    }
    return { hostname: sockaddrHostname(address.bytes), port: sockaddrPort(address.bytes) };
  }

  /** TCP_NODELAY: small pieces do not wait for more of them. */
  setNoDelay(isOn: boolean): void {
    this.#setOption(IPPROTO_TCP, TCP_NODELAY, isOn);
  }

  /** SO_KEEPALIVE: in the end the system notices that the other side is gone. */
  setKeepAlive(isOn: boolean): void {
    this.#setOption(SOL_SOCKET, SO_KEEPALIVE, isOn);
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

  /** A connection works as well without. */
  #setOption(level: number, option: number, isOn: boolean): void {
    using arena = new Arena(4);
    const value = arena.take(4);
    value.view.setInt32(0, isOn ? 1 : 0, true);
    this.#libc.setsockopt(this.#fd, level, option, value.address, 4);
  }
}

// include/uapi/linux/in.h, tcp.h; asm-generic/socket.h
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const SOL_SOCKET = 1;
const SO_KEEPALIVE = 9;

// include/linux/net.h, linux/socket.h
const SOCK_STREAM = 1;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const MSG_NOSIGNAL = 0x4000;
