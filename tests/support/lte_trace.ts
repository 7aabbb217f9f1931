/**
 * A trace like those recorded of LTE links: rate and delay change each 100 ms. It is generated, from a
 * seed, so that it need not be kept. Pure: for the simulator and for the benchmark.
 *
 * The logarithm of the rate walks at random and is drawn back to its mean; now and then comes a fade
 * (the rate falls to a tenth for some hundred ms: a lorry, a lift) or a handover (nothing for 30 to 120
 * ms, then another mean for the new cell). The delay follows the rate down: retransmissions of the
 * radio layer take longer where the signal is poor.
 *
 * @module
 */

import { mulberry32 } from "./rng.ts";

/** What holds from `atMs` until the next step. */
export interface LteStep {
  /** From the trace's beginning. */
  readonly atMs: number;
  readonly rateBps: number;
  /** One way. */
  readonly delayMs: number;
}

/** What a trace is made of. */
export interface LteTraceOptions {
  readonly seed: number;
  readonly durationMs: number;
  /** Rate about which it varies. */
  readonly meanRateBps: number;
  /** Delay, one way, at the mean rate. */
  readonly delayMs: number;
}

/** Time between two steps, in ms. */
export const LTE_STEP_MS = 100;

/** Pull back to the mean per step: half of a deviation is gone after 1.4 s. */
const REVERSION = 0.05;
/** Standard deviation of one step of the log rate; with the pull above 0.35 in the long run, that is ±42 %. */
const STEP_DEVIATION = 0.11;
/** Fades: one in 15 s on average, 200 to 800 ms, to a tenth of the rate. */
const FADE_CHANCE = LTE_STEP_MS / 15_000;
const FADE_STEPS = [2, 8] as const;
const FADE_FACTOR = 0.1;
/** Handovers: one in 30 s on average. */
const HANDOVER_CHANCE = LTE_STEP_MS / 30_000;
const HANDOVER_MS = [30, 120] as const;
/** A new cell's mean rate against the trace's, as a range of factors. */
const CELL_FACTORS = [0.6, 1.5] as const;
/** The least rate outside of a handover, in bits per second. */
const MIN_RATE_BPS = 200_000;
/** How much the delay grows at a tenth of the mean rate, and how much it varies, in ms. */
const POOR_SIGNAL_DELAY_MS = 30;
const DELAY_DEVIATION_MS = 3;

/** The steps of a trace, in order of time; the first is at 0. The same options give the same trace. */
export function lteTrace(options: LteTraceOptions): LteStep[] {
  const { durationMs, meanRateBps, delayMs } = options;
  const rng = mulberry32(options.seed);
  const between = ([low, high]: readonly [number, number]): number => low + (high - low) * rng();
  const steps: LteStep[] = [];
  let deviation = 0;
  let cellFactor = 1;
  let fadeSteps = 0;
  for (let atMs = 0; atMs < durationMs; atMs += LTE_STEP_MS) {
    deviation += -REVERSION * deviation + STEP_DEVIATION * normal(rng);
    if (fadeSteps > 0) fadeSteps--;
    else if (rng() < FADE_CHANCE) fadeSteps = Math.round(between(FADE_STEPS));
    const factor = cellFactor * Math.exp(deviation) * (fadeSteps > 0 ? FADE_FACTOR : 1);
    const poorness = Math.max(0, -Math.log10(factor));
    const delay = delayMs + POOR_SIGNAL_DELAY_MS * Math.min(2, poorness) +
      DELAY_DEVIATION_MS * Math.abs(normal(rng));
    const step = {
      atMs,
      rateBps: Math.round(Math.max(MIN_RATE_BPS, meanRateBps * factor)),
      delayMs: Math.round(delay * 10) / 10,
    };
    if (rng() < HANDOVER_CHANCE) {
      cellFactor = between(CELL_FACTORS);
      steps.push({ ...step, rateBps: 0 });
      // What the phone holds waits: a handover loses nothing, it stalls.
      const gapMs = Math.min(LTE_STEP_MS - 1, Math.round(between(HANDOVER_MS)));
      steps.push({ ...step, atMs: atMs + gapMs });
    } else steps.push(step);
  }
  return steps;
}

/** Mean rate of a trace between two times, in bits per second. */
export function meanRateOf(steps: readonly LteStep[], fromMs: number, toMs: number): number {
  let bits = 0;
  steps.forEach(({ atMs, rateBps }, i) => {
    const startMs = Math.max(fromMs, atMs);
    const endMs = Math.min(toMs, steps[i + 1]?.atMs ?? Infinity);
    if (endMs > startMs) bits += rateBps * (endMs - startMs) / 1000;
  });
  return bits * 1000 / (toMs - fromMs);
}

/** A standard normal number, by Box and Muller. */
function normal(rng: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - rng())) * Math.cos(2 * Math.PI * rng());
}
