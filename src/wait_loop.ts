/**
 * How the fast engine waits.
 *
 * There are three ways to wait, and which one is best depends on what flows:
 *
 * - **Nothing**: another thread waits, this one's event loop sleeps. Coming back from there takes 50 to 100 µs.
 * - **Packets, many a second or as fast as they go**: this thread waits itself, in epoll_wait, for some ms at most, and only while
 *   everybody who reads has read all there is. Then Deno's event loop has one turn, for timers and what else there is.
 * - **A transfer over phones**: it sleeps for a few ms and then looks, see {@link WakePace}.
 *
 * @module
 */

import { Epoll } from "../ffi/epoll.ts";
import { nextTurn, pause } from "./event_turn.ts";
import { WakePace } from "./wake_pace.ts";

/** So long after the last event this thread waits itself. Longer, and the pings of links alone would keep it from its sleep. */
const ATTENTIVE_MS = 30;

/** Longest wait of this thread: how late timers and all that does not come by this reactor may be. */
const MAX_BLOCK_MS = 5;

/** So long after the last event it looks again and again while somebody is still at work. */
const BUSY_MS = 20;

/** Before a sleep that is longer, ms, it looks once more. */
const SHORT_SLEEP_MS = 2;

/** What else the thread has to do than to serve who reads. */
export interface ReactorTimer {
  /**
   * Monotonic ms of when {@link handleDue} is to be called next; asked before each wait. -Infinity: something comes at any time that the
   * reactor does not know of, so another thread has to wait.
   */
  dueMs(): number;
  /** The time has come, or nearly. Only called while {@link WaitLoop.isAttentive}. */
  handleDue(): void;
  /** Another thread waits from now on: only the event loop's own timer can tell when the time has come. */
  handleRest(): void;
}

/** Who waits for a descriptor. */
export interface ReadyHandler {
  /** It can be read, or is broken. */
  handleReady(): void;
}

/** Loops on their way to their end, or waiting. */
const loops = new Set<Promise<void>>();

/** Resolves when nothing waits any more for watches that are closed: for tests, which must leave nothing behind. */
export async function reactorsSettled(): Promise<void> {
  await Promise.all(loops);
}

/** Waits for the descriptors of a reactor. */
export class WaitLoop {
  /** The load of all readers. */
  readonly pace = new WakePace();
  /** Readers at work. */
  busyCount = 0;
  /** Whether this thread waits itself, and calls the timer. */
  isAttentive = false;
  readonly #epoll = new Epoll();
  readonly #watches: ReadonlyMap<number, ReadyHandler>;
  readonly #timer: () => ReactorTimer;
  #isRunning = false;
  #isClosed = false;
  /** When something could last be read. */
  #readyMs = Number.NEGATIVE_INFINITY;
  #isOffThread = false;
  /** Of a transfer over phones: it looked without having slept. */
  #hasLookedAgain = true;

  constructor(watches: ReadonlyMap<number, ReadyHandler>, timer: () => ReactorTimer) {
    this.#watches = watches;
    this.#timer = timer;
  }

  /** @throws SysError */
  add(fd: number): void {
    this.#epoll.add(fd);
  }

  /** Hot. @returns false when it is not open any more. */
  arm(fd: number): boolean {
    if (!this.#epoll.arm(fd)) return false;
    if (!this.#isRunning) this.#begin();
    return true;
  }

  remove(fd: number): void {
    this.#epoll.remove(fd);
  }

  /** Frees all, at once or as soon as nothing waits any more. */
  close(): void {
    this.#isClosed = true;
    if (!this.#isRunning) this.#epoll.close();
    else if (this.#isOffThread) this.#epoll.callBack();
  }

  #begin(): void {
    this.#isRunning = true;
    const loop = this.#run();
    loops.add(loop);
    void loop.then(() => loops.delete(loop));
  }

  /** Waits and wakes until closed. Rejects only with what the timer throws. */
  async #run(): Promise<void> {
    await Promise.resolve(); // whoever arms now is still at work
    while (!this.#isClosed) {
      this.#setAttentive(this.#mayWaitHere());
      const ready = this.isAttentive ? await this.#waitHere() : await this.#waitOffThread();
      if (this.#isClosed) break;
      for (let i = 0; i < ready; i++) this.#watches.get(this.#epoll.readyFd(i))?.handleReady();
      if (ready > 0) this.#readyMs = performance.now();
    }
    this.#setAttentive(false);
    this.#isRunning = false;
    this.#epoll.close();
  }

  #setAttentive(isAttentive: boolean): void {
    const wasAttentive = this.isAttentive;
    this.isAttentive = isAttentive;
    if (wasAttentive && !isAttentive) this.#timer().handleRest();
  }

  #mayWaitHere(): boolean {
    const quietMs = performance.now() - this.#readyMs;
    if (quietMs >= ATTENTIVE_MS || this.#timer().dueMs() === Number.NEGATIVE_INFINITY) return false;
    return this.busyCount === 0 || quietMs < BUSY_MS;
  }

  /** The event loop has its turn first; then this thread waits, but for those who still read it only looks. @returns events. */
  async #waitHere(): Promise<number> {
    await nextTurn();
    if (this.#isClosed) return 0;
    const timer = this.#timer();
    const ready = this.busyCount > 0 ? this.#epoll.wait(0) : this.#block(timer.dueMs());
    if (performance.now() >= timer.dueMs()) timer.handleDue();
    return ready;
  }

  /** @returns events. */
  #block(dueMs: number): number {
    const now = performance.now();
    const delayMs = this.pace.delayAt(now);
    if (delayMs === 0) {
      return this.#epoll.wait(Math.max(0, Math.ceil(Math.min(MAX_BLOCK_MS, dueMs - now))));
    }
    // What was just written to the tun is mostly answered at once (ACKs): one look more, then it sleeps, whatever is due meanwhile.
    this.#hasLookedAgain = !this.#hasLookedAgain && delayMs > SHORT_SLEEP_MS;
    if (!this.#hasLookedAgain) this.#epoll.sleep(delayMs);
    return this.#epoll.wait(0);
  }

  /** @returns events. */
  async #waitOffThread(): Promise<number> {
    const delayMs = this.pace.delayAt(performance.now());
    if (delayMs > 0) {
      await pause(delayMs);
      return this.#isClosed ? 0 : this.#epoll.wait(0);
    }
    this.#isOffThread = true;
    const ready = await this.#epoll.waitOffThread();
    this.#isOffThread = false;
    return ready;
  }
}
