/**
 * A lock on a file that vanishes with its process, however that ends: flock(2). A file that merely
 * exists would have to be believed or doubted after a crash.
 *
 * Not fcntl(2)'s record locks: those are lost when any descriptor of the file is closed by the
 * process, and tell nothing between two parts of one process.
 *
 * @module
 */

import { Arena, CString } from "./arena.ts";
import { Errno, SysError } from "./errno.ts";
import { lastErrno, type Libc, loadLibc } from "./libc.ts";

/** A lock that this process holds. */
export class FileLock implements Disposable {
  readonly #libc: Libc;
  #fd: number;

  private constructor(libc: Libc, fd: number) {
    this.#libc = libc;
    this.#fd = fd;
  }

  /**
   * Locks a file without waiting, and writes `text` at its beginning (all of a shorter text before it
   * is overwritten; the rest of a longer one remains, so texts of one file should be of one length). The file is made, 0600, when it
   * is not there; a symbolic link is refused.
   * @returns null when another process, or another lock of this one, holds it.
   * @throws SysError
   */
  static tryAcquire(path: string, text: string): FileLock | null {
    const libc = loadLibc();
    using cPath = new CString(path);
    const fd = libc.open(cPath.address, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600);
    if (fd < 0) throw new SysError("open", lastErrno());
    if (libc.flock(fd, LOCK_EX | LOCK_NB) < 0) {
      const errno = lastErrno();
      libc.close(fd);
      if (errno === Errno.EAGAIN) return null; // EWOULDBLOCK is the same number
      throw new SysError("flock", errno);
    }
    const lock = new FileLock(libc, fd);
    try {
      lock.#write(text);
    } catch (error) {
      lock[Symbol.dispose]();
      throw error;
    }
    return lock;
  }

  /** Gives the lock back; the file stays: were it deleted, two processes could lock two files of one name. Idempotent. */
  [Symbol.dispose](): void {
    if (this.#fd < 0) return;
    this.#libc.close(this.#fd);
    this.#fd = -1;
  }

  #write(text: string): void {
    const bytes = new TextEncoder().encode(text);
    using arena = new Arena(bytes.length);
    const block = arena.take(bytes.length);
    block.bytes.set(bytes);
    const n = this.#libc.write(this.#fd, block.address, bytes.length);
    if (n < 0) throw new SysError("write", lastErrno());
    // A handful of bytes: a regular file takes less only when the disk is full at that very byte.
    if (n < bytes.length) throw new SysError("write", Errno.ENOSPC);
  }
}

// include/uapi/asm-generic/fcntl.h; O_NOFOLLOW is one of the few that arm64 numbers otherwise
// (arch/arm64/include/uapi/asm/fcntl.h).
const O_RDWR = 0o2;
const O_CREAT = 0o100;
const O_CLOEXEC = 0o2000000;
const O_NOFOLLOW = Deno.build.arch === "aarch64" ? 0o100000 : 0o400000;
const LOCK_EX = 2;
const LOCK_NB = 4;
