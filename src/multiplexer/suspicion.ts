/**
 * When a link of which nothing is acknowledged is suspected to be dead. Too soon, and what is in flight over a good link is
 * sent again over one that may be the dead one; too late, and the flows notice. Pure.
 *
 * Feedback about all links comes over one or two of them. So when a link dies that carried it, the others look dead
 * as well for a moment: theirs is late by the difference of the ways back.
 *
 * @module
 */

import type { MultiplexerLink } from "./multiplexer_link.ts";

/** Least time without an acknowledgement, some feedbacks long, and in jitters. */
const QUIET_MS = 50;
const QUIET_JITTERS = 6;

/** Timers and the peer's processor may be late by so much. */
const MARGIN_MS = 15;

/** Feedback may be put off by so much; and comes so often, over a link that is not the first, when it has to tell something. */
const FEEDBACK_MS = 10;
const OTHER_FEEDBACK_MS = 20;

/** A link over which something came within this time is alive in one direction at least, and with that mostly in both ... */
const HEARD_MS = 40;
/** ... so it is given this much more, but no more. */
const GRACE_MS = 300;

/** What goes over TCP is late when TCP has to send it again: so many late round trips. */
const RELIABLE_PATIENCE = 4;

/**
 * Hot. Monotonic ms at which data in flight over a link makes it suspect; Infinity while there is none.
 * @param feedbackMs when any feedback came last, whatever it told
 */
export function suspectAtMs(link: MultiplexerLink, feedbackMs: number, now: number): number {
  const { sent, rtt } = link;
  if (sent.inFlightPkts === 0 || link.isSuspect) return Number.POSITIVE_INFINITY;
  const at = sent.find(sent.oldestSeqNo);
  const oldestMs = at < 0 ? now : sent.sentMs[at]!;
  // What the newest acknowledgement tells of may be older than it: feedback that came the slow way.
  const toldMs = Math.min(link.lastAckedMs, link.newestAckedSentMs + rtt.srttMs + FEEDBACK_MS);
  const quietMs = Math.max(toldMs, link.doubtedMs) +
    Math.max(QUIET_MS, QUIET_JITTERS * link.delay.jitterMs);
  if (link.port.isReliable) return Math.max(quietMs, oldestMs + RELIABLE_PATIENCE * rtt.lateMs);
  // The peer has been heard to tell of others, and not of this one.
  if (feedbackMs >= link.lastAckedMs + QUIET_MS) return Math.max(quietMs, oldestMs + rtt.tailMs);
  // Else it may be the telling that is late: by the way back over this link itself, if it has to come that way.
  const lateMs = oldestMs + rtt.lateMs + MARGIN_MS;
  const ownWayMs = oldestMs + link.ownRoundTripMs + OTHER_FEEDBACK_MS + MARGIN_MS;
  const heardMs = Math.min(link.lastHeardMs + HEARD_MS, lateMs + GRACE_MS);
  return Math.max(quietMs, lateMs, ownWayMs, heardMs);
}
