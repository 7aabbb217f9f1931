/**
 * The search for the most packets a second: offered rates double until too few of them arrive, then come the steps between the
 * last two. The same search for whatever is compared, so none is stopped by where a list ends.
 *
 * @module
 */

/** Where a climb begins: every engine here carries that. */
const FIRST_PKTS = 10_000;

/** With less than this share of what is offered arriving, offering twice as much again brings nothing. */
const ENOUGH = 0.8;

/** No sender here offers more in earnest; a climb that gets this far has not found an end. */
const LAST_PKTS = 2_560_000;

/** Offered between half of the last rate and itself, as parts of it. */
const BETWEEN = [5 / 8, 6 / 8, 7 / 8] as const;

/** One measurement, in packets a second. */
export interface Rung {
  readonly offered: number;
  readonly arrived: number;
}

/** Climbs. @param measure offers so many packets a second, and says how many arrived. @returns all that was measured, by rate. */
export async function climbRates(
  measure: (offered: number) => Promise<number>,
): Promise<readonly Rung[]> {
  const rungs: Rung[] = [];
  const climb = async (offered: number): Promise<Rung> => {
    const rung = { offered, arrived: await measure(offered) };
    rungs.push(rung);
    return rung;
  };
  let last = await climb(FIRST_PKTS);
  while (last.arrived >= ENOUGH * last.offered && last.offered < LAST_PKTS) {
    last = await climb(2 * last.offered);
  }
  for (const part of BETWEEN) await climb(part * last.offered);
  return rungs.sort((a, b) => a.offered - b.offered);
}

/** The most that arrived. */
export function mostArrived(rungs: readonly Rung[]): number {
  return Math.max(...rungs.map(({ arrived }) => arrived));
}

/** E.g. `10 -> 10.0, 20 -> 19.8`: thousands a second, offered and arrived. */
export function describeRungs(rungs: readonly Rung[]): string {
  return rungs.map(({ offered, arrived }) =>
    `${offered / 1_000} -> ${(arrived / 1_000).toFixed(1)}`
  ).join(", ");
}
