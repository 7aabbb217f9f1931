/**
 * Whether links live: which are silent, which stopped acknowledging, which are back. Pure.
 *
 * ```
 *             heard                      nothing acknowledged though another link is
 *   down ------------> up ------------------------------------------------------> suspect
 *     ^                |  ^                                                          |
 *     |  silent for 3 s|  +------------- acknowledged, or answered a ping -----------+
 *     +----------------+                                                             |
 *     +-------------------------------- silent for 2 s ------------------------------+
 * ```
 *
 * @module
 */

import { LinkUse, type MultiplexerLink } from "./multiplexer_link.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Sender } from "./sender.ts";
import { suspectAtMs } from "./suspicion.ts";

/** So many packets in a row are hardly lost by chance. */
const SUSPECT_PKTS = 4;

/** Acknowledgements or answers that clear a suspect link; and within what time it was a false alarm. */
const PROOFS = 2;
const MAX_EXCESS_MS = 150;
const FALSE_ALARM_MS = 500;

/** Watches one peer's links. */
export class LinkWatch {
  /** When feedback came last, whatever it said. */
  feedbackMs = Number.NEGATIVE_INFINITY;
  readonly #sender: Sender;
  readonly #scheduler: Scheduler;
  readonly #onChange: (link: MultiplexerLink) => void;
  #liveLinks = 0;

  constructor(sender: Sender, scheduler: Scheduler, onChange: (link: MultiplexerLink) => void) {
    this.#sender = sender;
    this.#scheduler = scheduler;
    this.#onChange = onChange;
  }

  /** Hot. Whether any link may carry data. */
  get hasLiveLink(): boolean {
    return this.#liveLinks > 0;
  }

  /** Something was heard over a link that was down. */
  revive(link: MultiplexerLink, now: number): void {
    link.isAlive = true;
    link.isSuspect = false;
    link.use = LinkUse.SPARE;
    link.lastAckedMs = now;
    link.nextPingMs = now;
    this.#liveLinks++;
    link.rate.restart();
    link.pacer.setRate(link.rate.rateBps, now);
    this.#changed(link);
  }

  /** Looks for links that are silent or do not acknowledge. */
  check(links: readonly MultiplexerLink[], now: number): void {
    for (let i = 0; i < links.length; i++) {
      const link = links[i]!;
      if (!link.isAlive) continue;
      if (now >= link.silentAtMs()) this.#fell(link, now);
      else if (now >= suspectAtMs(link, this.feedbackMs, now)) this.#suspect(link, links, now);
      else if (now >= link.tailAtMs()) this.#resendTail(link, links, now);
    }
  }

  /** The link's socket is gone. */
  close(link: MultiplexerLink, now: number): void {
    if (!link.isAlive) return;
    this.#bury(link, now);
  }

  /** The peer said that something of ours arrived over the link. */
  handleAcknowledged(link: MultiplexerLink, now: number): void {
    if (!link.isSuspect || link.lastAckedMs < link.suspectSinceMs) return;
    // One answer is no proof that the link is as good as it was, and a late one is a sign that it is not.
    link.proofs = link.delay.excessMs > MAX_EXCESS_MS ? 0 : link.proofs + 1;
    if (link.proofs < PROOFS) return;
    link.isSuspect = false;
    link.nextPingMs = now;
    // Back so soon it never was gone, and what it carries is known.
    if (now - link.suspectSinceMs > FALSE_ALARM_MS) {
      link.rate.restart();
      link.pacer.setRate(link.rate.rateBps, now);
    }
    this.#changed(link);
  }

  /** The link that was heard last, whatever its state; null when there is none. */
  lastHeard(links: readonly MultiplexerLink[]): MultiplexerLink | null {
    let last: MultiplexerLink | null = null;
    for (const link of links) if (last === null || link.lastHeardMs > last.lastHeardMs) last = link;
    return last;
  }

  /** The last few packets are not acknowledged. If nothing is for as long again, the link may be gone. */
  #resendTail(link: MultiplexerLink, links: readonly MultiplexerLink[], now: number): void {
    const isDoubted = link.doubtedMs >= link.lastAckedMs;
    this.#sender.resendTail(link, now - link.rtt.tailMs, now);
    if (!isDoubted) {
      link.doubtedMs = now;
      link.nextPingMs = now;
    } else if (now - link.doubtedMs >= link.rtt.tailMs && hasOther(links, link)) {
      this.#mark(link, now);
    }
  }

  /** Data is not acknowledged in time. With no other link it is only resent; with one, that one takes over. */
  #suspect(link: MultiplexerLink, links: readonly MultiplexerLink[], now: number): void {
    const isDoubted = link.doubtedMs >= link.lastAckedMs;
    link.doubtedMs = now;
    if (!hasOther(links, link)) {
      this.#sender.resendTail(link, now, now);
      return;
    }
    // Few packets may just have been lost: they are sent again, and the link is asked.
    if (link.sent.inFlightPkts < SUSPECT_PKTS && !isDoubted) {
      link.nextPingMs = now;
      this.#sender.rescue(link, now);
      return;
    }
    this.#mark(link, now);
  }

  #mark(link: MultiplexerLink, now: number): void {
    link.isSuspect = true;
    link.proofs = 0;
    link.suspectSinceMs = now;
    link.nextPingMs = now;
    this.#changed(link);
    this.#sender.rescue(link, now);
  }

  #fell(link: MultiplexerLink, now: number): void {
    this.#bury(link, now);
    this.#onChange(link);
  }

  #bury(link: MultiplexerLink, now: number): void {
    link.isAlive = false;
    link.isSuspect = false;
    link.nextPingMs = now;
    this.#liveLinks--;
    this.#scheduler.invalidate();
    if (this.#liveLinks > 0) this.#sender.rescue(link, now);
    else {
      // What waits now would be old news by the time a link is back.
      this.#sender.abandon(link);
      this.#sender.clear();
    }
  }

  #changed(link: MultiplexerLink): void {
    this.#scheduler.invalidate();
    this.#onChange(link);
  }
}

/** Whether another link can take over. */
function hasOther(links: readonly MultiplexerLink[], link: MultiplexerLink): boolean {
  return links.some((other) => other !== link && other.isUsable);
}
