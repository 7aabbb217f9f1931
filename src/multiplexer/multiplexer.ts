/**
 * The multiplexer: makes one tunnel out of several links. What leaves the tun is spread over them so that it arrives
 * as early as it can; what arrives over them is put in order.
 *
 * Pure: it is driven by three inputs only (a tun packet, a message from a link, time), so the same code runs in the
 * simulator. It knows links as {@link LinkPort}s, never as sockets.
 *
 * ```
 * tun --> send ----> Sender ----------------> LinkPort.send
 *                      ^ Acknowledgements <-- FEEDBACK
 * tun <-- deliver <- Receiver <-------------- DATA
 *                    Pinger <---------------> PING
 * ```
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import { FeedbackReader } from "../wire/feedback_reader.ts";
import { GivenUp } from "../wire/given_up.ts";
import { InnerKind, readInnerKind } from "../wire/inner_message.ts";
import type { LinkNotice } from "../wire/link_notice.ts";
import type { Packet } from "../wire/packet.ts";
import { PingFlag } from "../wire/ping.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { LinkMessages } from "./link_messages.ts";
import { type TooBigHandler, usefulMtuOf } from "./link_fit.ts";
import type { LinkPort } from "./link_port.ts";
import { LinkWatch } from "./link_watch.ts";
import { MtuProber } from "./mtu_prober.ts";
import { MultiplexerLink } from "./multiplexer_link.ts";
import { takeLinkNotice } from "./noticed_settings.ts";
import type { PacketPool } from "./packet_pool.ts";
import { QueueTuning } from "./queue_tuning.ts";
import { Receiver } from "./receiver.ts";
import { Scheduler } from "./scheduler.ts";
import { Sender } from "./sender.ts";

/** While data is in flight, all is looked at this often. */
const TICK_MS = 10;

/** How often queue and waiting times follow the links, and shares are worked out. */
const TUNE_MS = 50;

/** Without data for this long the links are pinged rarely. */
const IDLE_AFTER_MS = 30_000;

/** What a {@link Multiplexer} is made of. */
export interface MultiplexerOptions {
  /** Uniform in [0, 1). */
  readonly rng: () => number;
  /** Takes a packet that arrived, borrowed until return. @returns 0 or more, or a DropReason. */
  readonly deliver: (packet: Packet) => number;
  /** Slots, shared by all peers of this end. */
  readonly pool: PacketPool;
  /** Next number of each order group (256): of the peer, and kept as long as the program runs. */
  readonly groupSeqNos: Uint32Array;
  /** Called when a link comes up, is suspect, or falls silent; not when its socket is gone. */
  readonly onLinkChange?: (link: MultiplexerLink) => void;
  /** Called when {@link Multiplexer.nextTimeout} has become earlier. */
  readonly onWake?: () => void;
  /** Hot. Called when something was sent that the peer answers if it is there: over a link that may carry it. */
  readonly onAsk?: (now: number) => void;
  /** A packet is larger than every link takes. Without it all packets are sent, and IP fragments them outside. */
  readonly onTooBig?: TooBigHandler;
  /** A slave said what it wants of a link. */
  readonly onLinkNotice?: (linkId: number, notice: LinkNotice) => void;
}

/** Joins links into one tunnel end. */
export class Multiplexer {
  readonly sender: Sender;
  readonly receiver: Receiver;
  readonly scheduler = new Scheduler();
  /** MTU of the tun, as far as it is known; bytes. */
  tunMtuBytes = Number.POSITIVE_INFINITY;
  readonly #options: MultiplexerOptions;
  /** Links by id, dense: a lookup per packet. */
  readonly #byId: (MultiplexerLink | null)[] = [];
  readonly #links: MultiplexerLink[] = [];
  readonly #acknowledgements: Acknowledgements;
  readonly #messages: LinkMessages;
  readonly #prober: MtuProber;
  readonly #watch: LinkWatch;
  readonly #queueTuning = new QueueTuning();
  readonly #feedback = new FeedbackReader();
  readonly #givenUp = new GivenUp();
  #nextMs = Number.NEGATIVE_INFINITY;
  /** When the links are looked at next. */
  #careMs = Number.NEGATIVE_INFINITY;
  #tunedMs = Number.NEGATIVE_INFINITY;
  #dataMs = Number.NEGATIVE_INFINITY;

  constructor(options: MultiplexerOptions) {
    this.#options = options;
    const { pool, rng, groupSeqNos, deliver } = options;
    const { scheduler } = this;
    const links = this.#links;
    const seed = Math.floor(rng() * Number.MAX_SAFE_INTEGER);
    const usefulMtu = (): number => this.usefulMtuBytes;
    const onTooBig = options.onTooBig ?? ((): boolean => false);
    const sending = { pool, scheduler, links, seed, groupSeqNos, usefulMtu, onTooBig };
    this.sender = new Sender(sending);
    this.receiver = new Receiver(pool, links, deliver, usefulMtu);
    this.#acknowledgements = new Acknowledgements(this.sender);
    this.#messages = new LinkMessages(rng);
    this.#prober = new MtuProber(this.#messages);
    this.#watch = new LinkWatch(this.sender, scheduler, (link) => options.onLinkChange?.(link));
  }

  /** All links, in the order they were added. */
  get links(): readonly MultiplexerLink[] {
    return this.#links;
  }

  /** What TCP is fitted to: the tun's MTU, or what the smallest link takes that is of use for more than small packets; bytes. */
  get usefulMtuBytes(): number {
    return Math.min(this.tunMtuBytes, usefulMtuOf(this.#links));
  }

  /** A link by id, or null. */
  getLink(linkId: number): MultiplexerLink | null {
    return this.#byId[linkId] ?? null;
  }

  /**
   * Takes a link on. It carries data once something was heard over it.
   * @throws Error when the id is taken or not 1..255: a bug of the caller's.
   */
  addLink(port: LinkPort, now: number): MultiplexerLink {
    if (!Number.isInteger(port.id) || port.id < 1 || port.id > 255) {
      throw new Error(`Invariant: link id ${port.id} is not 1..255`);
    }
    while (this.#byId.length <= port.id) this.#byId.push(null);
    if (this.#byId[port.id]) throw new Error(`Invariant: link ${port.id} added twice`);
    const link = new MultiplexerLink(port);
    this.#byId[port.id] = link;
    this.#links.push(link);
    this.handleLinkOpen(port.id, now);
    return link;
  }

  /** Forgets a link; what is in flight over it goes over others. Does nothing when there is none of that id. */
  removeLink(linkId: number, now: number): void {
    const link = this.getLink(linkId);
    if (!link) return;
    this.handleLinkClosed(linkId, now);
    this.#byId[linkId] = null;
    this.#links.splice(this.#links.indexOf(link), 1);
    this.scheduler.invalidate();
  }

  /** The link's socket is open (again): asks the peer over it. */
  handleLinkOpen(linkId: number, now: number): void {
    const link = this.getLink(linkId);
    if (!link) return;
    link.openedMs = now;
    link.echoes = 0;
    link.isNoticeHeard = false;
    link.nextPingMs = now;
    link.mtu.restart(link.port.maxDatagramBytes, now);
    link.rate.capBps = link.port.isInitiator
      ? link.port.settings.capUpBps
      : link.port.settings.capDownBps;
    if (link.port.isInitiator) this.#sendPing(link, now);
    this.#careAt(link.nextPingMs);
  }

  /** The link's socket is gone: nothing goes over it from now on, what was in flight goes over others at once. */
  handleLinkClosed(linkId: number, now: number): void {
    const link = this.getLink(linkId);
    if (!link) return;
    this.#watch.close(link, now);
    this.sender.pump(now);
    this.#flushGivenUp(now);
  }

  /** The peer is a new instance of itself: it knows nothing of what was sent before, and counts anew. */
  handlePeerRestart(): void {
    this.sender.clear();
    this.receiver.reorder.reset();
    for (const link of this.#links) {
      this.sender.abandon(link);
      link.forgetPeer();
    }
  }

  /** Gives back all slots: this end or the peer is gone. Links and counters stay. */
  clear(): void {
    this.sender.clear();
    this.receiver.reorder.reset();
    for (const link of this.#links) this.sender.abandon(link);
  }

  /** Nothing new is sent over the link from now on, by neither end: it is about to go. */
  leave(linkId: number, now: number): void {
    const link = this.getLink(linkId);
    if (!link) return;
    link.isLeaving = true;
    link.isNoticeHeard = false;
    this.scheduler.invalidate();
    this.#messages.sendNotice(link, now);
  }

  /**
   * Hot. Sends a packet from the tun, borrowed until return.
   * @returns its bytes, or a DropReason.
   */
  send(packet: Packet, now: number): number {
    this.#dataMs = now;
    if (!this.#watch.hasLiveLink) {
      return packet.end === packet.start ? DropReason.EMPTY : DropReason.NO_LINK;
    }
    const result = this.sender.send(packet, now);
    this.#wakeForSends(now);
    return result;
  }

  /**
   * Hot. A message arrived over a link, authenticated; borrowed until return.
   * @param linkSeqNo the datagram's number on the link
   * @param datagramBytes of the whole datagram
   * @returns 0 or more, or a DropReason: UNKNOWN_KIND for what is none of ours.
   */
  received(
    linkId: number,
    linkSeqNo: number,
    message: Packet,
    datagramBytes: number,
    now: number,
  ): number {
    const link = this.getLink(linkId);
    if (!link) return DropReason.BAD_LINK_ID;
    const kind = readInnerKind(message);
    if (kind === InnerKind.DATA) {
      this.#dataMs = now;
      const { receiver } = this;
      const result = receiver.handleData(link, linkSeqNo, message, datagramBytes, now);
      this.#heard(link, now);
      if (receiver.feedbackDueMs <= now) this.#sendFeedback(now);
      this.#wake(Math.min(receiver.feedbackDueMs, receiver.reorder.nextTimeout()));
      return result;
    }
    this.receiver.handleOther(link, linkSeqNo, datagramBytes, now);
    this.#heard(link, now);
    return this.#handleMessage(link, kind, message, now);
  }

  /** Does what is due: links that fell silent, feedback, pings, packets that waited long enough or may go now. */
  handleTimeout(now: number): void {
    this.receiver.reorder.handleTimeout(now);
    if (this.receiver.feedbackDueMs <= now) this.#sendFeedback(now);
    if (now >= this.#careMs) this.#care(now);
    this.sender.pump(now);
    this.#flushGivenUp(now);
    this.#nextMs = this.#findNext(now);
  }

  /** Monotonic ms of the next {@link handleTimeout} that has something to do. */
  nextTimeout(): number {
    return this.#nextMs;
  }

  #handleMessage(link: MultiplexerLink, kind: number, message: Packet, now: number): number {
    switch (kind) {
      case InnerKind.FEEDBACK:
        return this.#handleFeedback(message, now);
      case InnerKind.PING:
        return this.#handlePing(link, message, now);
      case InnerKind.GIVEN_UP:
        return this.#handleGivenUp(message, now);
      case InnerKind.LINK:
        return this.#handleNotice(link, message, now);
      default:
        return DropReason.UNKNOWN_KIND;
    }
  }

  #handleFeedback(message: Packet, now: number): number {
    const reader = this.#feedback;
    const result = reader.begin(message);
    if (result < 0) return result;
    this.#watch.feedbackMs = now;
    while (reader.nextLink()) {
      const link = this.getLink(reader.linkId);
      if (link === null) continue;
      this.#acknowledgements.handle(link, reader, now);
      this.#watch.handleAcknowledged(link, now);
    }
    this.sender.pump(now);
    this.#flushGivenUp(now);
    this.#wakeForSends(now);
    return 0;
  }

  #handlePing(link: MultiplexerLink, message: Packet, now: number): number {
    const flags = this.#messages.handlePing(link, message, now);
    if (flags < 0) return flags;
    if ((flags & PingFlag.HAS_ECHO) !== 0) {
      const transitMs = this.#acknowledgements.transitMs(this.#messages.echoedTransitUs);
      link.delay.handleSample(transitMs, transitMs, 0, now);
      this.#watch.handleAcknowledged(link, now);
      this.#prober.handleEcho(link, this.#messages.echoedUs, now);
      this.#probeMtu(link, now);
      this.#careAt(link.nextTimeout());
    }
    return 0;
  }

  #handleGivenUp(message: Packet, now: number): number {
    const list = this.#givenUp;
    const result = list.decode(message);
    for (let i = 0; i < list.count; i++) {
      this.receiver.reorder.giveUp(list.group(i), list.seqNo(i), now);
    }
    return result;
  }

  #handleNotice(link: MultiplexerLink, message: Packet, now: number): number {
    const notice = this.#messages.takeNotice(message);
    if (notice === null) return DropReason.BAD_CONTROL;
    if (!takeLinkNotice(notice, link)) return 0;
    this.#options.onLinkNotice?.(link.port.id, notice);
    link.rate.capBps = link.port.settings.capDownBps;
    this.scheduler.invalidate();
    this.#messages.sendNotice(link, now);
    return 0;
  }

  /** Hot. Something valid came over the link. */
  #heard(link: MultiplexerLink, now: number): void {
    link.lastHeardMs = now;
    if (link.isAlive) return;
    this.#watch.revive(link, now);
    link.mtu.recheck(now);
    this.#probeMtu(link, now);
    this.#careAt(link.nextTimeout());
  }

  #sendFeedback(now: number): void {
    this.sender.refresh(now);
    const link = this.scheduler.pickFirst() ?? this.#watch.lastHeard(this.#links);
    this.#messages.sendFeedback(this.receiver, link, this.scheduler.pickOther(), now);
  }

  #sendPing(link: MultiplexerLink, now: number): void {
    this.#messages.sendPing(link, now - this.#dataMs > IDLE_AFTER_MS, now);
    if (link.isAlive || !this.#watch.hasLiveLink) this.#options.onAsk?.(now);
  }

  #probeMtu(link: MultiplexerLink, now: number): void {
    this.#prober.handleTimeout(link, now - this.#dataMs > IDLE_AFTER_MS, now);
  }

  #flushGivenUp(now: number): void {
    if (this.sender.givenUp.count === 0) return;
    this.#messages.sendGivenUp(this.sender.givenUp, this.scheduler.pickFirst(), now);
  }

  #tune(now: number): void {
    this.#tunedMs = now;
    this.#queueTuning.tune(this.sender.queue, this.scheduler.order, now);
    this.receiver.tuneHold(now);
    let bytes = 0;
    for (const link of this.#links) bytes += link.sentTally.total(now);
    for (const link of this.#links) link.share = bytes > 0 ? link.sentTally.total(now) / bytes : 0;
  }

  /** Hot. After packets were sent: looks again soon, and as soon as what waits may go. */
  #wakeForSends(now: number): void {
    if (this.#nextMs <= now + 1) return;
    this.#careAt(now + TICK_MS);
    this.#wake(this.sender.nextPumpMs(now));
  }

  #careAt(atMs: number): void {
    if (atMs < this.#careMs) this.#careMs = atMs;
    this.#wake(atMs);
  }

  #wake(atMs: number): void {
    if (atMs >= this.#nextMs) return;
    this.#nextMs = atMs;
    this.#options.onWake?.();
  }

  /** Looks at each link; while data is in flight every tick, not with every wake-up for a packet. */
  #care(now: number): void {
    this.#watch.check(this.#links, now);
    if (now - this.#tunedMs >= TUNE_MS) this.#tune(now);
    let isActive = this.sender.waitingPkts > 0 || this.sender.resends.count > 0;
    let next = Number.POSITIVE_INFINITY;
    for (const link of this.#links) {
      if (link.isAsking && link.nextPingMs <= now) this.#sendPing(link, now);
      this.#probeMtu(link, now);
      if (link.sent.inFlightPkts > 0) isActive = true;
      next = Math.min(next, link.nextTimeout());
    }
    this.#careMs = isActive ? Math.min(next, now + TICK_MS) : next;
  }

  #findNext(now: number): number {
    const { receiver, sender } = this;
    return Math.min(
      this.#careMs,
      receiver.feedbackDueMs,
      receiver.reorder.nextTimeout(),
      sender.nextPumpMs(now),
    );
  }
}
