/**
 * `setTimeout` under a clock that the test moves: ten minutes of a daemon's waits pass in milliseconds.
 *
 * @module
 */

/** A timer that is set. */
interface FakeTimer {
  readonly id: number;
  readonly dueMs: number;
  readonly callback: () => void;
}

/** Takes the place of the global `setTimeout` and `clearTimeout` until disposed of. What waits otherwise (real I/O) still does. */
export class FakeTimers implements Disposable {
  /** The time, in ms. */
  now = 0;
  readonly #timers = new Map<number, FakeTimer>();
  readonly #real = { setTimeout: globalThis.setTimeout, clearTimeout: globalThis.clearTimeout };
  #nextId = 1;

  constructor() {
    const set = (callback: () => void, delayMs = 0): number => {
      const id = this.#nextId++;
      this.#timers.set(id, { id, dueMs: this.now + Math.max(0, delayMs), callback });
      return id;
    };
    const clear = (id: unknown): void => void this.#timers.delete(id as number);
    globalThis.setTimeout = set as unknown as typeof setTimeout;
    globalThis.clearTimeout = clear as unknown as typeof clearTimeout;
  }

  /** When the next timer fires; Infinity: none is set. */
  nextMs(): number {
    let nextMs = Infinity;
    for (const { dueMs } of this.#timers.values()) nextMs = Math.min(nextMs, dueMs);
    return nextMs;
  }

  /** Moves the clock and fires the timer that is due first; those of one time in the order they were set. @returns false when none is due by then. */
  fireNext(untilMs: number): boolean {
    let first: FakeTimer | null = null;
    for (const timer of this.#timers.values()) {
      if (timer.dueMs <= untilMs && (first === null || timer.dueMs < first.dueMs)) first = timer;
    }
    if (first === null) {
      this.now = Math.max(this.now, untilMs);
      return false;
    }
    this.#timers.delete(first.id);
    this.now = Math.max(this.now, first.dueMs);
    first.callback();
    return true;
  }

  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#real.setTimeout;
    globalThis.clearTimeout = this.#real.clearTimeout;
  }
}
