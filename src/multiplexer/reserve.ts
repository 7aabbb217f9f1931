/**
 * Links that are for worse times: backups, those whose budget is used up, those that are about to go. Pure.
 *
 * @module
 */

import { LinkUse, type MultiplexerLink } from "./multiplexer_link.ts";

/** Above the ids of links. */
const SPENT_RANK = 500;
const LEAVING_RANK = 1_000;

/**
 * Only the links of the lowest rank that is there carry data. 0: whenever it helps; then backups, the first one named first; then
 * those whose budget is used up, the first one named first; leaving ones last.
 */
export function reserveRank(link: MultiplexerLink): number {
  const { id, settings } = link.port;
  if (link.isLeaving) return LEAVING_RANK + id;
  if (settings.isSpent) return SPENT_RANK + id;
  return settings.mode === "backup" ? id : 0;
}

/** Why a link is left out in favour of those of a lower rank: one of {@link LinkUse}. */
export function reserveUse(link: MultiplexerLink): number {
  if (link.isLeaving) return LinkUse.LEAVING;
  return link.port.settings.isSpent ? LinkUse.SPENT : LinkUse.BACKUP;
}
