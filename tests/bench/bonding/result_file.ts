/**
 * The file in which results are kept, so that the table can be measured in pieces: a new result takes
 * the place of the old one of the same case and direction.
 *
 * @module
 */

import type { CaseResult } from "./case_result.ts";
import type { FailoverSeries } from "./failover_series.ts";

/** All that is kept. */
export interface KeptResults {
  readonly machine: string;
  readonly results: readonly CaseResult[];
  /** Of the failover plot; null when none was run. */
  readonly failover: FailoverSeries | null;
}

/** Reads the file; nothing when there is none. */
export async function readResults(path: string): Promise<KeptResults> {
  try {
    return JSON.parse(await Deno.readTextFile(path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return { machine: "", results: [], failover: null };
  }
}

/** Adds results. */
export async function mergeResults(
  path: string,
  machine: string,
  results: readonly CaseResult[],
  failover: FailoverSeries | null,
): Promise<void> {
  const kept = await readResults(path);
  const isReplaced = (old: CaseResult): boolean =>
    results.some((it) => it.name === old.name && it.direction === old.direction);
  const merged: KeptResults = {
    machine,
    results: [...kept.results.filter((it) => !isReplaced(it)), ...results],
    failover: failover ?? kept.failover,
  };
  await Deno.writeTextFile(path, `${JSON.stringify(merged, rounded, 2)}\n`);
}

/** Four digits are more than a measurement has. */
function rounded(_key: string, value: unknown): unknown {
  if (typeof value !== "number" || Number.isInteger(value)) return value;
  return Number.isFinite(value) ? Number(value.toPrecision(4)) : null;
}
