/**
 * The user's settings of a link on their way from the slave to the master. Pure.
 *
 * @module
 */

import { LinkFlag, type LinkNotice, toldCapBps } from "../wire/link_notice.ts";
import { LINK_MODES, type LinkSettings } from "./link_settings.ts";
import type { MultiplexerLink } from "./multiplexer_link.ts";

/** Fills a notice about a link: at the slave what it wants, at the master that it was heard. */
export function craftLinkNotice(link: MultiplexerLink, out: LinkNotice): void {
  const { settings, isInitiator, name } = link.port;
  out.flags = (settings.isMetered ? LinkFlag.METERED : 0) |
    (link.isLeaving ? LinkFlag.LEAVING : 0) | (isInitiator ? 0 : LinkFlag.HEARD);
  out.mode = LINK_MODES.indexOf(settings.mode);
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
  const { isMetered, mode, capDownBps } = port.settings;
  return (answer.flags & LinkFlag.METERED) !== 0 === isMetered &&
    (answer.flags & LinkFlag.LEAVING) !== 0 === isLeaving &&
    answer.mode === LINK_MODES.indexOf(mode) && answer.capBps === toldCapBps(capDownBps);
}

/** The settings that a notice tells the master. A mode of a later version is `speed`. */
export function settingsOf(notice: LinkNotice): LinkSettings {
  return {
    mode: LINK_MODES[notice.mode] ?? "speed",
    isMetered: (notice.flags & LinkFlag.METERED) !== 0,
    capUpBps: Number.POSITIVE_INFINITY,
    capDownBps: notice.capBps,
  };
}
