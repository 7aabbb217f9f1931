/**
 * The hand-over of a slave's link that is to be closed: the master is told, both ends send over the others, and once nothing
 * is under way any more the socket can go. Driven by time.
 *
 * @module
 */

import type { Multiplexer } from "../multiplexer/multiplexer.ts";

/** How often it is looked at, and the master told again until it has heard. */
export const DRAIN_LOOK_MS = 50;
const TELL_AGAIN_MS = 100;

/** What the master had sent before it heard has arrived by then: round trips, and the least and most of that, ms. */
const SETTLE_ROUND_TRIPS = 2;
const MIN_SETTLE_MS = 100;
const MAX_SETTLE_MS = 1_500;

/** After that the link is closed in any case: what is in flight is sent again over the others. */
const LIMIT_MS = 3_000;

/** One hand-over. */
export class LinkDrain {
  readonly #multiplexer: Multiplexer;
  readonly #linkId: number;
  readonly #startedMs: number;
  #toldMs: number;
  /** When the master was first known to have heard; NaN: not yet. */
  #heardMs = Number.NaN;

  /** Begins it. */
  constructor(multiplexer: Multiplexer, linkId: number, now: number) {
    this.#multiplexer = multiplexer;
    this.#linkId = linkId;
    this.#startedMs = now;
    this.#toldMs = now;
    multiplexer.leave(linkId, now);
  }

  /** Looks. @returns whether the link can be closed now. */
  isDone(now: number): boolean {
    const link = this.#multiplexer.getLink(this.#linkId);
    if (link === null || !link.isAlive || now - this.#startedMs >= LIMIT_MS) return true;
    // With no other link there is nothing to hand over to: what is sent goes on over this one.
    const hasOther = this.#multiplexer.links.some((it) =>
      it !== link && it.isUsable && !it.isLeaving
    );
    if (!link.isNoticeHeard) {
      if (now - this.#toldMs >= TELL_AGAIN_MS) {
        this.#toldMs = now;
        this.#multiplexer.leave(this.#linkId, now);
      }
      return false;
    }
    if (Number.isNaN(this.#heardMs)) this.#heardMs = now;
    if (!hasOther) return true;
    const wishMs = SETTLE_ROUND_TRIPS * link.rtt.srttMs;
    const settleMs = Math.min(MAX_SETTLE_MS, Math.max(MIN_SETTLE_MS, wishMs));
    return link.sent.inFlightPkts === 0 && now - this.#heardMs >= settleMs;
  }
}
