/**
 * An allowance of work that strangers can cause: it comes back with time, and what is taken has a cost. Pure.
 *
 * @module
 */

/** How much, and how fast it comes back. */
export interface AllowanceOptions {
  /** The largest burst. */
  readonly capacity: number;
  readonly perSecond: number;
}

/**
 * A token bucket whose takers differ in cost. It may run into debt: who has begun something dear is let finish it, and
 * those after wait until that is paid.
 *
 * @example
 * ```ts
 * import { Allowance } from "./allowance.ts";
 *
 * const allowance = new Allowance({ capacity: 2, perSecond: 1 });
 * if (!allowance.take(0, 3)) throw new Error("starts full, and lends");
 * if (allowance.take(1_000, 1)) throw new Error("the debt is paid first");
 * if (!allowance.take(2_000, 1)) throw new Error("one a second comes back");
 * ```
 */
export class Allowance {
  readonly #options: AllowanceOptions;
  #left: number;
  #filledMs = -Infinity;

  constructor(options: AllowanceOptions) {
    this.#options = options;
    this.#left = options.capacity;
  }

  /** Takes `cost` if at least 1 is left. @returns false when not. */
  take(now: number, cost: number): boolean {
    this.#fill(now);
    if (this.#left < 1) return false;
    this.#left -= cost;
    return true;
  }

  /** Whether there is anything left to take. */
  isThere(now: number): boolean {
    this.#fill(now);
    return this.#left >= 1;
  }

  /** Takes `cost` whatever is left. */
  charge(now: number, cost: number): void {
    this.#fill(now);
    this.#left -= cost;
  }

  #fill(now: number): void {
    if (now <= this.#filledMs) return;
    const back = (now - this.#filledMs) * this.#options.perSecond / 1_000;
    this.#left = Math.min(this.#options.capacity, this.#left + back);
    this.#filledMs = now;
  }
}
