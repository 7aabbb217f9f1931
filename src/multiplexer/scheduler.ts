/**
 * Which link the next packet takes: the one over which it arrives first, among those that may send now.
 *
 * Every millisecond at most, more rarely when there are many, the links are looked at anew and put in the order of their
 * estimated time of arrival (ETA); for each packet only the first one in that order with credit is taken. So the cost
 * per packet does not grow with the number of links.
 *
 * @module
 */

import { LinkFit, pickFitting, pickNth } from "./link_fit.ts";
import { LinkUse, type MultiplexerLink } from "./multiplexer_link.ts";
import { reserveRank, reserveUse } from "./reserve.ts";

/** How often the order is made anew, for each so many links: of these, one place more or less matters little. */
const REFRESH_MS = 1;
const REFRESH_LINKS = 8;

/** How often it is decided which links take part. */
const DECIDE_MS = 10;

/** Packets of one flow may arrive that far apart: what the other end is willing to wait, and put in order. */
export const REORDER_BUDGET_MS = 200;

/** A link that is later than the best one must add this share of what the faster ones carry, for each ms. 80 ms: 4 %. */
const WORTH_PER_LATER_MS = 1 / 2_000;

/** Links that differ by less are as good as equally fast. */
const SOON_MS = 15;

/** A link that loses more is held out while there is another. */
export const MAX_LOSS_FRACTION = 0.15;
/** Or so much within a second or two. */
const MAX_RECENT_LOSS_FRACTION = 0.2;
/** And comes back below this. */
const RETURN_LOSS_FRACTION = 0.08;

/** Slower links take part once packets wait that long, or the demand is that share of what the faster ones carry. */
const BACKLOG_MS = 10;
const DEMAND_FRACTION = 0.9;
/** And leave when the demand was below this share for this long. */
const SPARE_FRACTION = 0.7;
const SPARE_AFTER_MS = 1_000;

/** A link that acknowledged nothing for so long may be dying. */
const QUIET_MS = 30;

/** A full packet: what an ETA is worked out for. */
const FULL_PACKET_BYTES = 1_412;

/** Chooses links. */
export class Scheduler {
  /** Links that may carry data now, by ETA. */
  readonly order: MultiplexerLink[] = [];
  /** One that is held out for its losses, and has to be tried; null: there is none. */
  lossy: MultiplexerLink | null = null;
  /** Which packets fit them. */
  readonly fit = new LinkFit();
  /** The links that take part in bulk, by ETA. */
  readonly #bulk: MultiplexerLink[] = [];
  #next = 0;
  #refreshedMs = Number.NEGATIVE_INFINITY;
  #refreshMs = REFRESH_MS;
  #decidedMs = Number.NEGATIVE_INFINITY;
  #turn = 0;

  /** Something changed that cannot wait: a link came or went. */
  invalidate(): void {
    this.#refreshedMs = Number.NEGATIVE_INFINITY;
    this.#decidedMs = Number.NEGATIVE_INFINITY;
  }

  /**
   * Hot. Looks at the links anew, if it is time.
   * @param backlogMs how long the oldest packet has waited
   * @param demandBps what comes from the tun
   */
  refresh(
    links: readonly MultiplexerLink[],
    backlogMs: number,
    demandBps: number,
    now: number,
  ): void {
    if (!this.isDue(now)) return;
    this.#refreshedMs = now;
    this.#next = 0;
    if (now - this.#decidedMs >= DECIDE_MS) {
      this.#decidedMs = now;
      this.#collect(links);
      this.#sort(this.order);
      this.#decide(backlogMs, demandBps, now);
    } else {
      for (let i = 0; i < this.#bulk.length; i++) this.#bulk[i]!.updateEta(FULL_PACKET_BYTES);
    }
    this.#sort(this.#bulk);
  }

  /** Hot. Whether {@link refresh} would do something. */
  isDue(now: number): boolean {
    return now - this.#refreshedMs >= this.#refreshMs;
  }

  /** Hot. The link for a bulk packet, or null: none has credit, or there is none. */
  pickBulk(now: number): MultiplexerLink | null {
    const bulk = this.#bulk;
    while (this.#next < bulk.length) {
      const link = bulk[this.#next]!;
      if (link.pacer.hasCredit(now)) {
        if (link.inFlightRoomBytes() > 0) return link;
      } else {
        link.limitedMs = now;
      }
      this.#next++;
    }
    return null;
  }

  /** Hot. The link over which a single packet arrives first, credit or not; null when there is none. */
  pickFirst(packetBytes = 0): MultiplexerLink | null {
    return pickNth(this.order, 0, packetBytes);
  }

  /** Hot. The next best after {@link pickFirst}; null when there is none. */
  pickSecond(packetBytes = 0): MultiplexerLink | null {
    return pickNth(this.order, 1, packetBytes);
  }

  /** The link for a bulk packet that does not fit what {@link pickBulk} says. Null: it has to wait. */
  pickFitting(packetBytes: number, now: number): MultiplexerLink | null {
    return pickFitting(this.#bulk, this.order, packetBytes, now);
  }

  /** Hot. The link for a packet that was lost on `lost`: the first to arrive, another one if there is another. */
  pickResend(lost: MultiplexerLink, now: number, packetBytes = 0): MultiplexerLink | null {
    const isQuiet = lost.isSuspect || now - lost.lastAckedMs > QUIET_MS;
    for (let i = 0; i < this.order.length; i++) {
      const link = this.order[i]!;
      if (link.inFlightRoomBytes() + link.rate.maxInFlightBytes <= 0) continue;
      if (packetBytes > link.maxPacketBytes) continue;
      // The link that lost it may be the best by far: a second loss there is as unlikely as the first.
      // But not when nothing else of what it carried has arrived of late.
      if (link !== lost || !isQuiet) return link;
    }
    return this.pickFirst(packetBytes);
  }

  /** Every second time one of the links but the first, in turn, those that rest left out: no single death silences both. Else null. */
  pickOther(): MultiplexerLink | null {
    this.#turn++;
    const others = this.order.length - 1;
    if ((this.#turn & 1) === 0) return null;
    for (let i = 0; i < others; i++) {
      const link = this.order[1 + ((this.#turn >> 1) + i) % others]!;
      if (!link.isResting) return link;
    }
    return null;
  }

  /** Monotonic ms when a bulk packet can go, the next look at the links at the earliest; Infinity: only news of a link can change that. */
  nextCreditMs(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const link of this.#bulk) {
      if (link.inFlightRoomBytes() > 0) next = Math.min(next, link.pacer.nextCreditMs(now));
    }
    return Math.max(next, this.#refreshedMs + this.#refreshMs);
  }

  /** The links that may carry data: those that are up; if all are suspect, the one heard last. */
  #collect(links: readonly MultiplexerLink[]): void {
    const { order } = this;
    order.length = 0;
    let leastBad: MultiplexerLink | null = null;
    for (let i = 0; i < links.length; i++) {
      const link = links[i]!;
      if (!link.isAlive) continue;
      if (link.isSuspect) {
        if (leastBad === null || link.lastAckedMs > leastBad.lastAckedMs) leastBad = link;
        continue;
      }
      link.updateEta(FULL_PACKET_BYTES);
      order.push(link);
    }
    if (order.length === 0 && leastBad !== null) {
      leastBad.updateEta(FULL_PACKET_BYTES);
      order.push(leastBad);
    }
    this.#keepTiers();
    this.fit.measure(order);
    this.#refreshMs = REFRESH_MS * Math.max(1, order.length / REFRESH_LINKS);
  }

  /** Leaves out what is for worse times, and what is about to go, while there is anything else. */
  #keepTiers(): void {
    const { order } = this;
    let least = Number.POSITIVE_INFINITY;
    for (const link of order) least = Math.min(least, reserveRank(link));
    let kept = 0;
    for (let i = 0; i < order.length; i++) {
      const link = order[i]!;
      if (reserveRank(link) === least) order[kept++] = link;
      else link.use = reserveUse(link);
    }
    order.length = kept;
  }

  /** Hot. Insertion sort: from one time to the next the order hardly changes. */
  #sort(links: MultiplexerLink[]): void {
    for (let i = 1; i < links.length; i++) {
      const link = links[i]!;
      let at = i;
      while (at > 0 && links[at - 1]!.isBehind(link)) {
        links[at] = links[at - 1]!;
        at--;
      }
      links[at] = link;
    }
  }

  /** Which links take part in bulk, from the fastest on. */
  #decide(backlogMs: number, demandBps: number, now: number): void {
    const { order } = this;
    const bulk = this.#bulk;
    bulk.length = 0;
    this.lossy = null;
    if (order.length === 0) return;
    let fasterBps = 0;
    let isFasterNew = false;
    let bestEtaMs = Number.POSITIVE_INFINITY;
    for (let i = 0; i < order.length; i++) bestEtaMs = Math.min(bestEtaMs, order[i]!.etaMs);
    // The order has those that cost money last, the dearest of them at the end, whatever their ETA.
    for (let i = 0; i < order.length; i++) {
      const link = order[i]!;
      link.laterMs = link.etaMs - bestEtaMs;
      link.use = this.#useOf(link, { fasterBps, isFasterNew, backlogMs, demandBps, now });
      // Trying costs a packet each time: where that is money, only while there is a need.
      const mayTry = !link.isCostly || backlogMs > BACKLOG_MS;
      if (link.use === LinkUse.LOSSY && mayTry) this.lossy = link;
      if (link.use !== LinkUse.CARRYING) continue;
      bulk.push(link);
      fasterBps += link.capacity.capacityBps;
      isFasterNew ||= link.rate.isStartingUp;
    }
    if (bulk.length === 0) {
      order[0]!.use = LinkUse.CARRYING;
      bulk.push(order[0]!);
    }
  }

  #useOf(link: MultiplexerLink, load: Load): number {
    if (load.fasterBps === 0) {
      return isLossy(link) && this.order.length > 1 ? LinkUse.LOSSY : LinkUse.CARRYING;
    }
    if (isLossy(link)) return LinkUse.LOSSY;
    // Nobody knows yet how much the faster ones carry: what came late now would end a flow's slow start.
    if (load.isFasterNew && link.isCostly) return LinkUse.COSTLY;
    if (load.isFasterNew && link.laterMs > SOON_MS) return LinkUse.SPARE;
    if (link.laterMs > REORDER_BUDGET_MS) return LinkUse.LATE;
    const worthBps = link.capacity.rememberedBps;
    if (worthBps < load.fasterBps * link.laterMs * WORTH_PER_LATER_MS) return LinkUse.LITTLE;
    return this.#isNeeded(link, load)
      ? LinkUse.CARRYING
      : link.isCostly
      ? LinkUse.COSTLY
      : LinkUse.SPARE;
  }

  /** Whether the faster links do not suffice; with some patience before a link is sent home. */
  #isNeeded(link: MultiplexerLink, { fasterBps, backlogMs, demandBps, now }: Load): boolean {
    if (backlogMs > BACKLOG_MS || demandBps > DEMAND_FRACTION * fasterBps) {
      link.spareSinceMs = Number.POSITIVE_INFINITY;
      return true;
    }
    if (link.use !== LinkUse.CARRYING) return false;
    if (demandBps > SPARE_FRACTION * fasterBps) {
      link.spareSinceMs = Number.POSITIVE_INFINITY;
      return true;
    }
    if (link.spareSinceMs === Infinity) link.spareSinceMs = now;
    return now - link.spareSinceMs < SPARE_AFTER_MS;
  }
}

/** What a link is weighed against. */
interface Load {
  /** Sum of the capacities of the links before it. */
  readonly fasterBps: number;
  /** Whether the rate of one of them is still being found out. */
  readonly isFasterNew: boolean;
  readonly backlogMs: number;
  readonly demandBps: number;
  readonly now: number;
}

/** With hysteresis, or a link at the limit would come and go. */
function isLossy(link: MultiplexerLink): boolean {
  const limit = link.use === LinkUse.LOSSY ? RETURN_LOSS_FRACTION : MAX_LOSS_FRACTION;
  return link.loss.longFraction > limit || link.loss.recentFraction() > MAX_RECENT_LOSS_FRACTION;
}
