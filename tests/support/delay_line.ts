/**
 * What is in flight on an emulated link: delay and jitter.
 *
 * @module
 */

import { IndexRing } from "./index_ring.ts";
import type { LinkProfile } from "./link_profile.ts";
import { TimeHeap } from "./time_heap.ts";

/** Small integers in flight, each with the time at which it arrives. */
export class DelayLine {
  readonly #rng: () => number;
  /** What keeps the order stands in the ring; only what overtakes costs a heap. */
  readonly #inOrder = new IndexRing();
  readonly #overtaking = new TimeHeap();
  #latestDueMs = -Infinity;
  #jitterOffsetMs = 0;
  #jitterUntilMs = -Infinity;

  /** @param rng numbers in [0, 1); drawn only where there is jitter. */
  constructor(rng: () => number) {
    this.#rng = rng;
  }

  /** How many are in flight. */
  get length(): number {
    return this.#inOrder.length + this.#overtaking.length;
  }

  /** When the next one arrives, absolute ms; Infinity when nothing is in flight. */
  nextDueMs(): number {
    return Math.min(this.#inOrder.headTime, this.#overtaking.headTime);
  }

  /** Hot. Puts in what left the transmitter at `departedMs`; times must not go back. */
  push(index: number, departedMs: number, profile: LinkProfile): void {
    let dueMs = departedMs + profile.delayMs;
    if (profile.jitterMs > 0) {
      dueMs = Math.max(departedMs, dueMs + this.#drawJitterMs(departedMs, profile));
    }
    if (dueMs < this.#latestDueMs) {
      if (profile.jitterKind === "ordered") dueMs = this.#latestDueMs;
    } else {
      this.#latestDueMs = dueMs;
    }
    if (dueMs >= this.#inOrder.tailTime) this.#inOrder.push(index, dueMs);
    else this.#overtaking.push(index, dueMs);
  }

  /** Hot. Takes out what arrives next; something must be in flight. */
  shift(): number {
    return this.#inOrder.headTime <= this.#overtaking.headTime
      ? this.#inOrder.shift()
      : this.#overtaking.shift();
  }

  /** What follows is kept behind nothing of what went before: called when the line is empty. */
  forgetOrder(): void {
    this.#latestDueMs = -Infinity;
  }

  /** Draws the ordered jitter anew at the next packet: called when the profile has changed. */
  forgetJitter(): void {
    this.#jitterUntilMs = -Infinity;
  }

  #drawJitterMs(departedMs: number, profile: LinkProfile): number {
    if (profile.jitterKind === "independent") return (2 * this.#rng() - 1) * profile.jitterMs;
    if (departedMs >= this.#jitterUntilMs) {
      this.#jitterOffsetMs = (2 * this.#rng() - 1) * profile.jitterMs;
      this.#jitterUntilMs = departedMs + profile.jitterPeriodMs;
    }
    return this.#jitterOffsetMs;
  }
}
