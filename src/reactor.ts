/**
 * Waits for all that the fast engine reads, sockets and tun, and wakes who can read.
 * How it waits is {@link WaitLoop}'s.
 *
 * @module
 */

import { nextTurn } from "./event_turn.ts";
import { TurnEnd, TurnPart } from "./turn_end.ts";
import { type ReactorTimer, WaitLoop } from "./wait_loop.ts";

/** Something that waits for one descriptor. */
export interface Watch {
  /** Resolves once the descriptor can be read, is broken (a read says how), or the watch is closed. One call at a time. */
  readable(): Promise<void>;
  /** There is more to read, but all else has its turn first; resolves after that. */
  nextTurn(): Promise<void>;
  /** Hot. So much was read at once. */
  noteRead(pkts: number, bytes: number, now: number): void;
  /** Hot. Whether all sleep between two looks: what comes meanwhile waits in any case. */
  sleepsAt(now: number): boolean;
  /** Ends a wait; call it before the descriptor is closed. Idempotent. */
  close(): void;
}

/** Nothing is known of what else there is to do. */
const UNKNOWN_TIMER: ReactorTimer = {
  dueMs: () => Number.NEGATIVE_INFINITY,
  handleDue: () => {},
  handleRest: () => {},
};

/** Waits for many descriptors. It has an epoll instance while it has watches. */
export class Reactor {
  /** What else there is to do. */
  timer: ReactorTimer = UNKNOWN_TIMER;
  readonly #turnEnd = new TurnEnd();
  readonly #watches = new Map<number, FdWatch>();
  #loop: WaitLoop | null = null;

  /** Whether this thread waits itself, and calls the timer. */
  get isAttentive(): boolean {
    return this.#loop?.isAttentive ?? false;
  }

  /** Hot. Calls back once, when all who read have read what there is: see {@link TurnEnd.add}. */
  atTurnEnd(send: () => void): void {
    this.#turnEnd.add(send);
  }

  /**
   * Begins to watch a descriptor, which is the caller's.
   * @throws SysError when there is no epoll instance to be had, or the descriptor cannot be watched: EEXIST it is already,
   * EPERM it is a file.
   */
  watch(fd: number): Watch {
    this.#loop ??= new WaitLoop(this.#watches, () => this.timer);
    const loop = this.#loop;
    const watch = new FdWatch(fd, loop, new TurnPart(this.#turnEnd), () => this.#forget(fd));
    try {
      loop.add(fd);
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
  readonly #loop: WaitLoop;
  readonly #turn: TurnPart;
  readonly #onClose: () => void;
  #resolve: (() => void) | null = null;
  /** Its reader was woken, and has not come back yet. */
  #isBusy = false;
  #isClosed = false;

  constructor(fd: number, loop: WaitLoop, turn: TurnPart, onClose: () => void) {
    this.#fd = fd;
    this.#loop = loop;
    this.#turn = turn;
    this.#onClose = onClose;
  }

  readable(): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    if (this.#resolve !== null) throw new Error("Invariant: descriptor is waited for already");
    this.#turn.leave();
    this.#setBusy(false);
    return new Promise((resolve) => {
      this.#resolve = resolve;
      // Not armed: it was closed too early. A read says so.
      if (!this.#loop.arm(this.#fd)) this.handleReady();
    });
  }

  async nextTurn(): Promise<void> {
    this.#turn.leave();
    await nextTurn();
    if (!this.#isClosed) this.#turn.enter();
  }

  noteRead(pkts: number, bytes: number, now: number): void {
    this.#loop.pace.add(pkts, bytes, now);
  }

  sleepsAt(now: number): boolean {
    return this.#loop.pace.delayAt(now) > 0;
  }

  handleReady(): void {
    const resolve = this.#resolve;
    if (resolve === null) return;
    this.#resolve = null;
    this.#setBusy(true);
    this.#turn.enter();
    resolve();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose();
    this.handleReady();
    this.#setBusy(false);
    this.#turn.leave();
  }

  #setBusy(isBusy: boolean): void {
    if (isBusy === this.#isBusy) return;
    this.#isBusy = isBusy;
    this.#loop.busyCount += isBusy ? 1 : -1;
  }
}
