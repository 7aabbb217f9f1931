/**
 * Notices that this machine, or this program, slept: then peers, proxies and NATs may have forgotten it, and all it knows of them is old.
 * Pure.
 *
 * It is asked about once a second. The monotonic clock of a machine that sleeps stands still (CLOCK_MONOTONIC), its wall clock does
 * not: that the two disagree is a sleep, or a wall clock that was set forward, which costs one question too many. A program that was
 * stopped, or a virtual machine, sees both clocks go on: there it is the look that comes late by far.
 *
 * @module
 */

/** So much further the wall clock went than the monotonic one, in ms. Clocks that are slewed or stepped by NTP stay below. */
const JUMP_MS = 2_000;

/** So long after the look before, in ms: with a look each second, a busy machine stays below. */
const LATE_MS = 3_500;

/**
 * Compares two clocks.
 *
 * @example
 * ```ts
 * import { WakeDetector } from "./wake_detector.ts";
 *
 * const detector = new WakeDetector();
 * if (detector.look(0, 1_000_000) !== 0) throw new Error("the first look knows nothing");
 * if (detector.look(1_000, 1_001_000) !== 0) throw new Error("a second as any other");
 * if (detector.look(2_000, 1_602_000) !== 601_000) throw new Error("slept for ten minutes");
 * ```
 */
export class WakeDetector {
  #lastMs = Number.NaN;
  #lastWallMs = Number.NaN;

  /**
   * Looks.
   * @param now monotonic ms
   * @param wallMs the machine's clock, ms since 1970
   * @returns how long it slept, in ms; 0: it did not
   */
  look(now: number, wallMs: number): number {
    const passedMs = now - this.#lastMs;
    const wallPassedMs = wallMs - this.#lastWallMs;
    this.#lastMs = now;
    this.#lastWallMs = wallMs;
    const sleptMs = Math.max(passedMs, wallPassedMs);
    return wallPassedMs - passedMs >= JUMP_MS || passedMs >= LATE_MS ? sleptMs : 0;
  }
}
