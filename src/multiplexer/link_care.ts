/**
 * What is done for links apart from the packets they carry: they are asked, watched, measured, and told of. Pure.
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import type { LinkNotice } from "../wire/link_notice.ts";
import type { Packet } from "../wire/packet.ts";
import { PingFlag } from "../wire/ping.ts";
import type { Acknowledgements } from "./acknowledgements.ts";
import { LinkMessages } from "./link_messages.ts";
import { LinkWatch } from "./link_watch.ts";
import { ACTIVE_PING_MS } from "./pinger.ts";
import { MtuProber } from "./mtu_prober.ts";
import type { MultiplexerLink } from "./multiplexer_link.ts";
import { takeLinkNotice } from "./noticed_settings.ts";
import { QueueTuning } from "./queue_tuning.ts";
import type { Receiver } from "./receiver.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Sender } from "./sender.ts";

/** While data is in flight, all links are looked at this often. */
export const TICK_MS = 10;

/** How often queue and waiting times follow the links, and shares are worked out. */
const TUNE_MS = 50;

/** Without data for this long the links are pinged rarely. */
const IDLE_AFTER_MS = 30_000;

/** What the user wants of a link is told again after this long when nobody has heard it. */
const TELL_AGAIN_MS = 100;

/** What {@link LinkCare} works with. */
export interface LinkCareOptions {
  /** Uniform in [0, 1). */
  readonly rng: () => number;
  readonly links: readonly MultiplexerLink[];
  readonly scheduler: Scheduler;
  readonly sender: Sender;
  readonly receiver: Receiver;
  readonly acks: Acknowledgements;
  readonly onLinkChange?: (link: MultiplexerLink) => void;
  readonly onAsk?: (now: number) => void;
  readonly onLinkNotice?: (linkId: number, notice: LinkNotice) => void;
}

/** Looks after one peer's links. */
export class LinkCare {
  readonly messages: LinkMessages;
  readonly watch: LinkWatch;
  /** Monotonic ms when data last came or went. */
  #dataMs = Number.NEGATIVE_INFINITY;
  readonly #options: LinkCareOptions;
  readonly #prober: MtuProber;
  readonly #queueTuning = new QueueTuning();
  #tunedMs = Number.NEGATIVE_INFINITY;

  constructor(options: LinkCareOptions) {
    this.#options = options;
    const { sender, scheduler } = options;
    this.messages = new LinkMessages(options.rng);
    this.#prober = new MtuProber(this.messages);
    this.watch = new LinkWatch(sender, scheduler, (link) => options.onLinkChange?.(link));
  }

  /** Hot. Data comes or goes. @returns whether none has for long: the links are to be looked after from now on. */
  noteData(now: number): boolean {
    const wasIdle = this.isIdle(now);
    this.#dataMs = now;
    return wasIdle;
  }

  /** Whether no data has come or gone for long. */
  isIdle(now: number): boolean {
    return now - this.#dataMs > IDLE_AFTER_MS;
  }

  /** The link's socket is open (again): asks the peer over it. */
  open(link: MultiplexerLink, now: number): void {
    const { isInitiator, settings, maxDatagramBytes } = link.port;
    link.openedMs = now;
    link.echoes = 0;
    link.isNoticeHeard = false;
    link.nextPingMs = now;
    link.mtu.restart(maxDatagramBytes, now);
    link.rate.capBps = isInitiator ? settings.capUpBps : settings.capDownBps;
    if (isInitiator) this.#sendPing(link, now);
  }

  /**
   * A new session carries the link. One ping tells the peer that it is in use; what is known of the path still holds. Only
   * what the peer was told is told again: it may have forgotten this end meanwhile (a laptop that slept does not know).
   */
  renew(link: MultiplexerLink, now: number): void {
    if (!link.isAlive || link.echoes === 0) return this.open(link, now);
    link.isNoticeHeard = false;
    this.#sendPing(link, now);
  }

  /** Nothing new goes over the link from now on while there is another; the peer is told, again and again until it heard. */
  leave(link: MultiplexerLink, now: number): void {
    link.isLeaving = true;
    this.#tell(link, now);
  }

  /** What the user says of the link has changed: it holds at once, here; and the peer is told. */
  applySettings(link: MultiplexerLink, now: number): void {
    const { isInitiator, settings } = link.port;
    link.rate.cap(isInitiator ? settings.capUpBps : settings.capDownBps);
    link.pacer.setRate(link.rate.rateBps, now);
    if (isInitiator) this.#tell(link, now);
    else this.#options.scheduler.invalidate();
  }

  #tell(link: MultiplexerLink, now: number): void {
    link.isNoticeHeard = false;
    // Until it is heard, each ping brings it again.
    link.nextPingMs = Math.min(link.nextPingMs, now + TELL_AGAIN_MS);
    this.#options.scheduler.invalidate();
    this.messages.sendNotice(link, now);
  }

  /** Hot. Something valid came over the link. @returns whether it is back: it is to be looked after from now on. */
  heard(link: MultiplexerLink, now: number): boolean {
    link.lastHeardMs = now;
    if (link.isAlive) return false;
    this.watch.revive(link, now);
    link.mtu.recheck(now);
    this.#probeMtu(link, now);
    return true;
  }

  /** A ping came over the link. @returns 0, or a DropReason. */
  handlePing(link: MultiplexerLink, message: Packet, now: number): number {
    const flags = this.messages.handlePing(link, message, now);
    if (flags < 0) return flags;
    if ((flags & PingFlag.HAS_ECHO) !== 0) {
      const transitMs = this.#options.acks.transitMs(this.messages.echoedTransitUs);
      link.delay.handleSample(transitMs, transitMs, 0, now);
      this.watch.handleAcknowledged(link, now);
      this.#prober.handleEcho(link, this.messages.echoedUs, now);
      this.#probeMtu(link, now);
    }
    return 0;
  }

  /** What the slave wants of the link, or that the master has heard it. @returns 0, or a DropReason. */
  handleNotice(link: MultiplexerLink, message: Packet, now: number): number {
    const notice = this.messages.takeNotice(message);
    if (notice === null) return DropReason.BAD_CONTROL;
    if (!takeLinkNotice(notice, link)) return 0;
    this.#options.onLinkNotice?.(link.port.id, notice);
    this.applySettings(link, now);
    this.messages.sendNotice(link, now);
    return 0;
  }

  /** Looks at each link. @returns monotonic ms of when to do so again. */
  handleTimeout(now: number): number {
    const { links, sender } = this.#options;
    this.watch.check(links, now);
    if (now - this.#tunedMs >= TUNE_MS) this.#tune(now);
    const isIdle = this.isIdle(now);
    let isActive = sender.waitingPkts > 0 || sender.resends.count > 0;
    let next = Number.POSITIVE_INFINITY;
    for (const link of links) {
      // One that was told to be idle, and is not any more, is asked at once: the peer would miss it too late.
      const isRoused = !isIdle && link.isAlive && link.askIntervalMs > ACTIVE_PING_MS &&
        !link.isIdleAt(now);
      if (link.isAsking && (isRoused || link.nextPingMs <= now)) this.#sendPing(link, now);
      this.#probeMtu(link, now);
      if (link.sent.inFlightPkts > 0) isActive = true;
      next = Math.min(next, link.nextTimeout());
    }
    return isActive ? Math.min(next, now + TICK_MS) : next;
  }

  /** Tells the peer what arrived: over the fastest link, and every second time over another one, too. */
  sendFeedback(now: number): void {
    const { links, sender, scheduler, receiver } = this.#options;
    sender.refresh(now);
    const link = scheduler.pickFirst() ?? this.watch.lastHeard(links);
    this.messages.sendFeedback(receiver, link, scheduler.pickOther(), now);
  }

  /** Tells the peer what will not come any more. */
  flushGivenUp(now: number): void {
    const { sender, scheduler } = this.#options;
    if (sender.givenUp.count === 0) return;
    this.messages.sendGivenUp(sender.givenUp, scheduler.pickFirst(), now);
  }

  #sendPing(link: MultiplexerLink, now: number): void {
    this.messages.sendPing(link, this.isIdle(now) || link.isIdleAt(now), now);
    if (link.isAlive || !this.watch.hasLiveLink) this.#options.onAsk?.(now);
  }

  #probeMtu(link: MultiplexerLink, now: number): void {
    const isIdle = this.isIdle(now) || link.isIdleAt(now);
    if (isIdle && link.port.settings.isMetered) link.mtu.putOff(now);
    this.#prober.handleTimeout(link, isIdle, now);
  }

  #tune(now: number): void {
    const { links, sender, scheduler, receiver } = this.#options;
    this.#tunedMs = now;
    this.#queueTuning.tune(sender.queue, scheduler.order, now);
    receiver.tuneHold(now);
    sender.acks.tune(links, now);
    let bytes = 0;
    for (const link of links) bytes += link.sentTally.total(now);
    for (const link of links) link.share = bytes > 0 ? link.sentTally.total(now) / bytes : 0;
  }
}
