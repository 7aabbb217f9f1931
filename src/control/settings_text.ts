/**
 * A link's settings in words. Pure.
 *
 * @module
 */

import { formatBps, formatGigabytes } from "../human_units.ts";
import type { BudgetSnapshot } from "../snapshot.ts";
import type { LinkSettingsReport } from "./status_report.ts";

/** `cheapest, metered, at most 5.0 Mbit/s, 2.5 per GB, 10.0 GB until 2026-12-15`. */
export function settingsText(
  { mode, isMetered, capUpBps, capDownBps }: LinkSettingsReport,
  budget?: BudgetSnapshot,
): string {
  const words = [mode];
  if (isMetered) words.push("metered");
  if (capUpBps !== null && capUpBps === capDownBps) words.push(`at most ${formatBps(capUpBps)}`);
  else {
    if (capUpBps !== null) words.push(`up at most ${formatBps(capUpBps)}`);
    if (capDownBps !== null) words.push(`down at most ${formatBps(capDownBps)}`);
  }
  if (budget !== undefined) words.push(...costWords(budget));
  return words.join(", ");
}

function costWords({ pricePerGb, limitBytes, resetsOn, isHard }: BudgetSnapshot): string[] {
  const words: string[] = [];
  if (pricePerGb !== null) words.push(`${pricePerGb} per GB`);
  if (limitBytes === null) return words;
  words.push(`${formatGigabytes(limitBytes)} until ${resetsOn}`);
  if (isHard) words.push("hard");
  return words;
}
