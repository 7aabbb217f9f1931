/**
 * The simulator's time: a queue of what happens when. A minute passes as fast as its events run.
 *
 * @module
 */

import { TimeHeap } from "./time_heap.ts";

/**
 * A clock that jumps from event to event. Events of the same time run in the order they were
 * scheduled, so a run repeats exactly.
 *
 * @example
 * ```ts
 * const clock = new VirtualClock();
 * clock.at(5, () => console.log(clock.now)); // 5
 * clock.runUntil(10);
 * ```
 */
export class VirtualClock {
  readonly #heap = new TimeHeap();
  readonly #callbacks: (() => void)[] = [];
  readonly #freeSlots: number[] = [];
  #nowMs = 0;
  #events = 0;

  /** Virtual ms since the start. */
  get now(): number {
    return this.#nowMs;
  }

  /** Events run so far. */
  get events(): number {
    return this.#events;
  }

  /** Runs `callback` at `timeMs`, or as soon as possible when that has passed. There is no way to cancel. */
  at(timeMs: number, callback: () => void): void {
    const slot = this.#freeSlots.pop() ?? this.#callbacks.length;
    this.#callbacks[slot] = callback;
    this.#heap.push(slot, Math.max(timeMs, this.#nowMs));
  }

  /** Runs `callback` `delayMs` from now. */
  after(delayMs: number, callback: () => void): void {
    this.at(this.#nowMs + delayMs, callback);
  }

  /** Runs all events up to and at `endMs`; then it is `endMs`. */
  runUntil(endMs: number): void {
    while (this.#heap.headTime <= endMs) {
      this.#nowMs = this.#heap.headTime;
      const slot = this.#heap.shift();
      const callback = this.#callbacks[slot]!;
      this.#freeSlots.push(slot);
      this.#events++;
      callback();
    }
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }
}

/**
 * Wakes something up at the time it names. Rearmed after each input, as the daemon's one timer is.
 */
export class VirtualTimer {
  readonly #clock: VirtualClock;
  readonly #wake: () => void;
  readonly #fire = (): void => this.#onFire();
  #armedMs = Infinity;

  /** @param wake called at the armed time; it may arm the timer again. */
  constructor(clock: VirtualClock, wake: () => void) {
    this.#clock = clock;
    this.#wake = wake;
  }

  /**
   * Makes sure of a wake-up at `timeMs` or earlier; Infinity asks for none. A wake-up already
   * armed for an earlier time stays: whoever is woken in vain arms again.
   */
  arm(timeMs: number): void {
    const dueMs = Math.max(timeMs, this.#clock.now);
    if (dueMs >= this.#armedMs) return;
    this.#armedMs = dueMs;
    this.#clock.at(dueMs, this.#fire);
  }

  #onFire(): void {
    if (this.#clock.now !== this.#armedMs) return; // armed anew for an earlier time, and done since
    this.#armedMs = Infinity;
    this.#wake();
  }
}
