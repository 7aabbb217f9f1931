/**
 * The sending half of a multiplexer: queues what comes from the tun by flow, gives each packet to a link as soon as one
 * may send, keeps a copy until the peer has it, sends again what was lost.
 *
 * ```
 * send -> AckFilter -> FlowQueue -> Scheduler picks -> link: header, seal, socket
 *                                       ^                |  copy
 *                         ResendQueue --+   lost <--- SentLog <--- feedback
 * ```
 *
 * @module
 */

import { DataFlag, readOrderGroup } from "../wire/data_header.ts";
import { DropReason } from "../wire/drop_reason.ts";
import { GivenUp } from "../wire/given_up.ts";
import type { Packet } from "../wire/packet.ts";
import { AckFilter } from "./ack_filter.ts";
import { ByteRate } from "./byte_rate.ts";
import { FlowQueue } from "./flow_queue.ts";
import { GroupRates } from "./group_rates.ts";
import { HeldPackets } from "./held_packets.ts";
import type { TooBigHandler } from "./link_fit.ts";
import { type MultiplexerLink, OUTER_BYTES, TAIL_PKTS } from "./multiplexer_link.ts";
import { PacketClassifier } from "./packet_classifier.ts";
import type { PacketPool } from "./packet_pool.ts";
import { ResendQueue } from "./resend_queue.ts";
import type { Scheduler } from "./scheduler.ts";
import { SentState } from "./sent_log.ts";
import { IS_COPY, MAX_RESENDS, Transmitter } from "./transmitter.ts";

/** A packet that is older than this is not sent again: who waits for it has given up, too. */
const BULK_DEADLINE_MS = 500;
const REALTIME_DEADLINE_MS = 100;

/** Sends one peer's packets. */
export class Sender {
  readonly queue: FlowQueue;
  readonly acks: AckFilter;
  readonly resends = new ResendQueue();
  readonly givenUp = new GivenUp();
  resentPkts = 0;
  givenUpPkts = 0;
  readonly #pool: PacketPool;
  readonly #scheduler: Scheduler;
  readonly #links: readonly MultiplexerLink[];
  readonly #classifier: PacketClassifier;
  readonly #demand = new ByteRate();
  readonly #rates = new GroupRates();
  readonly #transmitter: Transmitter;
  readonly #held = new HeldPackets();
  readonly #onTooBig: TooBigHandler;

  constructor(options: {
    readonly pool: PacketPool;
    readonly scheduler: Scheduler;
    readonly links: readonly MultiplexerLink[];
    /** Of the flow hash: an integer below 2^53. */
    readonly seed: number;
    readonly groupSeqNos: Uint32Array;
    /** MTU that TCP is fitted to, bytes. */
    readonly usefulMtu: () => number;
    readonly onTooBig: TooBigHandler;
  }) {
    this.#pool = options.pool;
    this.#scheduler = options.scheduler;
    this.#links = options.links;
    this.#classifier = new PacketClassifier(options.seed, options.usefulMtu);
    this.queue = new FlowQueue(options.pool);
    this.acks = new AckFilter(options.pool);
    this.#transmitter = new Transmitter({ ...options, resends: this.resends });
    this.#onTooBig = options.onTooBig;
  }

  /**
   * Hot. Queues a copy of a packet and sends what may be sent.
   * @returns its bytes, or a DropReason.
   */
  send(packet: Packet, now: number): number {
    const lengthBytes = packet.end - packet.start;
    if (lengthBytes === 0) return DropReason.EMPTY;
    const { fit } = this.#scheduler;
    if (lengthBytes > fit.leastBytes && this.#isRefused(packet, now)) return DropReason.TOO_LARGE;
    const slot = this.#pool.acquireCopy(packet);
    if (slot === null) return DropReason.SEND_QUEUE_FULL;
    this.#demand.add(lengthBytes + OUTER_BYTES, now);
    const isThin = this.#classifier.classify(slot);
    const { flow } = this.#classifier;
    if (flow.isPureAck && !this.acks.admit(slot, flow, now)) return lengthBytes;
    const result = this.queue.enqueue(slot, flow.hash, isThin, now);
    this.pump(now);
    return result < 0 ? result : lengthBytes;
  }

  /** Hot. Lets the scheduler look at the links anew, if it is time. */
  refresh(now: number): void {
    if (!this.#scheduler.isDue(now)) return;
    const backlogMs = this.queue.headSojournMs(now);
    this.#scheduler.refresh(this.#links, backlogMs, this.#demand.bps(now), now);
  }

  /** Hot. Sends what may be sent now. */
  pump(now: number): void {
    const { queue } = this;
    if (now >= this.acks.dueMs) this.#enqueueAcks(now);
    if (this.waitingPkts === 0 && this.resends.count === 0) return;
    this.refresh(now);
    this.#pumpResends(now);
    while (queue.thinPkts > 0) {
      if (this.#scheduler.order.length === 0) return;
      const slot = queue.dequeueThin(now)!;
      const link = this.#scheduler.pickFirst(slot.end - slot.start)!;
      this.#transmitter.sendThin(slot, link, now);
    }
    if (this.#held.pkts > 0) this.#pumpHeld(now);
    while (queue.pkts > 0 && !this.#held.isFull) {
      const link = this.#scheduler.pickBulk(now);
      if (link === null) return;
      const slot = queue.dequeue(now);
      if (slot === null) return;
      const isBarred = this.#held.pkts > 0 && this.#held.hasGroupOf(slot);
      if (isBarred || slot.end - slot.start > link.maxPacketBytes) this.#hold(slot, now);
      else this.#sendBulk(slot, link, now);
    }
  }

  /** Packets that wait for a link. */
  get waitingPkts(): number {
    return this.queue.pkts + this.#held.pkts;
  }

  /** Packets that were sent twice for safety. */
  get copiedPkts(): number {
    return this.#transmitter.copiedPkts;
  }

  /** Monotonic ms when {@link pump} can send more; Infinity: nothing waits, or only news can help. */
  nextPumpMs(now: number): number {
    const creditMs = this.waitingPkts === 0
      ? Number.POSITIVE_INFINITY
      : this.#scheduler.nextCreditMs(now);
    return Math.min(creditMs, this.acks.dueMs);
  }

  /** A packet in a link's log is lost: it is sent again, or given up. @param isRescue its link is in trouble: the deadline does not count */
  handleLost(link: MultiplexerLink, at: number, isRescue: boolean, now: number): void {
    const { sent } = link;
    const slot = sent.settle(at, SentState.LOST);
    if (slot === null) return;
    link.lostPkts++;
    link.noteLost(sent.wireBytes[at]!, now);
    const group = sent.groups[at]!;
    if (sent.resends[at] === IS_COPY) return this.#pool.release(slot);
    const isOld = now - sent.firstSentMs[at]! > deadlineMs(sent.flags[at]!);
    if (group === 0 || sent.resends[at]! >= MAX_RESENDS || (isOld && !isRescue)) {
      this.#giveUp(slot, group, sent.groupSeqNos[at]!);
    } else {
      this.resends.push(
        slot,
        link,
        sent.firstSentMs[at]!,
        group,
        sent.groupSeqNos[at]!,
        sent.flags[at]!,
        sent.resends[at]! + 1,
        isRescue,
      );
    }
  }

  /** Everything in flight over a link is sent over others. */
  rescue(link: MultiplexerLink, now: number): void {
    const { sent } = link;
    for (let seqNo = sent.oldestSeqNo; seqNo < sent.endSeqNo; seqNo++) {
      const at = sent.find(seqNo);
      if (at >= 0 && sent.states[at] === SentState.IN_FLIGHT) this.handleLost(link, at, true, now);
    }
    sent.advance();
  }

  /** Sends the few oldest packets in flight again that were sent before a time. */
  resendTail(link: MultiplexerLink, sentBeforeMs: number, now: number): void {
    const { sent } = link;
    const end = Math.min(sent.endSeqNo, sent.oldestSeqNo + TAIL_PKTS);
    for (let seqNo = sent.oldestSeqNo; seqNo < end; seqNo++) {
      const at = sent.find(seqNo);
      if (at < 0 || sent.states[at] !== SentState.IN_FLIGHT) continue;
      if (sent.sentMs[at]! > sentBeforeMs) break;
      this.handleLost(link, at, true, now);
    }
    sent.advance();
  }

  /** Forgets what is in flight over a link: who should have it is gone. */
  abandon(link: MultiplexerLink): void {
    const { sent } = link;
    for (let seqNo = sent.oldestSeqNo; seqNo < sent.endSeqNo; seqNo++) {
      const at = sent.find(seqNo);
      if (at < 0 || sent.states[at] !== SentState.IN_FLIGHT) continue;
      const slot = sent.settle(at, SentState.LOST);
      if (slot !== null) this.#pool.release(slot);
    }
    sent.advance();
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#enqueueAcks(0);
    this.queue.clear();
    while (this.#held.pkts > 0) this.#pool.release(this.#held.shift());
    while (this.resends.count > 0) {
      this.#pool.release(this.resends.slot);
      this.resends.shift();
    }
  }

  /** Hot. A link's copies are no longer needed. */
  release(slot: Packet): void {
    this.#pool.release(slot);
  }

  /** Hot. */
  #sendBulk(slot: Packet, link: MultiplexerLink, now: number): void {
    const lengthBytes = slot.end - slot.start;
    if (this.#rates.add(readOrderGroup(slot), lengthBytes, now)) {
      this.#transmitter.sendThin(slot, this.#scheduler.pickFirst(lengthBytes)!, now);
    } else if (link.port.settings.mode === "redundant") {
      this.#transmitter.sendTwice(slot, link, now);
    } else this.#transmitter.sendFirst(slot, link, now);
  }

  /** ACKs that waited go on with the next ones. */
  #enqueueAcks(now: number): void {
    for (let slot = this.acks.shift(now); slot !== null; slot = this.acks.shift(now)) {
      this.queue.enqueue(slot, 0, true, now);
    }
  }

  /** A packet does not fit the link whose turn it is, or one of its own flow waits: it goes over another one, now or later. */
  #hold(slot: Packet, now: number): void {
    this.#held.push(slot, now);
    if (this.#held.pkts === 1) this.#pumpHeld(now);
  }

  #pumpHeld(now: number): void {
    while (this.#held.pkts > 0) {
      const { first } = this.#held;
      const link = this.#scheduler.pickFitting(first.end - first.start, now);
      if (link === null) return;
      this.#sendBulk(this.#held.shift(), link, now);
    }
  }

  /** A packet that fits no link is refused when its sender can be told; if not, it is sent, and IP fragments it outside. */
  #isRefused(packet: Packet, now: number): boolean {
    this.refresh(now);
    const { limitBytes } = this.#scheduler.fit;
    return packet.end - packet.start > limitBytes && this.#onTooBig(packet, limitBytes, now);
  }

  #pumpResends(now: number): void {
    const { resends } = this;
    while (resends.count > 0) {
      const { slot, group, groupSeqNo, flags, lostOn } = resends;
      const isOld = now - resends.firstSentMs > deadlineMs(flags);
      const link = isOld && !resends.isRescue
        ? null
        : this.#scheduler.pickResend(lostOn, now, slot.end - slot.start);
      if (link === null && !isOld) return;
      if (link === null || (!this.#transmitter.mayResend && !resends.isRescue)) {
        resends.shift();
        this.#giveUp(slot, group, groupSeqNo);
        continue;
      }
      this.resentPkts++;
      if (!this.#transmitter.sendAgain(link, now)) return;
    }
  }

  #giveUp(slot: Packet, group: number, groupSeqNo: number): void {
    this.#pool.release(slot);
    this.givenUpPkts++;
    if (group !== 0) this.givenUp.add(group, groupSeqNo);
  }
}

function deadlineMs(flags: number): number {
  return (flags & DataFlag.REALTIME) !== 0 ? REALTIME_DEADLINE_MS : BULK_DEADLINE_MS;
}
