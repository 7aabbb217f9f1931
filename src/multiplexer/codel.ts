/**
 * CoDel (RFC 8289): tells by how long packets stood in a queue whether it is a good one, which takes up a
 * burst, or a standing one, which only delays; and paces the signals to the sender of the latter. Pure.
 *
 * It only judges: the queue that asks marks or drops (queued_flow.ts has one per flow).
 *
 * @module
 */

import type { SlotRing } from "./slot_ring.ts";

/**
 * Delay that a standing queue may have, in ms. RFC 8289 §4.4 says 5 to 10 % of the interval, for a link of one
 * rate; a bonded one changes its rate and its order all the time, and needs something to choose from.
 */
export const CODEL_TARGET_MS = 30;

/** Time for a sender to react, in ms: about the longest usual round trip (RFC 8289 §4.3 says 100 on ordinary paths). */
export const CODEL_INTERVAL_MS = 200;

/** A largest packet, in bytes. */
const MTU_BYTES = 1_500;

/**
 * A flow with less queued than this is left alone, in bytes. RFC 8289 says one MTU; with two, a flow that has
 * only these packets on their way can still repair a loss by what comes behind.
 */
const MIN_BACKLOG_BYTES = 2 * MTU_BYTES;

/** A flow that has to be told again within this many intervals is told at the rate that helped before (RFC 8289 §5.5). */
const MEMORY_INTERVALS = 16;

/** Target and interval, in ms, of all flows of a queue: one object that they share. */
export interface CodelLimits {
  targetMs: number;
  intervalMs: number;
}

/** State of one flow. */
export class Codel {
  /** When the delay will have been above the target for a whole interval; 0: it is not above. */
  #firstAboveMs = 0;
  /** When the next signal is due, while signalling. */
  #nextSignalMs = 0;
  /** Signals since signalling began, and what of it was carried over. */
  #count = 0;
  #carriedCount = 0;
  #isSignalling = false;

  /** Hot. As new: for another flow. */
  reset(): void {
    this.#firstAboveMs = 0;
    this.#nextSignalMs = 0;
    this.#count = 0;
    this.#carriedCount = 0;
    this.#isSignalling = false;
  }

  /** Hot. The flow has nothing queued. */
  noteEmpty(): void {
    this.#firstAboveMs = 0;
    this.#isSignalling = false;
  }

  /**
   * Hot. Judges the packet that is about to leave; after a drop, the one behind it.
   * @param line what the flow has queued, this packet the first. (Not the packet's time: handed on as an argument it
   * would be a number on the heap.)
   * @returns whether to mark it, or to drop it and ask again
   */
  shouldSignal(line: SlotRing, limits: CodelLimits, now: number): boolean {
    if (!this.#isAboveForLong(line, limits, now)) {
      this.#isSignalling = false;
      return false;
    }
    if (this.#isSignalling) {
      if (now < this.#nextSignalMs) return false;
      this.#count++;
      this.#nextSignalMs += limits.intervalMs / Math.sqrt(this.#count);
      return true;
    }
    this.#startSignalling(limits.intervalMs, now);
    return true;
  }

  #isAboveForLong(line: SlotRing, limits: CodelLimits, now: number): boolean {
    if (now - line.firstEnqueuedMs < limits.targetMs || line.bytes < MIN_BACKLOG_BYTES) {
      this.#firstAboveMs = 0;
      return false;
    }
    if (this.#firstAboveMs === 0) {
      this.#firstAboveMs = now + limits.intervalMs;
      return false;
    }
    return now >= this.#firstAboveMs;
  }

  #startSignalling(intervalMs: number, now: number): void {
    const newCount = this.#count - this.#carriedCount;
    const isRecent = now - this.#nextSignalMs < MEMORY_INTERVALS * intervalMs;
    this.#count = newCount > 1 && isRecent ? newCount : 1;
    this.#carriedCount = this.#count;
    this.#isSignalling = true;
    this.#nextSignalMs = now + intervalMs / Math.sqrt(this.#count);
  }
}
