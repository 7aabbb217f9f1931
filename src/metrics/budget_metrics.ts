/**
 * The metrics of metered links' budgets, at a slave. Pure. Part of the catalog.
 *
 * @module
 */

import type { BudgetSnapshot } from "../snapshot.ts";
import { labelsOf, LINK_LABELS, type MetricDefinition } from "./metric.ts";

/** Of links with a budget or a price; the others are left out. */
export const BUDGET_METRICS: readonly MetricDefinition[] = [
  ofBudget(
    "used_bytes",
    "What the link carried since its budget began anew, both ways, with IP and UDP or TCP headers.",
    (b) => b.usedBytes,
  ),
  ofBudget("limit_bytes", "What it may carry from one reset to the next.", (b) => b.limitBytes),
  ofBudget("cost", "What that cost so far, in the currency of its price.", (b) => b.cost),
  ofBudget(
    "spent",
    "1 when the budget is used up: the link is off or the last resort.",
    (b) => b.limitBytes === null ? null : b.isSpent ? 1 : 0,
  ),
];

/** Null: left out. */
function ofBudget(
  name: string,
  help: string,
  value: (budget: BudgetSnapshot) => number | null,
): MetricDefinition {
  return {
    name: `bindlink_link_budget_${name}`,
    help: `${help} Absent without one.`,
    type: "gauge",
    labelNames: LINK_LABELS,
    read: ({ daemon }, emit) => {
      for (const link of daemon.links) {
        const number = link.budget === undefined ? null : value(link.budget);
        if (number !== null) emit(number, ...labelsOf(link));
      }
    },
  };
}
