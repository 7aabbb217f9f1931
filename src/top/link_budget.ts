/**
 * How much of its budget a link has used, where the daemon reports it. Pure.
 *
 * @module
 */

import { formatGigabytes } from "../human_units.ts";
import type { LinkReport } from "../control/status_report.ts";

/** A budget as the screen has it. */
export interface ShownBudget {
  /** What is used of it, 0..1 or more; null: there is a price only. */
  readonly usedFraction: number | null;
  /** `32 % of 10.00 GB, runs out on 2026-12-04`. */
  readonly text: string;
  /** Whether little is left. */
  readonly isShort: boolean;
}

/** The budget of a link; null when it has neither that nor a price, or its daemon does not tell. */
export function budgetOf({ budget }: LinkReport): ShownBudget | null {
  if (budget === undefined) return null;
  const { usedBytes, limitBytes, cost, resetsOn, runsOutOn, isSpent } = budget;
  const paid = cost === null ? "" : `, cost ${cost.toFixed(2)}`;
  if (limitBytes === null) {
    return {
      usedFraction: null,
      text: `${formatGigabytes(usedBytes)} used${paid}`,
      isShort: false,
    };
  }
  const usedFraction = usedBytes / Math.max(1, limitBytes);
  const outlook = isSpent
    ? `used up until ${resetsOn}`
    : runsOutOn === null
    ? `lasts until ${resetsOn}`
    : `runs out on ${runsOutOn}`;
  const share = `${Math.floor(100 * usedFraction)} %`;
  return {
    usedFraction,
    text: `${share} of ${formatGigabytes(limitBytes)}, ${outlook}${paid}`,
    isShort: usedFraction >= SHORT_FRACTION,
  };
}

/** From here on the daemon warns. */
const SHORT_FRACTION = 0.8;
