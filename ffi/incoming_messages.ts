/**
 * The receiving half of a UDP socket: several messages by one recvmmsg(2), each with an address, a buffer and control messages of
 * its own. So datagrams that the kernel does not join (UDP_GRO), of several sources or of unlike length, come by one call all the same.
 *
 * @module
 */

import type { Arena, ArenaBlock } from "./arena.ts";
import { Errno } from "./errno.ts";
import { lastErrno, type Libc, loadLibc } from "./libc.ts";
import { type LocalAddress, LocalAddressCache } from "./local_address.ts";
import { MESSAGE_HEADER_ARENA_BYTES, MessageHeader, MMSGHDR_BYTES } from "./msghdr.ts";
import { type DatagramSource, NO_SOURCE, SourceCache } from "./source_cache.ts";
import { SOL_UDP, UDP_GRO } from "./udp_options.ts";

/** Most messages of one call. */
export const MAX_MESSAGES = 16;

/** What {@link IncomingMessages} takes of its arena, in bytes. */
export const INCOMING_MESSAGES_ARENA_BYTES = MAX_MESSAGES *
  (MMSGHDR_BYTES + MESSAGE_HEADER_ARENA_BYTES);

/** What is asked of the system for each message. */
export interface IncomingOptions {
  readonly isIpv6: boolean;
  /** A message may be several datagrams of one source (UDP_GRO). */
  readonly canGather: boolean;
  readonly tellsLocal: boolean;
}

/** As it is declared: the types of {@link Libc} say numbers. */
interface HotLibc {
  recvmmsg(fd: number, messages: bigint, count: number, flags: number, timeout: bigint): number;
}

/** Messages of recvmmsg, and what the one that was chosen says. */
export class IncomingMessages {
  /** Of the chosen message: bytes of each datagram; the last of them may be shorter. */
  segmentBytes = 0;
  /** Whether it had more than the buffer could hold. */
  isTruncated = false;
  /** Where it came from: the same object while that stays the same. */
  source: DatagramSource = NO_SOURCE;
  /** Where it was sent to: the same object while that stays the same. Null: it is not known. */
  local: LocalAddress | null = null;
  readonly #hot = loadLibc() as Libc as unknown as HotLibc;
  readonly #messages: MessageHeader[] = [];
  readonly #canGather: boolean;
  readonly #sources = new SourceCache();
  readonly #locals: LocalAddressCache | null;
  /** Where the first buffer begins, and how far the next one is. */
  #address = 0;
  #strideBytes = 0;

  constructor(arena: Arena, { isIpv6, canGather, tellsLocal }: IncomingOptions) {
    const headers: ArenaBlock[] = [];
    // One behind the other: an array of `struct mmsghdr`.
    for (let i = 0; i < MAX_MESSAGES; i++) headers.push(arena.take(MMSGHDR_BYTES));
    for (const header of headers) this.#messages.push(new MessageHeader(arena, header));
    this.#canGather = canGather;
    this.#locals = tellsLocal ? new LocalAddressCache(isIpv6) : null;
  }

  /** Hot. Where the buffers are: that of message `i` from `address + i * strideBytes` on, as long as that. */
  setBuffers(address: number, strideBytes: number): void {
    if (address === this.#address && strideBytes === this.#strideBytes) return;
    this.#address = address;
    this.#strideBytes = strideBytes;
    for (let i = 0; i < MAX_MESSAGES; i++) {
      this.#messages[i]!.setData(address + i * strideBytes, strideBytes);
    }
  }

  /**
   * Hot. Receives into messages `first` and following, `count` at most. Fewer: there was no more, or the next call tells an error.
   * @returns how many, at least 1; or a negated errno.
   */
  receive(fd: number, first: number, count: number): number {
    for (let i = 0; i < count; i++) this.#messages[first + i]!.resetRoom();
    const { addressWord } = this.#messages[first]!;
    for (;;) {
      const n = this.#hot.recvmmsg(fd, addressWord, count, 0, 0n);
      if (n >= 0) return n;
      const errno = lastErrno();
      if (errno !== Errno.EINTR) return -errno;
    }
  }

  /** Hot. Chooses a message that was received. @returns its bytes; 0: an empty datagram. */
  choose(index: number): number {
    const message = this.#messages[index]!;
    const lengthBytes = message.receivedBytes;
    this.segmentBytes = this.#canGather
      ? message.controlInt(SOL_UDP, UDP_GRO, lengthBytes)
      : lengthBytes;
    this.isTruncated = message.isTruncated;
    this.source = this.#sources.find(message.name.view);
    if (this.#locals !== null) this.#readLocal(message, this.#locals);
    return lengthBytes;
  }

  /** Hot. */
  #readLocal(message: MessageHeader, locals: LocalAddressCache): void {
    const at = message.findControl(locals.level, locals.type);
    this.local = at < 0 ? null : locals.find(message.control.view, at);
  }
}
