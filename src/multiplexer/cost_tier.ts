/**
 * In which order links are taken apart from how fast they are: what costs nothing, then by price, then what loses much. Pure.
 *
 * @module
 */

import type { LinkSettings } from "./link_settings.ts";

/** Of a link whose price nobody has said: above every price, which is a million at most. */
const UNPRICED_TIER = 1e9;

/** Added for a link that is held out for its losses: above what any other costs. */
export const LOSSY_TIER = 4e9;

/** Hot. 0 while the link's price does not matter; above, the dearer the higher. */
export function costTierOf({ mode, isMetered, pricePerGb }: LinkSettings): number {
  if (!isMetered || mode !== "cheapest") return 0;
  return pricePerGb === null ? UNPRICED_TIER : 1 + pricePerGb;
}
