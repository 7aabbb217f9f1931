/**
 * Waits for many file descriptors with one other thread: epoll(7).
 *
 * A `Poller` blocks a thread of Deno's pool for each descriptor, and the pool has some thirty. Here each descriptor is armed
 * for one event (EPOLLONESHOT) when its reader has read all there is, and the one thread that waits tells which can be
 * read again. A reader that still has work does not come here: the way through the other thread takes 10-20 µs.
 *
 * @module
 */

import { Arena, type ArenaBlock } from "./arena.ts";
import { SysError } from "./errno.ts";
import { lastErrno, type Libc, loadLibc } from "./libc.ts";

/** Events taken at once. */
const MAX_EVENTS = 32;

/** Something that waits for one descriptor. */
export interface Watch {
  /** Resolves once the descriptor can be read, is broken (a read says how), or the watch is closed. One call at a time. */
  readable(): Promise<void>;
  /** Ends a wait; call it before the descriptor is closed. Idempotent. */
  close(): void;
}

/** Threads on their way back, or waiting. */
const waits = new Set<Promise<void>>();

/** Resolves when no thread waits any more for watches that are closed: for tests, which must leave nothing behind. */
export async function reactorsSettled(): Promise<void> {
  await Promise.all(waits);
}

/** One epoll instance, made when first needed, and its thread. It ends with the last watch. */
export class Reactor {
  readonly #watches = new Map<number, FdWatch>();
  #loop: EpollLoop | null = null;

  /**
   * Begins to watch a descriptor, which is the caller's.
   * @throws SysError when there is no epoll instance to be had, or the descriptor cannot be watched: EEXIST it is already,
   * EPERM it is a file.
   */
  watch(fd: number): Watch {
    this.#loop ??= new EpollLoop(this.#watches);
    const watch = new FdWatch(fd, this.#loop, () => this.#forget(fd));
    try {
      this.#loop.add(fd);
    } catch (error) {
      this.#endUnlessNeeded();
      throw error;
    }
    this.#watches.set(fd, watch);
    return watch;
  }

  #forget(fd: number): void {
    this.#watches.delete(fd);
    this.#loop?.remove(fd);
    this.#endUnlessNeeded();
  }

  #endUnlessNeeded(): void {
    if (this.#watches.size > 0) return;
    this.#loop?.close();
    this.#loop = null;
  }
}

class FdWatch implements Watch {
  readonly #fd: number;
  readonly #loop: EpollLoop;
  readonly #onClose: () => void;
  #resolve: (() => void) | null = null;
  #isClosed = false;

  constructor(fd: number, loop: EpollLoop, onClose: () => void) {
    this.#fd = fd;
    this.#loop = loop;
    this.#onClose = onClose;
  }

  readable(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    if (this.#resolve !== null) throw new Error("Invariant: descriptor is waited for already");
    return new Promise((resolve) => {
      this.#resolve = resolve;
      // Not armed: it was closed too early. A read says so.
      if (!this.#loop.arm(this.#fd)) this.handleReady();
    });
  }

  handleReady(): void {
    const resolve = this.#resolve;
    this.#resolve = null;
    resolve?.();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose();
    this.handleReady();
  }
}

/** The instance, the thread that waits in it, and an eventfd to call that back. */
class EpollLoop {
  readonly #libc: Libc = loadLibc();
  readonly #watches: ReadonlyMap<number, FdWatch>;
  readonly #arena = new Arena(EVENT_BYTES * (MAX_EVENTS + 1) + EVENTFD_VALUE_BYTES + 16);
  readonly #events: ArenaBlock;
  readonly #event: ArenaBlock;
  readonly #counter: ArenaBlock;
  readonly #epollFd: number;
  readonly #eventFd: number;
  #isWaiting = false;
  #isClosed = false;

  constructor(watches: ReadonlyMap<number, FdWatch>) {
    this.#watches = watches;
    this.#events = this.#arena.take(EVENT_BYTES * MAX_EVENTS);
    this.#event = this.#arena.take(EVENT_BYTES);
    this.#counter = this.#arena.take(EVENTFD_VALUE_BYTES);
    this.#epollFd = this.#libc.epollCreate1(EPOLL_CLOEXEC);
    if (this.#epollFd < 0) throw this.#failed("epoll_create1");
    this.#eventFd = this.#libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (this.#eventFd < 0) {
      const error = this.#failed("eventfd");
      this.#libc.close(this.#epollFd);
      throw error;
    }
    // Without it nothing could end the wait.
    if (this.#control(EPOLL_CTL_ADD, this.#eventFd, EPOLLIN) < 0) {
      const error = this.#failed("epoll_ctl");
      this.#libc.close(this.#epollFd);
      this.#libc.close(this.#eventFd);
      throw error;
    }
  }

  /** Nothing is told of the descriptor before it is armed. @throws SysError */
  add(fd: number): void {
    if (this.#control(EPOLL_CTL_ADD, fd, EPOLLONESHOT) < 0) {
      throw new SysError("epoll_ctl", lastErrno());
    }
  }

  /** Hot. Tells once when it can be read. @returns false when it is not open any more. */
  arm(fd: number): boolean {
    if (this.#control(EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT) < 0) return false;
    if (!this.#isWaiting) this.#beginWait();
    return true;
  }

  #beginWait(): void {
    const wait = this.#wait();
    waits.add(wait);
    void wait.then(() => waits.delete(wait));
  }

  remove(fd: number): void {
    this.#control(EPOLL_CTL_DEL, fd, 0);
  }

  /** Frees all, after the wait when there is one. */
  close(): void {
    this.#isClosed = true;
    if (!this.#isWaiting) return this.#release();
    this.#counter.view.setBigUint64(0, 1n, true);
    this.#libc.write(this.#eventFd, this.#counter.address, EVENTFD_VALUE_BYTES);
  }

  /** Waits until closed. Never rejects: epoll_wait fails only by EINTR here, and -1 events are none. */
  async #wait(): Promise<void> {
    this.#isWaiting = true;
    while (!this.#isClosed) {
      const { address, view } = this.#events;
      const ready = await this.#libc.epollWaitOffThread(
        this.#epollFd,
        address,
        MAX_EVENTS,
        WAIT_FOREVER_MS,
      );
      for (let i = 0; i < ready; i++) {
        const fd = view.getInt32(i * EVENT_BYTES + EVENT_DATA_OFFSET, true);
        this.#watches.get(fd)?.handleReady();
      }
    }
    this.#isWaiting = false;
    if (this.#isClosed) this.#release();
  }

  #control(operation: number, fd: number, events: number): number {
    const { view, address } = this.#event;
    view.setUint32(0, events, true);
    view.setInt32(EVENT_DATA_OFFSET, fd, true);
    return this.#libc.epollCtl(this.#epollFd, operation, fd, address);
  }

  #release(): void {
    this.#libc.close(this.#epollFd);
    this.#libc.close(this.#eventFd);
    this.#arena.free();
  }

  #failed(call: string): SysError {
    const errno = lastErrno();
    this.#arena.free();
    return new SysError(call, errno);
  }
}

/** `struct epoll_event`: u32 events, u64 data; packed on x86-64 only (linux/eventpoll.h). */
const EVENT_BYTES = Deno.build.arch === "x86_64" ? 12 : 16;
const EVENT_DATA_OFFSET = Deno.build.arch === "x86_64" ? 4 : 8;

/** An eventfd is read and written as one u64; eventfd(2). */
const EVENTFD_VALUE_BYTES = 8;

const WAIT_FOREVER_MS = -1;

// include/uapi/linux/eventpoll.h
const EPOLLIN = 0x001;
const EPOLLONESHOT = 1 << 30;
const EPOLL_CTL_ADD = 1;
const EPOLL_CTL_DEL = 2;
const EPOLL_CTL_MOD = 3;

// O_CLOEXEC and O_NONBLOCK
const EPOLL_CLOEXEC = 0o2000000;
const EFD_CLOEXEC = 0o2000000;
const EFD_NONBLOCK = 0o4000;
