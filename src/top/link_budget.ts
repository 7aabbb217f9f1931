/**
 * How much of its budget a metered link has used, where the daemon reports it. Pure.
 *
 * @module
 */

import { formatBytes, formatPercent } from "../commands/human_units.ts";
import type { LinkReport } from "../control/status_report.ts";

/** A budget as the screen has it. */
export interface ShownBudget {
  /** 0..1, or more when more was used than there is. */
  readonly usedFraction: number;
  /** `32 % used, 3.2 GiB of 10 GiB`. */
  readonly text: string;
  /** Whether little is left. */
  readonly isShort: boolean;
}

/** What a report may have besides. */
interface BudgetReport {
  readonly usedBytes: number;
  readonly limitBytes: number;
}

/** The budget of a link; null when it has none, or its daemon is too old to tell. */
export function budgetOf(
  link: LinkReport & { readonly budget?: BudgetReport | null },
): ShownBudget | null {
  const { budget } = link;
  if (budget === undefined || budget === null || !(budget.limitBytes > 0)) return null;
  const { usedBytes, limitBytes } = budget;
  const usedFraction = usedBytes / limitBytes;
  return {
    usedFraction,
    text: `${formatPercent(usedFraction)} used, ${formatBytes(usedBytes)} of ${
      formatBytes(limitBytes)
    }`,
    isShort: usedFraction >= SHORT_FRACTION,
  };
}

/** As warnings begin. */
const SHORT_FRACTION = 0.8;
