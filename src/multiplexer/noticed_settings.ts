/**
 * The user's settings of a link on their way from the slave to the master. Pure.
 *
 * @module
 */

import { LinkFlag, type LinkNotice, toldCapBps } from "../wire/link_notice.ts";
import { DEFAULT_LINK_SETTINGS, LINK_MODES, type LinkSettings } from "./link_settings.ts";
import type { MultiplexerLink } from "./multiplexer_link.ts";

/** Fills a notice about a link: at the slave what it wants, at the master that it was heard. */
export function craftLinkNotice(link: MultiplexerLink, out: LinkNotice): void {
  const { settings, isInitiator, name } = link.port;
  out.flags = (settings.isMetered ? LinkFlag.METERED : 0) |
    (link.isLeaving ? LinkFlag.LEAVING : 0) | (isInitiator ? 0 : LinkFlag.HEARD) |
    (settings.isSpent ? LinkFlag.SPENT : 0) | LinkFlag.PRICED;
  out.mode = toldMode(settings);
  out.pricePerGb = settings.pricePerGb;
  out.capBps = settings.capDownBps;
  out.name = name;
}

/** Takes a notice about a link. @returns true when it is news from a slave, which wants an answer. */
export function takeLinkNotice(notice: LinkNotice, link: MultiplexerLink): boolean {
  const isAnswer = (notice.flags & LinkFlag.HEARD) !== 0;
  if (isAnswer || link.port.isInitiator) {
    if (isAnswer && isCurrent(notice, link)) link.isNoticeHeard = true;
    return false;
  }
  link.isLeaving = (notice.flags & LinkFlag.LEAVING) !== 0;
  return true;
}

/** Whether an answer is to what is wanted of the link now, and not to what was wanted before. */
function isCurrent(answer: LinkNotice, { isLeaving, port }: MultiplexerLink): boolean {
  const { settings } = port;
  const { isMetered, capDownBps } = settings;
  // A master of an earlier version knows nothing of prices and budgets: they are not told to it for ever.
  if ((answer.flags & LinkFlag.PRICED) !== 0) {
    if ((answer.flags & LinkFlag.SPENT) !== 0 !== settings.isSpent) return false;
    if (answer.pricePerGb !== settings.pricePerGb) return false;
  }
  return (answer.flags & LinkFlag.METERED) !== 0 === isMetered &&
    (answer.flags & LinkFlag.LEAVING) !== 0 === isLeaving &&
    answer.mode === toldMode(settings) && answer.capBps === toldCapBps(capDownBps);
}

/** The settings that a notice tells the master. A mode of a later version is `speed`. */
export function settingsOf(notice: LinkNotice): LinkSettings {
  return {
    ...DEFAULT_LINK_SETTINGS,
    mode: LINK_MODES[notice.mode] ?? "speed",
    isMetered: (notice.flags & LinkFlag.METERED) !== 0,
    capDownBps: notice.capBps,
    pricePerGb: notice.pricePerGb,
    isSpent: (notice.flags & LinkFlag.SPENT) !== 0,
  };
}

/** A master that does not know what a spent link is takes it for a backup, which is nearly that. */
function toldMode({ mode, isSpent }: LinkSettings): number {
  return LINK_MODES.indexOf(isSpent ? "backup" : mode);
}
