/**
 * What a run of the demo measured, and whether that is what it promises. Pure.
 *
 * @module
 */

/** What was measured: bits of payload per second, at the receiving end. */
export interface DemoResult {
  /** The tunnel over the best phone alone. */
  readonly aloneBps: number;
  /** The tunnel over all phones. */
  readonly togetherBps: number;
  /** After the best phone was cut. */
  readonly afterCutBps: number;
  /** The longest time nothing came out of the tunnel, from the cut on, in ms. */
  readonly longestGapMs: number;
}

/** Together must be this many times the best one alone: with less, who needs a bond? */
const MIN_GAIN = 1.2;

/**
 * After the cut this much of what the other phones can carry must arrive. TCP hands its bytes out
 * in lumps: one that is late by a second falls out of the measurement (measured: 0.4 to 1.1).
 */
const MIN_SURVIVING = 1 / 3;

/** A pause longer than this at the cut is no survival, in ms: most programs' users give up by then. */
const MAX_GAP_MS = 8_000;

/** What is wrong with a result, in words; nothing when it is as promised. */
export function findFaults(result: DemoResult, survivingRateBps: number): string[] {
  const faults: string[] = [];
  const gain = result.togetherBps / result.aloneBps;
  if (!(gain >= MIN_GAIN)) {
    faults.push(
      `three phones together gave ${gain.toFixed(2)} times the best one, not ${MIN_GAIN}`,
    );
  }
  if (!(result.afterCutBps >= MIN_SURVIVING * survivingRateBps)) {
    faults.push(
      `after the cut ${megabits(result.afterCutBps)} came through, ` +
        `less than a third of the ${megabits(survivingRateBps)} that the other phones carry`,
    );
  }
  if (!(result.longestGapMs <= MAX_GAP_MS)) {
    faults.push(`nothing came through for ${(result.longestGapMs / 1_000).toFixed(1)} s`);
  }
  return faults;
}

/** `18.9 Mbit/s`. */
export function megabits(bps: number): string {
  return `${(bps / 1e6).toFixed(1)} Mbit/s`;
}
