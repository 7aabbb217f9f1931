/**
 * `struct msghdr` with what it points to: how sendmsg(2) is told an address, a buffer and
 * a control message. `struct mmsghdr` likewise, for sendmmsg(2) and recvmmsg(2).
 *
 * Layouts: include/linux/socket.h and include/uapi/linux/uio.h on 64-bit Linux, the same on x86-64 and
 * arm64. glibc's structs are the kernel's; musl has padding where the kernel has the high half of a length,
 * which is 0 here either way. All is cut from an arena once; a call only writes numbers.
 *
 * @module
 */

import type { Arena, ArenaBlock } from "./arena.ts";
import { LOCAL_CONTROL_BYTES, type LocalAddress } from "./local_address.ts";
import type { SocketAddress } from "./socket_address.ts";
import { SOCKADDR_IN6_BYTES } from "./socket_address.ts";

/** `struct msghdr`: name u64, name's length u32 and 4 of padding, iov u64, iov's count u64, control u64, its length u64, flags i32 and 4. */
export const MSGHDR_BYTES = 56;
const MSG_NAME_OFFSET = 0;
const MSG_NAMELEN_OFFSET = 8;
const MSG_IOV_OFFSET = 16;
const MSG_IOVLEN_OFFSET = 24;
const MSG_CONTROL_OFFSET = 32;
const MSG_CONTROLLEN_OFFSET = 40;
const MSG_FLAGS_OFFSET = 48;

/** `struct iovec`: address u64, length u64. */
export const IOVEC_BYTES = 16;
const IOV_LEN_OFFSET = 8;

/** `struct mmsghdr`: a `struct msghdr`, the bytes sent or received u32, 4 of padding. */
export const MMSGHDR_BYTES = 64;
const MMSG_LEN_OFFSET = 56;

/** `struct cmsghdr`: length u64, level i32, type i32; then the data. cmsg(3). */
const CMSG_LEVEL_OFFSET = 8;
const CMSG_TYPE_OFFSET = 12;
const CMSG_DATA_OFFSET = 16;

/** `CMSG_SPACE` of a u16 or an i32: header and data, rounded up to 8. */
export const CONTROL_BYTES = 24;

/** Room for the control messages of one call: where from or where to, and how long each datagram is. */
const ALL_CONTROL_BYTES = LOCAL_CONTROL_BYTES + CONTROL_BYTES;

/** What a {@link MessageHeader} takes of its arena, in bytes. */
export const MESSAGE_HEADER_ARENA_BYTES = MSGHDR_BYTES + IOVEC_BYTES + 32 + ALL_CONTROL_BYTES;

/** What a {@link MessageVector} takes of its arena, in bytes. */
export function messageVectorArenaBytes(messages: number): number {
  return messages * (MMSGHDR_BYTES + IOVEC_BYTES) + 32 + LOCAL_CONTROL_BYTES;
}

/** One message: an address, one buffer, room for two control messages. */
export class MessageHeader {
  /** Of the `struct msghdr`. */
  readonly address: number;
  /** The same for hot calls, see u64_registers.ts. */
  readonly addressWord: bigint;
  /** The `struct sockaddr`, 28 bytes: the destination, or after recvmmsg the source. */
  readonly name: ArenaBlock;
  readonly #header: ArenaBlock;
  /** The control messages. */
  readonly control: ArenaBlock;
  readonly #iovec: ArenaBlock;
  #destination: SocketAddress | null = null;
  #localAddress: LocalAddress | null = null;
  /** Bytes of the control message that says where from, in front of the other one. */
  #localBytes = 0;

  /** @param header where the struct stands; of {@link MMSGHDR_BYTES} for recvmmsg. */
  constructor(arena: Arena, header: ArenaBlock = arena.take(MSGHDR_BYTES)) {
    this.#header = header;
    this.#iovec = arena.take(IOVEC_BYTES);
    this.name = arena.take(SOCKADDR_IN6_BYTES);
    this.control = arena.take(ALL_CONTROL_BYTES);
    this.address = this.#header.address;
    this.addressWord = BigInt(this.address);
    const { view } = this.#header;
    setU64(view, MSG_NAME_OFFSET, this.name.address);
    view.setUint32(MSG_NAMELEN_OFFSET, SOCKADDR_IN6_BYTES, LITTLE_ENDIAN);
    setU64(view, MSG_IOV_OFFSET, this.#iovec.address);
    view.setUint32(MSG_IOVLEN_OFFSET, 1, LITTLE_ENDIAN);
    setU64(view, MSG_CONTROL_OFFSET, this.control.address);
  }

  /** Hot. Where the data are, or go to. */
  setData(address: number, lengthBytes: number): void {
    setU64(this.#iovec.view, 0, address);
    this.#iovec.view.setUint32(IOV_LEN_OFFSET, lengthBytes, LITTLE_ENDIAN);
  }

  /** Hot. The address is copied when it is another one than last time. */
  setDestination(to: SocketAddress): void {
    if (to === this.#destination) return;
    this.#destination = to;
    this.name.bytes.set(to.bytes);
    this.#header.view.setUint32(MSG_NAMELEN_OFFSET, to.bytes.length, LITTLE_ENDIAN);
  }

  /** Hot. The address that it leaves from; null: the route's. Written when it is another one than last time. */
  setLocalAddress(from: LocalAddress | null): void {
    if (from === this.#localAddress) return;
    this.#localAddress = from;
    this.#localBytes = from === null ? 0 : from.control.length;
    if (from !== null) this.control.bytes.set(from.control);
  }

  /** Hot. Before recvmmsg: room for the source and control messages. The call overwrote what was there. */
  resetRoom(): void {
    const { view } = this.#header;
    view.setUint32(MSG_NAMELEN_OFFSET, SOCKADDR_IN6_BYTES, LITTLE_ENDIAN);
    view.setUint32(MSG_CONTROLLEN_OFFSET, ALL_CONTROL_BYTES, LITTLE_ENDIAN);
  }

  /** Hot. No control message but where from. */
  clearControl(): void {
    this.#header.view.setUint32(MSG_CONTROLLEN_OFFSET, this.#localBytes, LITTLE_ENDIAN);
  }

  /** Hot. One control message with a u16, behind where from. */
  setControlU16(level: number, type: number, value: number): void {
    const { view } = this.control;
    const at = this.#localBytes;
    view.setUint32(at, CMSG_DATA_OFFSET + 2, LITTLE_ENDIAN);
    view.setInt32(at + CMSG_LEVEL_OFFSET, level, LITTLE_ENDIAN);
    view.setInt32(at + CMSG_TYPE_OFFSET, type, LITTLE_ENDIAN);
    view.setUint16(at + CMSG_DATA_OFFSET, value, LITTLE_ENDIAN);
    this.#header.view.setUint32(MSG_CONTROLLEN_OFFSET, at + CONTROL_BYTES, LITTLE_ENDIAN);
  }

  /** Hot. Where the data of a control message begin that recvmmsg brought, in {@link control}; -1: it brought none of that kind. */
  findControl(level: number, type: number): number {
    const controlBytes = this.#header.view.getUint32(MSG_CONTROLLEN_OFFSET, LITTLE_ENDIAN);
    const { view } = this.control;
    for (let at = 0; at + CMSG_DATA_OFFSET < controlBytes;) {
      const isOfKind = view.getInt32(at + CMSG_LEVEL_OFFSET, LITTLE_ENDIAN) === level &&
        view.getInt32(at + CMSG_TYPE_OFFSET, LITTLE_ENDIAN) === type;
      if (isOfKind) return at + CMSG_DATA_OFFSET;
      const lengthBytes = view.getUint32(at, LITTLE_ENDIAN);
      if (lengthBytes < CMSG_DATA_OFFSET) break;
      at += (lengthBytes + 7) & ~7; // CMSG_NXTHDR
    }
    return -1;
  }

  /** Hot. The int of the control message that recvmmsg brought; `otherwise` when it brought none of that kind. */
  controlInt(level: number, type: number, otherwise: number): number {
    const at = this.findControl(level, type);
    return at < 0 ? otherwise : this.control.view.getInt32(at, LITTLE_ENDIAN);
  }

  /** Hot. After recvmmsg: its bytes. */
  get receivedBytes(): number {
    return this.#header.view.getUint32(MMSG_LEN_OFFSET, LITTLE_ENDIAN);
  }

  /** Hot. After recvmmsg: a datagram was longer than the buffer. */
  get isTruncated(): boolean {
    return (this.#header.view.getInt32(MSG_FLAGS_OFFSET, LITTLE_ENDIAN) & MSG_TRUNC) !== 0;
  }
}

/** Several messages to one destination, each with one buffer. */
export class MessageVector {
  /** Of the first `struct mmsghdr`. */
  readonly address: number;
  readonly #headers: ArenaBlock;
  readonly #iovecs: ArenaBlock;
  readonly #name: ArenaBlock;
  readonly #control: ArenaBlock;
  readonly #messages: number;
  #destination: SocketAddress | null = null;
  #localAddress: LocalAddress | null = null;

  constructor(arena: Arena, messages: number) {
    this.#messages = messages;
    this.#headers = arena.take(messages * MMSGHDR_BYTES);
    this.#iovecs = arena.take(messages * IOVEC_BYTES);
    this.#name = arena.take(SOCKADDR_IN6_BYTES);
    this.#control = arena.take(LOCAL_CONTROL_BYTES);
    this.address = this.#headers.address;
    const { view } = this.#headers;
    for (let i = 0; i < messages; i++) {
      const start = i * MMSGHDR_BYTES;
      setU64(view, start + MSG_NAME_OFFSET, this.#name.address);
      setU64(view, start + MSG_IOV_OFFSET, this.#iovecs.address + i * IOVEC_BYTES);
      setU64(view, start + MSG_CONTROL_OFFSET, this.#control.address);
      view.setUint32(start + MSG_IOVLEN_OFFSET, 1, LITTLE_ENDIAN);
    }
  }

  /**
   * Hot. Cuts the data into messages of `segmentBytes`, the last one shorter.
   * @returns how many messages: at most as many as there are here, the rest of the data is left.
   */
  setData(address: number, lengthBytes: number, segmentBytes: number): number {
    const { view } = this.#iovecs;
    let messages = 0;
    // At least one: an empty datagram is one, too.
    for (let at = 0; messages < this.#messages && (at < lengthBytes || messages === 0);) {
      const start = messages++ * IOVEC_BYTES;
      setU64(view, start, address + at);
      const pieceBytes = Math.min(segmentBytes, lengthBytes - at);
      view.setUint32(start + IOV_LEN_OFFSET, pieceBytes, LITTLE_ENDIAN);
      at += segmentBytes;
    }
    return messages;
  }

  /** Hot. The address is copied when it is another one than last time. */
  setDestination(to: SocketAddress): void {
    if (to === this.#destination) return;
    this.#destination = to;
    this.#name.bytes.set(to.bytes);
    const { view } = this.#headers;
    for (let i = 0; i < this.#messages; i++) {
      const start = i * MMSGHDR_BYTES;
      view.setUint32(start + MSG_NAMELEN_OFFSET, to.bytes.length, LITTLE_ENDIAN);
    }
  }

  /** Hot. The address that all leave from; null: the route's. Written when it is another one than last time. */
  setLocalAddress(from: LocalAddress | null): void {
    if (from === this.#localAddress) return;
    this.#localAddress = from;
    if (from !== null) this.#control.bytes.set(from.control);
    const controlBytes = from === null ? 0 : from.control.length;
    const { view } = this.#headers;
    for (let i = 0; i < this.#messages; i++) {
      const at = i * MMSGHDR_BYTES + MSG_CONTROLLEN_OFFSET;
      view.setUint32(at, controlBytes, LITTLE_ENDIAN);
    }
  }
}

/** Hot. A u64 below 2^53, without a BigInt: `setUint32` takes a number modulo 2^32. */
function setU64(view: DataView<ArrayBuffer>, offset: number, value: number): void {
  view.setUint32(offset, value, LITTLE_ENDIAN);
  view.setUint32(offset + 4, value / 2 ** 32, LITTLE_ENDIAN);
}

/** include/linux/socket.h: a datagram was longer than the buffer. */
const MSG_TRUNC = 0x20;

const LITTLE_ENDIAN = true;
