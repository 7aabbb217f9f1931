/**
 * A UDP socket as a file: one system call sends, or receives, a run of datagrams. Forty-five packets a call
 * instead of one is what the fast data plane lives on (docs: udp(7); Documentation/networking/segmentation-offloads.rst).
 *
 * Sending, the kernel cuts one buffer into datagrams (UDP_SEGMENT, "GSO"); receiving, it joins datagrams of
 * one source and one length (UDP_GRO), and says the length. Where it does not, sendmmsg and recvmmsg carry several that are not joined.
 * Nothing here waits: who polls is the caller's matter.
 *
 * @module
 */

import { addressOf, Arena } from "./arena.ts";
import { Errno, SysError } from "./errno.ts";
import { AF_INET, AF_INET6 } from "./ifreq.ts";
import { lastErrno, type Libc, loadLibc } from "./libc.ts";
import {
  INCOMING_MESSAGES_ARENA_BYTES,
  IncomingMessages,
  MAX_MESSAGES,
} from "./incoming_messages.ts";
import {
  MESSAGE_HEADER_ARENA_BYTES,
  MessageHeader,
  MessageVector,
  messageVectorArenaBytes,
} from "./msghdr.ts";
import type { LocalAddress } from "./local_address.ts";
import { bindSocket, sockaddrHostname, sockaddrPort, SocketAddress } from "./socket_address.ts";
import type { DatagramSource } from "./source_cache.ts";
import { setFileOptions, type UdpFileOptions } from "./udp_file_options.ts";
import { SOL_UDP, UDP_SEGMENT, UdpOptions } from "./udp_options.ts";

/** Most datagrams in one send: UDP_MAX_SEGMENTS in include/linux/udp.h; newer kernels take 128. */
export const MAX_SEGMENTS = 64;

/** Most bytes in one send, all datagrams together: what one IPv4 datagram can carry (65,535 - 20 - 8). */
export const MAX_SEND_BYTES = 65_507;

/** As it is declared: the types of {@link Libc} say numbers. */
interface HotLibc {
  sendmsg(fd: number, message: bigint, flags: number): number;
}

/** An open, bound, unconnected UDP socket. */
export class UdpFile implements Disposable {
  readonly localHostname: string;
  readonly localPort: number;
  /** Its family: what {@link SocketAddress.from} wants to know. */
  readonly isIpv6: boolean;
  /** What the system granted, in the measure of `bufferBytes`. */
  readonly receiveBufferBytes: number;
  /** The same for sending. */
  readonly sendBufferBytes: number;
  /** Receives may bring several datagrams (UDP_GRO). */
  readonly canGather: boolean;
  /** Datagrams go out with don't-fragment, so that they probe the path's MTU. */
  readonly dontFragment: boolean;
  /** {@link send} may take several datagrams. False for good once the system has refused it for its own sake. */
  canSegment: boolean;

  readonly #libc: Libc = loadLibc();
  /** The same, for calls with BigInts: see u64_registers.ts. */
  readonly #hot = this.#libc as unknown as HotLibc;
  readonly #arena = new Arena(ARENA_BYTES);
  readonly #outgoing = new MessageHeader(this.#arena);
  readonly #outgoingEach = new MessageVector(this.#arena, MAX_SEGMENTS);
  readonly #incoming: IncomingMessages;
  #fd: number;
  /** Made when it is first needed: on most paths nothing is ever too large. */
  #fragmentOptions: UdpOptions | null = null;
  /** Size of the datagrams of which the last send got EINVAL; 0: none. */
  #refusedSegmentBytes = 0;

  private constructor(
    fd: number,
    local: Uint8Array,
    options: UdpOptions,
    { forbidsFragments = false, tellsLocal = false }: UdpFileOptions,
  ) {
    this.#fd = fd;
    this.localHostname = sockaddrHostname(local);
    this.localPort = sockaddrPort(local);
    this.isIpv6 = local[0] === AF_INET6;
    this.receiveBufferBytes = options.receiveBufferBytes;
    this.sendBufferBytes = options.sendBufferBytes;
    this.canSegment = options.knowsSegment();
    this.canGather = options.enableGather();
    const { isIpv6, canGather } = this;
    this.#incoming = new IncomingMessages(this.#arena, { isIpv6, canGather, tellsLocal });
    this.dontFragment = forbidsFragments && options.forbidFragments(this.isIpv6);
  }

  /**
   * Opens a socket, non-blocking and not inherited by child processes.
   * @throws SysError of `socket`, `bind`, `setsockopt …` or `inet_pton` (no IP literal); nothing is left open
   * then. Of bind: EADDRINUSE the port is taken, EADDRNOTAVAIL the machine has no such address, EACCES the
   * port is below 1024.
   */
  static open(options: UdpFileOptions): UdpFile {
    const libc = loadLibc();
    const isIpv6 = options.hostname.includes(":");
    const wanted = SocketAddress.from(options.hostname, options.port, isIpv6);
    const family = isIpv6 ? AF_INET6 : AF_INET;
    const fd = libc.socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) throw new SysError("socket", lastErrno(), isIpv6 ? "IPv6" : "IPv4");
    try {
      using socketOptions = new UdpOptions(fd);
      setFileOptions(socketOptions, options);
      return new UdpFile(fd, bindSocket(fd, wanted), socketOptions, options);
    } catch (error) {
      libc.close(fd);
      throw error;
    }
  }

  /** For poll; -1 after `close`. Stays this object's own. */
  get fd(): number {
    return this.#fd;
  }

  /**
   * Hot. Sends `bytes[offset..offset + lengthBytes)`, as datagrams of `segmentBytes` each (the last may be shorter),
   * to one address by one call, from a local one (null: the route's choice). With one datagram this works everywhere; several need {@link canSegment}.
   * `bytes` is borrowed until return. The caller keeps to {@link MAX_SEGMENTS} and {@link MAX_SEND_BYTES}.
   * @returns the bytes taken, always all, or a negated errno, and then none: EAGAIN when the buffer is full;
   * EMSGSIZE (older kernels: EINVAL) when a datagram exceeds the device's MTU; EINVAL beyond the limits;
   * EIO when the system cannot do it ({@link canSegment} is false from then on); ENETUNREACH, EPERM and others
   * for the path; EBADF after `close`. After EMSGSIZE, EINVAL and EIO {@link sendEach} tells more.
   */
  send(
    bytes: Uint8Array<ArrayBuffer>,
    offset: number,
    lengthBytes: number,
    segmentBytes: number,
    to: SocketAddress,
    from: LocalAddress | null = null,
  ): number {
    const refusal = this.#refusal(bytes, offset, lengthBytes, segmentBytes);
    if (refusal !== 0) return refusal;
    const message = this.#outgoing;
    message.setData(addressOf(bytes) + offset, lengthBytes);
    message.setDestination(to);
    message.setLocalAddress(from);
    const isOne = lengthBytes <= segmentBytes;
    if (isOne) message.clearControl();
    else if (lengthBytes > MAX_SEGMENTS * segmentBytes) return -Errno.EINVAL;
    else if (!this.canSegment) return -Errno.EIO; // old kernels would send one huge datagram
    else message.setControlU16(SOL_UDP, UDP_SEGMENT, segmentBytes);
    for (;;) {
      const n = this.#hot.sendmsg(this.#fd, message.addressWord, 0);
      if (n >= 0) return n;
      const errno = lastErrno();
      if (errno === Errno.EINTR) continue;
      // The device computes no checksums, or the route is an IPsec one (udp_send_skb() in net/ipv4/udp.c).
      if (errno === Errno.EIO && !isOne) this.canSegment = false;
      // There, too; or a datagram beyond the MTU, or a local address that is gone: sendEach will show.
      if (errno === Errno.EINVAL && !isOne) this.#refusedSegmentBytes = segmentBytes;
      return -errno;
    }
  }

  /**
   * The same with one message for each datagram, by sendmmsg: where {@link send} is refused. At most
   * {@link MAX_SEGMENTS} are sent.
   * @returns the datagrams taken (at least 1), or a negated errno when the first one was refused.
   */
  sendEach(
    bytes: Uint8Array<ArrayBuffer>,
    offset: number,
    lengthBytes: number,
    segmentBytes: number,
    to: SocketAddress,
    from: LocalAddress | null = null,
  ): number {
    const refusal = this.#refusal(bytes, offset, lengthBytes, segmentBytes);
    if (refusal !== 0) return refusal;
    const messages = this.#outgoingEach;
    const count = messages.setData(addressOf(bytes) + offset, lengthBytes, segmentBytes);
    messages.setDestination(to);
    messages.setLocalAddress(from);
    for (;;) {
      const n = this.#libc.sendmmsg(this.#fd, messages.address, count, 0);
      if (n > 0) {
        // Not too long for the path, then: it was the cutting that was refused.
        if (segmentBytes === this.#refusedSegmentBytes && this.dontFragment && n > 1) {
          this.canSegment = false;
        }
        this.#refusedSegmentBytes = 0;
        return n;
      }
      const errno = lastErrno();
      if (errno === Errno.EINTR) continue;
      // It was about the way, or about a local address that is gone.
      this.#refusedSegmentBytes = 0;
      return -errno;
    }
  }

  /**
   * Hot. Receives into `bytes[offset..offset + capacityBytes)`: one or several datagrams of one source, and chooses them, see
   * {@link choose}. With {@link canGather} there should be room for 64 KiB.
   * @returns the bytes, 0 for an empty datagram; or a negated errno: EAGAIN when none is there, EBADF after
   * `close`; any other is about an earlier send (ECONNREFUSED by ICMP), and the caller goes on.
   */
  receive(bytes: Uint8Array<ArrayBuffer>, offset: number, capacityBytes: number): number {
    const received = this.receiveEach(bytes, offset, capacityBytes, 0, 1);
    return received < 0 ? received : this.choose(0);
  }

  /**
   * Hot. The same for several messages by one call: `first` and following, `count` at most, message `i` into a buffer of its own
   * from `offset + i * capacityBytes` on. There are {@link MAX_MESSAGES}. None is chosen yet.
   * @returns how many, at least 1, or a negated errno. Fewer than `count`: there was no more, or an error, of which poll tells.
   */
  receiveEach(
    bytes: Uint8Array<ArrayBuffer>,
    offset: number,
    capacityBytes: number,
    first: number,
    count: number,
  ): number {
    const end = first + count;
    if (
      offset < 0 || capacityBytes < 0 || first < 0 || count < 1 || end > MAX_MESSAGES ||
      offset + end * capacityBytes > bytes.length
    ) return -Errno.EFAULT;
    this.#incoming.setBuffers(addressOf(bytes) + offset, capacityBytes);
    return this.#incoming.receive(this.#fd, first, count);
  }

  /** Hot. A message received is what the getters here are about from now on. @returns its bytes. */
  choose(index: number): number {
    return this.#incoming.choose(index);
  }

  /** Bytes of each datagram of the message; the last of them may be shorter. */
  get segmentBytes(): number {
    return this.#incoming.segmentBytes;
  }

  /** Whether it had more than the buffer could hold; the rest is lost. */
  get isTruncated(): boolean {
    return this.#incoming.isTruncated;
  }

  /** Where it came from: the same object while that stays the same. */
  get source(): DatagramSource {
    return this.#incoming.source;
  }

  /** With `tellsLocal`, where it was sent to: the same object while that stays the same. Null: it is not known. */
  get local(): LocalAddress | null {
    return this.#incoming.local;
  }

  /** With {@link dontFragment}: lets datagrams be fragmented after all, and forbids it again. */
  allowFragments(isAllowed: boolean): void {
    if (this.#fd < 0 || !this.dontFragment) return;
    const options = this.#fragmentOptions ??= new UdpOptions(this.#fd);
    if (isAllowed) options.allowFragments(this.isIpv6);
    else options.forbidFragments(this.isIpv6);
  }

  /** Closes the socket; nothing may be polling it. Idempotent. */
  close(): void {
    if (this.#fd < 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    this.#libc.close(fd);
    this.#fragmentOptions?.[Symbol.dispose]();
    this.#arena.free();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Hot. What is wrong with a send before the kernel sees it, as a negated errno; 0: nothing. */
  #refusal(
    bytes: Uint8Array<ArrayBuffer>,
    offset: number,
    lengthBytes: number,
    segmentBytes: number,
  ): number {
    if (this.#fd < 0) return -Errno.EBADF;
    if (offset < 0 || lengthBytes < 0 || offset + lengthBytes > bytes.length) return -Errno.EFAULT;
    return segmentBytes > 0 && segmentBytes <= 0xffff ? 0 : -Errno.EINVAL;
  }
}

const ARENA_BYTES = MESSAGE_HEADER_ARENA_BYTES + messageVectorArenaBytes(MAX_SEGMENTS) +
  INCOMING_MESSAGES_ARENA_BYTES;

// include/linux/net.h; asm-generic/fcntl.h's O_NONBLOCK and O_CLOEXEC
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
