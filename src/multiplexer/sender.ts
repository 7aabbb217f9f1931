/**
 * The sending half of a multiplexer: queues what comes from the tun by flow, gives each packet to a link as soon as one
 * may send, keeps a copy until the peer has it, sends again what was lost.
 *
 * ```
 * send -> FlowQueue -> Scheduler picks -> link: header, seal, socket
 *                          ^                |  copy
 *            ResendQueue --+   lost <--- SentLog <--- feedback
 * ```
 *
 * @module
 */

import {
  DATA_HEADER_BYTES,
  DataFlag,
  prependDataHeader,
  readDataFlags,
  readOrderGroup,
  toWireUs,
} from "../wire/data_header.ts";
import { DropReason } from "../wire/drop_reason.ts";
import { GivenUp } from "../wire/given_up.ts";
import { FlowKind, InnerFlow } from "../wire/inner_flow.ts";
import type { Packet } from "../wire/packet.ts";
import { ByteRate } from "./byte_rate.ts";
import { FlowQueue } from "./flow_queue.ts";
import { GroupRates } from "./group_rates.ts";
import { LinkUse, type MultiplexerLink, OUTER_BYTES } from "./multiplexer_link.ts";
import type { PacketPool } from "./packet_pool.ts";
import { ResendQueue } from "./resend_queue.ts";
import type { Scheduler } from "./scheduler.ts";
import { SentState } from "./sent_log.ts";

/** A packet is sent again so often at most, and not when it is older than this: who waits for it has given up, too. */
const MAX_RESENDS = 2;
const BULK_DEADLINE_MS = 300;
const REALTIME_DEADLINE_MS = 100;

/** Packets sent again may be this share of all; and a burst beyond, for a link that dies. */
const RESEND_FRACTION = 0.25;
const RESEND_BURST_BYTES = 512 * 1024;

/** UDP packets up to this size are taken for a call or a game, which rather lose a packet than wait for it. */
const REALTIME_MAX_BYTES = 1_000;

/**
 * How long the queue lets a flow wait before it is told to send less: the share of its round trip through the tunnel
 * that a CUBIC sender needs to keep the links busy after it has backed off by 0.3 (0.3 / 0.7), and a least.
 */
const QUEUE_ROUND_TRIPS = 0.43;
const MIN_QUEUE_TARGET_MS = 30;
const MAX_QUEUE_TARGET_MS = 200;

/** The same while links are still getting faster: their queue goes away by itself, and a drop would end a flow's slow start. */
const STARTUP_QUEUE_TARGET_MS = 150;

/** Packets of that size are counted on; and it takes so much longer than a round trip to send one again. */
const FULL_PACKET_BYTES = 1_412;
const RESEND_MARGIN_MS = 25;

/** Losses in a round trip from which on the queue has to hold what keeps the link busy meanwhile. */
const FREQUENT_LOSSES = 0.2;

/** And how long it waits for an answer to that, at least. */
const MIN_QUEUE_INTERVAL_MS = 200;

/** Copies of thin packets over a second link when the first is shaky: this share of all bytes at most. */
const COPY_FRACTION = 0.05;
const COPY_BURST_BYTES = 20_000;
const SHAKY_LOSS_FRACTION = 0.01;
const SHAKY_JITTER_MS = 15;

/** Sends one peer's packets. */
export class Sender {
  readonly queue: FlowQueue;
  readonly resends = new ResendQueue();
  readonly givenUp = new GivenUp();
  resentPkts = 0;
  copiedPkts = 0;
  givenUpPkts = 0;
  readonly #pool: PacketPool;
  readonly #scheduler: Scheduler;
  readonly #links: readonly MultiplexerLink[];
  readonly #flow: InnerFlow;
  readonly #demand = new ByteRate();
  readonly #rates = new GroupRates();
  /** Next number of each order group; of the peer, not of the links. */
  readonly #groupSeqNos: Uint32Array;
  #resendBudgetBytes = RESEND_BURST_BYTES;
  #copyBudgetBytes = COPY_BURST_BYTES;

  constructor(options: {
    readonly pool: PacketPool;
    readonly scheduler: Scheduler;
    readonly links: readonly MultiplexerLink[];
    /** Of the flow hash: an integer below 2^53. */
    readonly seed: number;
    readonly groupSeqNos: Uint32Array;
  }) {
    this.#pool = options.pool;
    this.#scheduler = options.scheduler;
    this.#links = options.links;
    this.#flow = new InnerFlow(options.seed);
    this.#groupSeqNos = options.groupSeqNos;
    this.queue = new FlowQueue(options.pool);
  }

  /**
   * Hot. Queues a copy of a packet and sends what may be sent.
   * @returns its bytes, or a DropReason.
   */
  send(packet: Packet, now: number): number {
    const lengthBytes = packet.end - packet.start;
    if (lengthBytes === 0) return DropReason.EMPTY;
    const slot = this.#pool.acquireCopy(packet);
    if (slot === null) return DropReason.SEND_QUEUE_FULL;
    this.#demand.add(lengthBytes + OUTER_BYTES, now);
    const isThin = this.#classify(slot, lengthBytes);
    const result = this.queue.enqueue(slot, this.#flow.hash, isThin, now);
    this.pump(now);
    return result < 0 ? result : lengthBytes;
  }

  /** Hot. Sends what may be sent now. */
  pump(now: number): void {
    const { queue } = this;
    if (queue.pkts === 0 && this.resends.count === 0) return;
    this.#scheduler.refresh(this.#links, queue.headSojournMs(now), this.#demand.bps(now), now);
    this.#pumpResends(now);
    while (queue.thinPkts > 0) {
      const link = this.#scheduler.pickFirst();
      if (link === null) return;
      this.#sendThin(queue.dequeueThin(now)!, link, now);
    }
    while (queue.pkts > 0) {
      const link = this.#scheduler.pickBulk(now);
      if (link === null) return;
      const slot = queue.dequeue(now);
      if (slot === null) return;
      if (this.#rates.add(readOrderGroup(slot), slot.end - slot.start, now)) this.#sendThin(slot, this.#scheduler.pickFirst()!, now);
      else if (link.port.settings.mode === "redundant") this.#sendTwice(slot, link, now);
      else this.#sendFirst(slot, link, now);
    }
  }

  /** Monotonic ms when {@link pump} can send more; Infinity: nothing waits, or only news can help. */
  nextPumpMs(now: number): number {
    return this.queue.pkts === 0 ? Number.POSITIVE_INFINITY : this.#scheduler.nextCreditMs(now);
  }

  /** Lets the queue follow the round trips. */
  tuneQueue(): void {
    let slowestMs = 0;
    let waitMs = 0;
    let leastMs = MIN_QUEUE_TARGET_MS;
    for (const link of this.#scheduler.order) {
      if (link.rate.isStartingUp) leastMs = STARTUP_QUEUE_TARGET_MS;
      if (link.use !== LinkUse.CARRYING) continue;
      slowestMs = Math.max(slowestMs, link.rtt.srttMs);
      waitMs = Math.max(waitMs, resendWaitMs(link));
    }
    const targetMs = Math.max(
      leastMs,
      Math.min(MAX_QUEUE_TARGET_MS, waitMs + QUEUE_ROUND_TRIPS * (slowestMs + waitMs)),
    );
    this.queue.setCodel(targetMs, Math.max(MIN_QUEUE_INTERVAL_MS, 1.5 * slowestMs + targetMs));
  }

  /** A packet in a link's log is lost: it is sent again, or given up. @param isRescue its link is in trouble: the deadline does not count */
  handleLost(link: MultiplexerLink, at: number, isRescue: boolean, now: number): void {
    const { sent } = link;
    const slot = sent.settle(at, SentState.LOST);
    if (slot === null) return;
    link.lostPkts++;
    const group = sent.groups[at]!;
    const isOld = now - sent.firstSentMs[at]! > deadlineMs(sent.flags[at]!);
    if (group === 0 || sent.resends[at]! >= MAX_RESENDS || (isOld && !isRescue)) {
      this.#giveUp(slot, group, sent.groupSeqNos[at]!);
    } else {
      this.resends.push(slot, link, at, isRescue);
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

  /** Sends the oldest packet in flight again: nothing was acknowledged for long, and there is no other link. */
  resendOldest(link: MultiplexerLink, now: number): void {
    const { sent } = link;
    const at = sent.find(sent.oldestSeqNo);
    if (at >= 0 && sent.states[at] === SentState.IN_FLIGHT) this.handleLost(link, at, true, now);
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
    this.queue.clear();
    while (this.resends.count > 0) {
      this.#pool.release(this.resends.slot);
      this.resends.shift();
    }
  }

  /** Hot. A link's copies are no longer needed. */
  release(slot: Packet): void {
    this.#pool.release(slot);
  }

  /** Hot. Writes flags and order group into the slot's headroom. @returns whether it goes before all others. */
  #classify(slot: Packet, lengthBytes: number): boolean {
    const flow = this.#flow;
    flow.read(slot);
    const isUnordered = flow.isPureAck || flow.kind === FlowKind.ICMP || flow.isDns;
    const isRealtime = flow.kind === FlowKind.UDP && lengthBytes <= REALTIME_MAX_BYTES;
    prependDataHeader(
      slot,
      isRealtime ? DataFlag.REALTIME : 0,
      isUnordered ? 0 : 1 + flow.hash % 255,
      0,
      0,
    );
    slot.start += DATA_HEADER_BYTES;
    return isUnordered;
  }

  #pumpResends(now: number): void {
    const { resends } = this;
    while (resends.count > 0) {
      const { slot, group, groupSeqNo, flags, lostOn } = resends;
      const isOld = now - resends.firstSentMs > deadlineMs(flags);
      const link = isOld && !resends.isRescue ? null : this.#scheduler.pickResend(lostOn);
      if (link === null && !isOld) return;
      if (link === null || (this.#resendBudgetBytes <= 0 && !resends.isRescue)) {
        resends.shift();
        this.#giveUp(slot, group, groupSeqNo);
        continue;
      }
      const { firstSentMs } = resends;
      const count = resends.resends + 1;
      resends.shift();
      this.#resendBudgetBytes -= slot.end - slot.start;
      this.resentPkts++;
      link.resentPkts++;
      this.#transmit(slot, link, flags | DataFlag.RESENT, group, groupSeqNo, count, firstSentMs, now);
    }
  }

  /** Hot. */
  #sendFirst(slot: Packet, link: MultiplexerLink, now: number): void {
    const group = readOrderGroup(slot);
    const groupSeqNo = group === 0 ? 0 : this.#nextGroupSeqNo(group);
    this.#transmit(slot, link, readDataFlags(slot), group, groupSeqNo, 0, now, now);
  }

  /** Hot. A packet that should not wait; with a copy over another link when this one is shaky. */
  #sendThin(slot: Packet, link: MultiplexerLink, now: number): void {
    const isShaky = link.loss.longFraction > SHAKY_LOSS_FRACTION ||
      link.delay.jitterMs > SHAKY_JITTER_MS;
    const mustCopy = link.port.settings.mode === "redundant";
    const mayCopy = isShaky && readOrderGroup(slot) !== 0 &&
      this.#copyBudgetBytes > slot.end - slot.start;
    if (mustCopy || mayCopy) this.#sendTwice(slot, link, now);
    else this.#sendFirst(slot, link, now);
  }

  /** Over this link and the best other one: the receiver drops what comes second. */
  #sendTwice(slot: Packet, link: MultiplexerLink, now: number): void {
    const first = this.#scheduler.pickFirst();
    const other = first === link ? this.#scheduler.pickSecond() : first;
    const group = readOrderGroup(slot);
    const copy = other === null || group === 0 ? null : this.#pool.acquireCopy(slot);
    if (other === null || copy === null) return this.#sendFirst(slot, link, now);
    const groupSeqNo = this.#nextGroupSeqNo(group);
    const flags = readDataFlags(slot);
    this.#copyBudgetBytes -= slot.end - slot.start;
    this.copiedPkts++;
    this.#transmit(slot, link, flags, group, groupSeqNo, 0, now, now);
    this.#transmit(copy, other, flags | DataFlag.RESENT, group, groupSeqNo, MAX_RESENDS, now, now);
  }

  /** Hot. Sends a packet over a link and keeps it in the link's log; owns the slot from now on. */
  #transmit(
    slot: Packet,
    link: MultiplexerLink,
    flags: number,
    group: number,
    groupSeqNo: number,
    resends: number,
    firstSentMs: number,
    now: number,
  ): void {
    const { sent, port } = link;
    prependDataHeader(slot, flags, group, toWireUs(now), groupSeqNo);
    const datagramBytes = port.send(slot, now);
    slot.start += DATA_HEADER_BYTES;
    if (datagramBytes < 0) {
      // Its own socket would not take it: as good as lost at once, and the link is full.
      link.pacer.take(slot.end - slot.start, now);
      this.#giveUp(slot, group, groupSeqNo);
      return;
    }
    const wireBytes = datagramBytes + OUTER_BYTES;
    link.pacer.take(wireBytes, now);
    link.sentTally.add(wireBytes, now);
    const at = sent.add(port.lastSeqNo, wireBytes, now);
    if (at < 0) return this.#pool.release(slot);
    sent.slots[at] = slot;
    sent.firstSentMs[at] = firstSentMs;
    sent.groups[at] = group;
    sent.groupSeqNos[at] = groupSeqNo;
    sent.flags[at] = flags;
    sent.resends[at] = resends;
    if (resends > 0) return;
    this.#resendBudgetBytes = Math.min(RESEND_BURST_BYTES, this.#resendBudgetBytes + wireBytes * RESEND_FRACTION);
    this.#copyBudgetBytes = Math.min(COPY_BURST_BYTES, this.#copyBudgetBytes + wireBytes * COPY_FRACTION);
  }

  #giveUp(slot: Packet, group: number, groupSeqNo: number): void {
    this.#pool.release(slot);
    this.givenUpPkts++;
    if (group !== 0) this.givenUp.add(group, groupSeqNo);
  }

  #nextGroupSeqNo(group: number): number {
    const seqNo = this.#groupSeqNos[group]!;
    this.#groupSeqNos[group] = seqNo + 1;
    return seqNo;
  }
}


function deadlineMs(flags: number): number {
  return (flags & DataFlag.REALTIME) !== 0 ? REALTIME_DEADLINE_MS : BULK_DEADLINE_MS;
}

/** How long a flow waits for what is sent again over a link; 0 where hardly anything is lost. */
function resendWaitMs(link: MultiplexerLink): number {
  const { srttMs } = link.rtt;
  const pktsPerRoundTrip = link.capacity.capacityBps / 8_000 * srttMs / FULL_PACKET_BYTES;
  const lossesPerRoundTrip = link.loss.longFraction * pktsPerRoundTrip;
  return Math.min(1, lossesPerRoundTrip / FREQUENT_LOSSES) * (srttMs + RESEND_MARGIN_MS);
}
