/**
 * The clocks of one machine of the simulator: a monotonic one that stands still while the machine sleeps (Linux's
 * CLOCK_MONOTONIC), and a wall clock that says anything.
 *
 * @module
 */

import type { VirtualClock } from "./virtual_clock.ts";

/** One machine's clocks. */
export class MachineClock {
  /** What the wall clock says beyond the world's time, in ms since 1970. May be changed: it jumps. */
  wallOffsetMs: number;
  readonly #clock: VirtualClock;
  #monotonicOffsetMs: number;
  #asleepSinceMs: number | null = null;

  /** @param offsets of both clocks to the world's. */
  constructor(
    clock: VirtualClock,
    offsets: { readonly monotonicMs: number; readonly wallMs: number },
  ) {
    this.#clock = clock;
    this.#monotonicOffsetMs = offsets.monotonicMs;
    this.wallOffsetMs = offsets.wallMs;
  }

  get isAsleep(): boolean {
    return this.#asleepSinceMs !== null;
  }

  /** Monotonic ms. */
  now(): number {
    return (this.#asleepSinceMs ?? this.#clock.now) + this.#monotonicOffsetMs;
  }

  /** Ms since 1970. */
  wall(): number {
    return this.#clock.now + this.wallOffsetMs;
  }

  /** The world's time of a monotonic one, of a machine that is awake. */
  worldTimeOf(monotonicMs: number): number {
    return monotonicMs - this.#monotonicOffsetMs;
  }

  sleep(): void {
    this.#asleepSinceMs ??= this.#clock.now;
  }

  wake(): void {
    if (this.#asleepSinceMs === null) return;
    this.#monotonicOffsetMs -= this.#clock.now - this.#asleepSinceMs;
    this.#asleepSinceMs = null;
  }
}
