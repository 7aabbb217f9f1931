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
 *                    LinkCare <-------------> PING, LINK
 * ```
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import { FeedbackReader } from "../wire/feedback_reader.ts";
import { InnerKind, readInnerKind } from "../wire/inner_message.ts";
import type { LinkNotice } from "../wire/link_notice.ts";
import type { Packet } from "../wire/packet.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { LinkCare, TICK_MS } from "./link_care.ts";
import { LinkTable } from "./link_table.ts";
import { type TooBigHandler, usefulMtuOf } from "./link_fit.ts";
import type { LinkPort } from "./link_port.ts";
import type { MultiplexerLink } from "./multiplexer_link.ts";
import type { PacketPool } from "./packet_pool.ts";
import { Receiver } from "./receiver.ts";
import { Scheduler } from "./scheduler.ts";
import { Sender } from "./sender.ts";

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
  readonly #table = new LinkTable();
  readonly #acknowledgements: Acknowledgements;
  readonly #care: LinkCare;
  readonly #feedback = new FeedbackReader();
  #nextMs = Number.NEGATIVE_INFINITY;
  /** When the links are looked at next. */
  #careMs = Number.NEGATIVE_INFINITY;

  constructor(options: MultiplexerOptions) {
    this.#options = options;
    const { pool, rng, groupSeqNos, deliver } = options;
    const { scheduler } = this;
    const links = this.#table.all;
    const seed = Math.floor(rng() * Number.MAX_SAFE_INTEGER);
    const usefulMtu = (): number => this.usefulMtuBytes;
    const onTooBig = options.onTooBig ?? ((): boolean => false);
    this.sender = new Sender({ pool, scheduler, links, seed, groupSeqNos, usefulMtu, onTooBig });
    this.receiver = new Receiver(pool, links, deliver, usefulMtu);
    const { sender, receiver } = this;
    const acks = new Acknowledgements(sender);
    this.#acknowledgements = acks;
    this.#care = new LinkCare({ ...options, links, scheduler, sender, receiver, acks });
  }

  /** All links, in the order they were added. */
  get links(): readonly MultiplexerLink[] {
    return this.#table.all;
  }

  /** What TCP is fitted to: the tun's MTU, or what the smallest link takes that is of use for more than small packets; bytes. */
  get usefulMtuBytes(): number {
    return Math.min(this.tunMtuBytes, usefulMtuOf(this.links));
  }

  /** Whether no data has come or gone for long. */
  isIdle(now: number): boolean {
    return this.#care.isIdle(now);
  }

  /** A link by id, or null. */
  getLink(linkId: number): MultiplexerLink | null {
    return this.#table.get(linkId);
  }

  /**
   * Takes a link on. It carries data once something was heard over it.
   * @throws Error when the id is taken or not 1..255: a bug of the caller's.
   */
  addLink(port: LinkPort, now: number): MultiplexerLink {
    const link = this.#table.add(port);
    this.handleLinkOpen(port.id, now);
    return link;
  }

  /** Forgets a link; what is in flight over it goes over others. Does nothing when there is none of that id. */
  removeLink(linkId: number, now: number): void {
    const link = this.getLink(linkId);
    if (!link) return;
    this.handleLinkClosed(linkId, now);
    this.#table.remove(link);
    this.scheduler.invalidate();
  }

  /** The link's socket is open (again): asks the peer over it. */
  handleLinkOpen(linkId: number, now: number): void {
    this.#careFor(linkId, (link) => this.#care.open(link, now));
  }

  /** The peer has a new session: a link that carries goes on as it was, and is asked once; another one is as if it had just been opened. */
  handleSession(linkId: number, now: number): void {
    this.#careFor(linkId, (link) => this.#care.renew(link, now));
  }

  /** The link's socket is gone: nothing goes over it from now on, what was in flight goes over others at once. */
  handleLinkClosed(linkId: number, now: number): void {
    const link = this.getLink(linkId);
    if (!link) return;
    this.#care.watch.close(link, now);
    this.sender.pump(now);
    this.#care.flushGivenUp(now);
  }

  /** The peer is a new instance of itself: it knows nothing of what was sent before, and counts anew. */
  handlePeerRestart(): void {
    this.clear();
    for (const link of this.links) link.forgetPeer();
  }

  /** Gives back all slots: this end or the peer is gone. Links and counters stay. */
  clear(): void {
    this.sender.clear();
    this.receiver.reorder.reset();
    for (const link of this.links) this.sender.abandon(link);
  }

  /** Nothing new is sent over the link from now on, by neither end: it is about to go. */
  leave(linkId: number, now: number): void {
    this.#careFor(linkId, (link) => this.#care.leave(link, now));
  }

  /** The user says something else of a link than before: see {@link LinkPort.settings}. */
  handleSettings(linkId: number, now: number): void {
    this.#careFor(linkId, (link) => this.#care.applySettings(link, now));
  }

  /**
   * Hot. Sends a packet from the tun, borrowed until return.
   * @returns its bytes, or a DropReason.
   */
  send(packet: Packet, now: number): number {
    if (this.#care.noteData(now)) this.#careAt(now);
    if (!this.#care.watch.hasLiveLink) {
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
      if (this.#care.noteData(now)) this.#careAt(now);
      const { receiver } = this;
      const result = receiver.handleData(link, linkSeqNo, message, datagramBytes, now);
      if (this.#care.heard(link, now)) this.#careAt(link.nextTimeout());
      if (receiver.feedbackDueMs <= now) this.#care.sendFeedback(now);
      this.#wake(Math.min(receiver.feedbackDueMs, receiver.reorder.nextTimeout()));
      return result;
    }
    this.receiver.handleOther(link, linkSeqNo, datagramBytes, now);
    this.#care.heard(link, now);
    const result = this.#handleMessage(link, kind, message, now);
    this.#careAt(link.nextTimeout()); // not before it was heard, and answered
    return result;
  }

  /** Does what is due: links that fell silent, feedback, pings, packets that waited long enough or may go now. */
  handleTimeout(now: number): void {
    this.#table.noteLate(now - this.#nextMs);
    this.receiver.reorder.handleTimeout(now);
    if (this.receiver.feedbackDueMs <= now) this.#care.sendFeedback(now);
    if (now >= this.#careMs) this.#careMs = this.#care.handleTimeout(now);
    this.sender.pump(now);
    this.#care.flushGivenUp(now);
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
        return this.#care.handlePing(link, message, now);
      case InnerKind.GIVEN_UP:
        return this.receiver.handleGivenUp(message, now);
      case InnerKind.LINK:
        return this.#care.handleNotice(link, message, now);
      default:
        return DropReason.UNKNOWN_KIND;
    }
  }

  #handleFeedback(message: Packet, now: number): number {
    const reader = this.#feedback;
    const result = reader.begin(message);
    if (result < 0) return result;
    this.#care.watch.feedbackMs = now;
    while (reader.nextLink()) {
      const link = this.getLink(reader.linkId);
      if (link === null) continue;
      this.#acknowledgements.handle(link, reader, now);
      this.#care.watch.handleAcknowledged(link, now);
    }
    this.sender.pump(now);
    this.#care.flushGivenUp(now);
    this.#wakeForSends(now);
    return 0;
  }

  /** Hot. After packets were sent: looks again soon, and as soon as what waits may go. */
  #wakeForSends(now: number): void {
    if (this.#nextMs <= now + 1) return;
    this.#careAt(now + TICK_MS);
    this.#wake(this.sender.nextPumpMs(now));
  }

  #careFor(linkId: number, what: (link: MultiplexerLink) => void): void {
    const link = this.getLink(linkId);
    if (!link) return;
    what(link);
    this.#careAt(link.nextPingMs);
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
