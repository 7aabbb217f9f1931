/**
 * An epoll instance: tells which of many file descriptors can be read; epoll(7). Each is armed for one event at a time
 * (EPOLLONESHOT). Who waits, this thread or another one, is the caller's matter.
 *
 * @module
 */

import { Arena, type ArenaBlock } from "./arena.ts";
import { SysError } from "./errno.ts";
import { lastErrno, type Libc, loadLibc } from "./libc.ts";

/** Events taken at once. */
const MAX_EVENTS = 32;

/** As they are declared: the types of {@link Libc} say numbers, which are slower for a u64. */
interface HotLibc {
  epollWait(epfd: number, events: bigint, maxEvents: number, timeoutMs: number): number;
  epollCtl(epfd: number, operation: number, fd: number, event: bigint): number;
}

/** One instance, and an eventfd to call a waiting thread back. */
export class Epoll {
  readonly #libc: Libc = loadLibc();
  readonly #hot = this.#libc as unknown as HotLibc;
  readonly #arena = new Arena(EVENT_BYTES * (MAX_EVENTS + 1) + EVENTFD_VALUE_BYTES + 16);
  readonly #events: ArenaBlock;
  readonly #event: ArenaBlock;
  readonly #counter: ArenaBlock;
  readonly #eventsWord: bigint;
  readonly #eventWord: bigint;
  readonly #fd: number;
  readonly #eventFd: number;

  /** @throws SysError of `epoll_create1`, `eventfd` or `epoll_ctl`; nothing is left open then. */
  constructor() {
    this.#events = this.#arena.take(EVENT_BYTES * MAX_EVENTS);
    this.#event = this.#arena.take(EVENT_BYTES);
    this.#counter = this.#arena.take(EVENTFD_VALUE_BYTES);
    this.#eventsWord = BigInt(this.#events.address);
    this.#eventWord = BigInt(this.#event.address);
    this.#fd = this.#libc.epollCreate1(EPOLL_CLOEXEC);
    if (this.#fd < 0) throw this.#failed("epoll_create1");
    this.#eventFd = this.#libc.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (this.#eventFd < 0) {
      const error = this.#failed("eventfd");
      this.#libc.close(this.#fd);
      throw error;
    }
    // Without it nothing could end a wait on another thread.
    if (this.#control(EPOLL_CTL_ADD, this.#eventFd, EPOLLIN) < 0) {
      const error = this.#failed("epoll_ctl");
      this.#libc.close(this.#fd);
      this.#libc.close(this.#eventFd);
      throw error;
    }
  }

  /** Takes a descriptor on. Nothing is told of it before it is armed. @throws SysError: EEXIST it is there already, EPERM it is a file. */
  add(fd: number): void {
    if (this.#control(EPOLL_CTL_ADD, fd, EPOLLONESHOT) < 0) {
      throw new SysError("epoll_ctl", lastErrno());
    }
  }

  /** Hot. It is told of once, when it can be read or is broken. @returns false when it is not open any more. */
  arm(fd: number): boolean {
    return this.#control(EPOLL_CTL_MOD, fd, EPOLLIN | EPOLLONESHOT) >= 0;
  }

  /** Forgets a descriptor; none there: nothing happens. */
  remove(fd: number): void {
    this.#control(EPOLL_CTL_DEL, fd, 0);
  }

  /**
   * Hot. Waits on this thread.
   * @param timeoutMs 0: only looks
   * @returns events, for {@link readyFd}; a negative number for none at all (EINTR).
   */
  wait(timeoutMs: number): number {
    return this.#hot.epollWait(this.#fd, this.#eventsWord, MAX_EVENTS, timeoutMs);
  }

  /** Keeps this thread from the processor, whatever comes meanwhile. */
  sleep(durationMs: number): void {
    this.#libc.poll(0, 0, durationMs);
  }

  /** Waits on another thread, for ever, or until {@link callBack}. @returns as {@link wait}. Never rejects. */
  waitOffThread(): Promise<number> {
    return this.#libc.epollWaitOffThread(
      this.#fd,
      this.#events.address,
      MAX_EVENTS,
      WAIT_FOREVER_MS,
    );
  }

  /** Hot. Whose the event number `index` of the last wait is. */
  readyFd(index: number): number {
    return this.#events.view.getInt32(index * EVENT_BYTES + EVENT_DATA_OFFSET, true);
  }

  /** Ends the wait of another thread, and every wait from then on. */
  callBack(): void {
    this.#counter.view.setBigUint64(0, 1n, true);
    this.#libc.write(this.#eventFd, this.#counter.address, EVENTFD_VALUE_BYTES);
  }

  /** Frees all; nothing may be waiting. */
  close(): void {
    this.#libc.close(this.#fd);
    this.#libc.close(this.#eventFd);
    this.#arena.free();
  }

  #control(operation: number, fd: number, events: number): number {
    const { view } = this.#event;
    view.setUint32(0, events, true);
    view.setInt32(EVENT_DATA_OFFSET, fd, true);
    return this.#hot.epollCtl(this.#fd, operation, fd, this.#eventWord);
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
