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
import { Poller } from "./poller.ts";

/** The node that makes tun devices. */
export const TUN_NODE_PATH = "/dev/net/tun";

/** An open tun device. It exists as long as this is open. */
export class TunFile implements Disposable {
  /** The interface's name: a template's number is filled in. */
  readonly name: string;
  readonly #libc: Libc;
  readonly #poller: Poller;
  #fd: number;

  private constructor(libc: Libc, fd: number, name: string) {
    this.#libc = libc;
    this.name = name;
    this.#poller = new Poller(fd);
    this.#fd = fd;
  }

  /**
   * Makes a new device, down and without an address.
   * @param nameOrTemplate at most 15 bytes; a template has one `%d` for which the kernel takes the lowest free number.
   * @throws SysError of `open`, `ioctl TUNSETIFF` or `eventfd`; nothing is left open then.
   */
  static open(nameOrTemplate: string, nodePath: string = TUN_NODE_PATH): TunFile {
    const libc = loadLibc();
    using ifreq = new Ifreq(nameOrTemplate);
    // EXCL: an interface of that name, even a persistent tun nobody uses, is EBUSY and stays untouched.
    ifreq.flags = IFF_TUN | IFF_NO_PI | IFF_TUN_EXCL;
    using path = new CString(nodePath);
    const fd = libc.open(path.address, O_RDWR | O_NONBLOCK | O_CLOEXEC, 0);
    if (fd < 0) throw new SysError("open", lastErrno(), nodePath);
    try {
      if (libc.ioctl(fd, TUNSETIFF, ifreq.address) < 0) {
        throw new SysError("ioctl TUNSETIFF", lastErrno());
      }
      return new TunFile(libc, fd, ifreq.name);
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
    const n = this.#libc.read(this.#fd, addressOf(bytes) + offset, lengthBytes);
    return n >= 0 ? n : -lastErrno();
  }

  /**
   * Hot. Hands the packet `bytes[start..end)` to the kernel.
   * @returns the bytes taken, always all, or a negated errno: EIO when the device is down, EINVAL
   * when it is not IP, EAGAIN or ENOBUFS when the kernel has no room, EBADF after `close`.
   */
  write(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): number {
    if (start < 0 || end < start || end > bytes.length) return -Errno.EFAULT;
    const n = this.#libc.write(this.#fd, addressOf(bytes) + start, end - start);
    return n >= 0 ? n : -lastErrno();
  }

  /**
   * Waits until a packet is there, the device breaks, or `close` is called.
   * @returns a `PollResult`.
   */
  wait(): Promise<number> {
    return this.#poller.wait();
  }

  /**
   * Ends a wait and closes the file: the device and its addresses and routes are gone, at once, or when
   * `wait`'s promise has been resolved if there is one (its thread holds the file until then). Idempotent.
   */
  close(): void {
    if (this.#fd < 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    this.#poller.close();
    this.#libc.close(fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** `_IOW('T', 202, int)`; include/uapi/linux/if_tun.h. */
const TUNSETIFF = 0x400454ca;

// include/uapi/linux/if_tun.h
const IFF_TUN = 0x0001;
/** Packets without the 4 bytes of flags and protocol in front. */
const IFF_NO_PI = 0x1000;
const IFF_TUN_EXCL = 0x8000;

// include/uapi/asm-generic/fcntl.h: the same on x86-64 and arm64
const O_RDWR = 0o2;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
