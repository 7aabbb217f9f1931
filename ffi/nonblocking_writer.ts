/**
 * Writes to a descriptor without ever waiting for whoever reads it.
 *
 * A pipe that is full, or a terminal that was stopped (Ctrl-S), blocks write(2): in a daemon of one
 * thread that stops everything. Making the descriptor non-blocking is no way: it is shared with the
 * shell and all its programs. So it is asked before each write, by poll(2); and a terminal, which says
 * yes when it has room for one byte, is opened anew, for this process alone.
 *
 * @module
 */

import { Arena, type ArenaBlock, CString } from "./arena.ts";
import { Errno, SysError } from "./errno.ts";
import { lastErrno, type Libc, loadLibc } from "./libc.ts";

/**
 * Most that one write takes, in bytes: `PIPE_BUF`. poll(2) calls a pipe writable when so much goes into
 * it at once (pipe(7)); a socket when much more does.
 */
export const MAX_WRITE_BYTES = 4096;

/** `struct pollfd`: `int fd; short events; short revents`; poll(2). */
export const POLLFD_BYTES = 8;

/** Writes what can be written now. */
export class NonBlockingWriter implements Disposable {
  readonly #libc: Libc = loadLibc();
  readonly #arena = new Arena(POLLFD_BYTES + MAX_WRITE_BYTES);
  readonly #pollfd: ArenaBlock;
  readonly #buffer: ArenaBlock;
  readonly #fd: number;
  /** Whether the descriptor is this object's own. */
  readonly #isOwn: boolean;

  /**
   * @param fd stays the caller's, and open as long as this is used.
   * @throws Error when there is no C library.
   */
  constructor(fd: number, options: { readonly isTerminal: boolean }) {
    const reopened = options.isTerminal ? reopenNonBlocking(this.#libc, fd) : -1;
    this.#isOwn = reopened >= 0;
    this.#fd = this.#isOwn ? reopened : fd;
    this.#pollfd = this.#arena.take(POLLFD_BYTES);
    this.#pollfd.view.setInt32(0, this.#fd, LITTLE_ENDIAN);
    this.#pollfd.view.setInt16(4, POLLOUT, LITTLE_ENDIAN);
    this.#buffer = this.#arena.take(MAX_WRITE_BYTES);
  }

  /**
   * Writes some of the bytes. Only whole, up to {@link MAX_WRITE_BYTES}, when it is a pipe.
   * @returns how many.
   * @throws Deno.errors.WouldBlock when nothing can be written now, Deno.errors.BrokenPipe when
   * nobody reads any more, SysError for the rest.
   */
  writeSync(bytes: Uint8Array): number {
    // POLLERR and its like are no reason not to write: the write says what it is.
    if (this.#libc.poll(this.#pollfd.address, 1, 0) === 0) throw wouldBlock();
    const chunk = bytes.subarray(0, MAX_WRITE_BYTES);
    this.#buffer.bytes.set(chunk);
    const written = this.#libc.write(this.#fd, this.#buffer.address, chunk.length);
    if (written >= 0) return written;
    const errno = lastErrno();
    if (errno === Errno.EAGAIN || errno === Errno.EINTR) throw wouldBlock();
    if (errno === Errno.EPIPE) throw new Deno.errors.BrokenPipe("Cannot write: EPIPE");
    throw new SysError("write", errno);
  }

  /** Frees what is its own; it writes no more. */
  [Symbol.dispose](): void {
    if (this.#isOwn) this.#libc.close(this.#fd);
    this.#arena.free();
  }
}

/** The same file as an open one of this process's own (proc_pid_fd(5)); -1 when we may not. */
function reopenNonBlocking(libc: Libc, fd: number): number {
  using path = new CString(`/proc/self/fd/${fd}`);
  return libc.open(path.address, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC, 0);
}

function wouldBlock(): Error {
  return new Deno.errors.WouldBlock("Cannot write: EAGAIN");
}

const LITTLE_ENDIAN = true;

// include/uapi/asm-generic/poll.h
const POLLOUT = 0x0004;

// include/uapi/asm-generic/fcntl.h: the same on x86-64 and arm64
const O_WRONLY = 0o1;
const O_NOCTTY = 0o400;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;
