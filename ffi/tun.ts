/**
 * A Linux tun device as a file: each read gives one IP packet that the kernel routed into it, each
 * write hands one to the kernel. Documentation/networking/tuntap.rst.
 *
 * @module
 */

import { addressOf, CString } from "./arena.ts";
import { Errno, SysError } from "./errno.ts";
import { Ifreq } from "./ifreq.ts";
import { lastErrno, type Libc, loadLibc } from "./libc.ts";
import { U64Registers } from "./u64_registers.ts";

/** As it is declared: the types of {@link Libc} say numbers. */
interface HotLibc {
  read(fd: number, address: bigint, lengthBytes: bigint): number;
  write(fd: number, address: bigint, lengthBytes: bigint): number;
}

/** Registers. */
const ADDRESS = 0;
const LENGTH = 1;

/** The node that makes tun devices. */
export const TUN_NODE_PATH = "/dev/net/tun";

/** An open tun device. It exists as long as this is open. */
export class TunFile implements Disposable {
  /** The interface's name: a template's number is filled in. */
  readonly name: string;
  /**
   * Whether each packet has a virtio_net_hdr of 10 bytes in front, read and written, and may be several packets in one or
   * have its checksum still to be computed.
   */
  readonly hasVnetHeader: boolean;
  /** Whether a write may be several UDP datagrams in one, as one of TCP always may with vnet headers. */
  readonly takesUdpRuns: boolean;
  readonly #libc: Libc;
  /** The same, for calls with BigInts. */
  readonly #hot: HotLibc;
  readonly #registers = new U64Registers(2);
  #fd: number;

  private constructor(libc: Libc, fd: number, name: string, offload: number) {
    this.#libc = libc;
    this.#hot = libc as unknown as HotLibc;
    this.name = name;
    this.hasVnetHeader = offload !== 0;
    this.takesUdpRuns = (offload & UDP_OFFLOAD) !== 0;
    this.#fd = fd;
  }

  /**
   * Makes a new device, down and without an address.
   * @param nameOrTemplate at most 15 bytes; a template has one `%d` for which the kernel takes the lowest free number.
   * @param wantsOffload whether to ask for vnet headers and packets that are several in one; a kernel that has them not
   * gives a plain device.
   * @throws SysError of `open` or `ioctl TUNSETIFF`; nothing is left open then.
   */
  static open(
    nameOrTemplate: string,
    nodePath: string = TUN_NODE_PATH,
    wantsOffload = false,
  ): TunFile {
    if (wantsOffload) {
      const file = TunFile.#tryOpen(nameOrTemplate, nodePath, true);
      if (file !== null) return file;
    }
    return TunFile.#tryOpen(nameOrTemplate, nodePath, false)!;
  }

  /** @returns null when the kernel has no offloads for it. */
  static #tryOpen(name: string, nodePath: string, wantsOffload: boolean): TunFile | null {
    const libc = loadLibc();
    using ifreq = new Ifreq(name);
    // EXCL: an interface of that name, even a persistent tun nobody uses, is EBUSY and stays untouched.
    ifreq.flags = IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL | (wantsOffload ? IFF_VNET_HDR : 0);
    using path = new CString(nodePath);
    const fd = libc.open(path.address, O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0) throw new SysError("open", lastErrno(), nodePath);
    try {
      if (libc.ioctl(fd, TUNSETIFF, ifreq.address) < 0) {
        throw new SysError("ioctl TUNSETIFF", lastErrno());
      }
      const offload = wantsOffload ? setOffload(libc, fd) : 0;
      if (wantsOffload && offload === 0) {
        libc.close(fd);
        return null;
      }
      return new TunFile(libc, fd, ifreq.name, offload);
    } catch (error) {
      libc.close(fd);
      throw error;
    }
  }

  /**
   * Hot. Reads one packet into `bytes[offset..offset + lengthBytes)`; a longer packet is cut off.
   * @returns its length in bytes, or a negated errno: EAGAIN when none is there, EBADFD when the device
   * was deleted, EBADF after `close`.
   */
  read(bytes: Uint8Array<ArrayBuffer>, offset: number, lengthBytes: number): number {
    if (offset < 0 || lengthBytes < 0 || offset + lengthBytes > bytes.length) return -Errno.EFAULT;
    const registers = this.#registers;
    registers.set(ADDRESS, addressOf(bytes) + offset);
    registers.set(LENGTH, lengthBytes);
    const { words } = registers;
    const n = this.#hot.read(this.#fd, words[ADDRESS]!, words[LENGTH]!);
    return n >= 0 ? n : -lastErrno();
  }

  /**
   * Hot. Hands the packet `bytes[start..end)` to the kernel.
   * @returns the bytes taken, always all, or a negated errno: EIO when the device is down, EINVAL
   * when it is not IP, EAGAIN or ENOBUFS when the kernel has no room, EBADF after `close`.
   */
  write(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): number {
    if (start < 0 || end < start || end > bytes.length) return -Errno.EFAULT;
    const registers = this.#registers;
    registers.set(ADDRESS, addressOf(bytes) + start);
    registers.set(LENGTH, end - start);
    const { words } = registers;
    const n = this.#hot.write(this.#fd, words[ADDRESS]!, words[LENGTH]!);
    return n >= 0 ? n : -lastErrno();
  }

  /** For poll; -1 after `close`. Stays this object's own. */
  get fd(): number {
    return this.#fd;
  }

  /** Closes the file, which nothing may be polling: the device and its addresses and routes are gone. Idempotent. */
  close(): void {
    if (this.#fd < 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    this.#libc.close(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Says what may be read: with UDP too where the kernel has that (6.2). The same kernels take UDP written.
 * @returns what was taken, TUN_F_ bits; 0: nothing.
 */
function setOffload(libc: Libc, fd: number): number {
  for (const offload of [TCP_OFFLOAD | UDP_OFFLOAD, TCP_OFFLOAD]) {
    if (libc.ioctl(fd, TUNSETOFFLOAD, offload) >= 0) return offload;
  }
  return 0;
}

/** `_IOW('T', 202, int)`; include/uapi/linux/if_tun.h. */
const TUNSETIFF = 0x400454ca;
/** `_IOW('T', 208, unsigned int)`; the argument is the flags themselves. */
const TUNSETOFFLOAD = 0x400454d0;

// include/uapi/linux/if_tun.h
const IFF_TUN = 0x0001;
/** Packets without the 4 bytes of flags and protocol in front. */
const IFF_NO_PI = 0x1000;
const IFF_TUN_EXCL = 0x8000;
const IFF_VNET_HDR = 0x4000;
const TUN_F_CSUM = 0x01;
const TUN_F_TSO4 = 0x02;
const TUN_F_TSO6 = 0x04;
const TUN_F_USO4 = 0x20;
const TUN_F_USO6 = 0x40;
const TCP_OFFLOAD = TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6;
const UDP_OFFLOAD = TUN_F_USO4 | TUN_F_USO6;

// include/uapi/asm-generic/fcntl.h: the same on x86-64 and arm64
const O_RDWR = 0o2;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
