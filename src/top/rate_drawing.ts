/**
 * Rates as bars and sparklines. Pure.
 *
 * @module
 */

import type { Glyphs } from "./glyphs.ts";

/** A bar for a part of a whole. @param fraction 0..1; more is as 1 */
export function drawBar(fraction: number, columns: number, { bar, barEmpty }: Glyphs): string {
  const steps = bar.length;
  const exact = Math.min(1, Math.max(0, fraction)) * columns * steps;
  // What is there at all is seen.
  const filled = exact > 0 ? Math.max(1, Math.round(exact)) : 0;
  const whole = Math.floor(filled / steps);
  const rest = filled % steps;
  return (bar[steps - 1]!.repeat(whole) + (rest > 0 ? bar[rest - 1]! : "")).padEnd(
    columns,
    barEmpty,
  );
}

/**
 * A sparkline, a column for each rate, the newest at the right end.
 * @param rates the oldest first; null: not known then. Those that do not fit in are left out.
 * @param highest the rate at which a column is full; 0 or less: none is higher than nothing
 */
export function drawSparkline(
  rates: readonly (number | null)[],
  { columns, highest }: { readonly columns: number; readonly highest: number },
  { spark }: Glyphs,
): string {
  const top = spark.length - 1;
  return rates.slice(Math.max(0, rates.length - columns)).map((rate) => {
    if (rate === null) return " ";
    if (rate <= 0 || highest <= 0) return spark[0]!;
    return spark[Math.min(top, Math.max(1, Math.ceil(top * rate / highest)))]!;
  }).join("").padStart(columns);
}

/** The next rate of 1, 2, 5, 10, ... that is not less, and 100 kbit/s at least: what a full bar stands for. */
export function roundScale(bps: number): number {
  if (bps <= LEAST_SCALE_BPS) return LEAST_SCALE_BPS;
  const decade = 10 ** Math.floor(Math.log10(bps));
  return decade * (STEPS.find((step) => step * decade >= bps) ?? 10);
}

/** `950k`, `12.0M`, `250M`, `1.2G`: bits per second in five columns. */
export function shortRate(bps: number): string {
  if (bps >= 999_500_000) return `${(bps / 1e9).toFixed(1)}G`;
  if (bps >= 99_950_000) return `${Math.round(bps / 1e6)}M`;
  if (bps >= 999_500) return `${(bps / 1e6).toFixed(1)}M`;
  return bps >= 1_000 ? `${Math.round(bps / 1e3)}k` : `${Math.round(bps)}`;
}

/** Links that idle would else fill their bars with pings. */
const LEAST_SCALE_BPS = 100_000;

const STEPS = [1, 2, 5, 10] as const;
