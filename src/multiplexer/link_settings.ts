/**
 * What a user says of a link: when it is to be used, how much of it, whether it costs money. Pure.
 *
 * @module
 */

/**
 * When a link is used. `--mode` is what holds for links that say nothing themselves.
 * - `speed`: whenever it makes the tunnel faster;
 * - `redundant`: as that, and each of its packets goes over a second link as well;
 * - `backup`: only while no other link is up; of several, the first one named;
 * - `cheapest`: as `speed` while it is not metered, else only when the links that are not, and the metered ones of a lower price,
 *   do not suffice.
 */
export const LINK_MODES = ["speed", "redundant", "backup", "cheapest"] as const;

/** One of {@link LINK_MODES}. */
export type LinkMode = typeof LINK_MODES[number];

/** Settings of one link, for both directions. */
export interface LinkSettings {
  readonly mode: LinkMode;
  /** Its traffic costs money: it is probed rarely while idle. */
  readonly isMetered: boolean;
  /** Most that the slave sends over it, bits per second of whole datagrams (IP and UDP headers included); Infinity: no cap. */
  readonly capUpBps: number;
  /** The same for what the master sends. */
  readonly capDownBps: number;
  /** What a GB (1e9 bytes) over it costs, in whatever currency, thousandths at the finest; null: not said. */
  readonly pricePerGb: number | null;
  /** Bytes that it may carry from one reset to the next, both ways together; Infinity: no budget. The slave's own matter. */
  readonly budgetBytes: number;
  /** Day of the month on which its budget begins anew, 1..31; the last day of a month that is shorter. The slave's own matter. */
  readonly resetDay: number;
  /** Whether it is switched off when its budget is used up, and not only spared. The slave's own matter. */
  readonly isBudgetHard: boolean;
  /** Its budget is used up: it is used while no other link is up, backups included. Not the user's word, but what follows from it. */
  readonly isSpent: boolean;
}

/** Settings of a link of which nothing was said. */
export const DEFAULT_LINK_SETTINGS: LinkSettings = {
  mode: "speed",
  isMetered: false,
  capUpBps: Number.POSITIVE_INFINITY,
  capDownBps: Number.POSITIVE_INFINITY,
  pricePerGb: null,
  budgetBytes: Number.POSITIVE_INFINITY,
  resetDay: 1,
  isBudgetHard: false,
  isSpent: false,
};

/** Least that a link can be capped at (the pacing's floor), and more than any link carries; bits per second. */
export const MIN_CAP_BPS = 64_000;
export const MAX_CAP_BPS = 100e9;

/** What a user says anew of a link; what is not there stays as it is. */
export interface LinkChange {
  /** Null: as `--mode` has it. */
  readonly mode?: LinkMode | null;
  readonly isMetered?: boolean;
  /** Infinity: no cap. */
  readonly capUpBps?: number;
  readonly capDownBps?: number;
  /** Null: none is known. */
  readonly pricePerGb?: number | null;
  /** Infinity: no budget. */
  readonly budgetBytes?: number;
  readonly resetDay?: number;
  readonly isBudgetHard?: boolean;
}

/** Settings after a change. @param globalMode what `--mode` says, for a link that follows it */
export function changeSettings(
  settings: LinkSettings,
  change: LinkChange,
  globalMode: LinkMode,
): LinkSettings {
  const { mode, ...rest } = change;
  return { ...settings, ...rest, mode: mode === undefined ? settings.mode : mode ?? globalMode };
}
