/**
 * Puts packets on links: the data header, the link's own counters, the copy that is kept until the peer has it. Pure.
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
import type { Packet } from "../wire/packet.ts";
import { LinkUse, type MultiplexerLink, OUTER_BYTES } from "./multiplexer_link.ts";
import type { PacketPool } from "./packet_pool.ts";
import type { ResendQueue } from "./resend_queue.ts";
import type { Scheduler } from "./scheduler.ts";

/** A packet is sent again so often at most. */
export const MAX_RESENDS = 4;

/** Packets sent again may be this share of all; and a burst beyond, for a link that dies. */
const RESEND_FRACTION = 0.25;
const RESEND_BURST_BYTES = 512 * 1024;

/** In place of the number of resends: a copy of a packet that is on its way by itself. It is never sent again. */
export const IS_COPY = 255;

/** A link that is held out for its losses gets a copy that often: only what it carries shows that it has become better. */
const TRY_MS = 50;

/** A link whose socket is full is left alone for so long. */
const FULL_SOCKET_MS = 2;

/** Copies of thin packets over a second link when the first is shaky: this share of all bytes at most. */
const COPY_FRACTION = 0.05;
const COPY_BURST_BYTES = 20_000;
const SHAKY_LOSS_FRACTION = 0.01;
const SHAKY_JITTER_MS = 15;

/** Sends for one peer. */
export class Transmitter {
  copiedPkts = 0;
  /** Packets that a link's own socket refused. */
  refusedPkts = 0;
  readonly #pool: PacketPool;
  readonly #scheduler: Scheduler;
  readonly #resends: ResendQueue;
  /** Next number of each order group; of the peer, not of the links. */
  readonly #groupSeqNos: Uint32Array;
  #resendBudgetBytes = RESEND_BURST_BYTES;
  #copyBudgetBytes = COPY_BURST_BYTES;
  #triedMs = Number.NEGATIVE_INFINITY;

  constructor(options: {
    readonly pool: PacketPool;
    readonly scheduler: Scheduler;
    readonly resends: ResendQueue;
    readonly groupSeqNos: Uint32Array;
  }) {
    this.#pool = options.pool;
    this.#scheduler = options.scheduler;
    this.#resends = options.resends;
    this.#groupSeqNos = options.groupSeqNos;
  }

  /** Whether the packet that has waited longest may go again: there is budget left, and it was not tried too often. */
  get mayResend(): boolean {
    const { isRescue, resends } = this.#resends;
    return (isRescue || this.#resendBudgetBytes > 0) && !(resends > MAX_RESENDS);
  }

  /** Sends it. @returns false: a socket did not take it, and would not take the next one either. */
  sendAgain(link: MultiplexerLink, now: number): boolean {
    const { refusedPkts } = this;
    const { slot, group, groupSeqNo, flags, resends, firstSentMs } = this.#resends;
    this.#resends.shift();
    this.#resendBudgetBytes -= slot.end - slot.start;
    link.resentPkts++;
    // Lost twice: two copies, over two links.
    if (resends > 1) this.#sendCopy(slot, link, flags, group, groupSeqNo, now);
    this.#transmit(
      slot,
      link,
      flags | DataFlag.RESENT,
      group,
      groupSeqNo,
      resends,
      firstSentMs,
      now,
    );
    return this.refusedPkts === refusedPkts;
  }

  /** Hot. Sends a packet for the first time; owns the slot from now on, as all these do. */
  sendFirst(slot: Packet, link: MultiplexerLink, now: number): void {
    const group = readOrderGroup(slot);
    const groupSeqNo = group === 0 ? 0 : this.#nextGroupSeqNo(group);
    const flags = readDataFlags(slot);
    const { lossy } = this.#scheduler;
    if (lossy !== null && lossy !== link && group !== 0 && now - this.#triedMs >= TRY_MS) {
      this.#triedMs = now;
      this.#copyTo(lossy, slot, flags, group, groupSeqNo, now);
    }
    this.#transmit(slot, link, flags, group, groupSeqNo, 0, now, now);
  }

  /** Hot. A packet that should not wait; with a copy over another link when this one is shaky. */
  sendThin(slot: Packet, link: MultiplexerLink, now: number): void {
    const isShaky = link.loss.longFraction > SHAKY_LOSS_FRACTION ||
      link.delay.jitterMs > SHAKY_JITTER_MS;
    const mustCopy = link.port.settings.mode === "redundant";
    const mayCopy = isShaky && readOrderGroup(slot) !== 0 &&
      this.#copyBudgetBytes > slot.end - slot.start && !this.#isSecondSpared(slot);
    if (mustCopy || mayCopy) this.sendTwice(slot, link, now);
    else this.sendFirst(slot, link, now);
  }

  /** Whether a copy would go over a link that is to cost nothing while the others suffice. */
  #isSecondSpared(slot: Packet): boolean {
    return this.#scheduler.pickSecond(slot.end - slot.start)?.use === LinkUse.COSTLY;
  }

  /** Over this link and the best other one: the receiver drops what comes second. */
  sendTwice(slot: Packet, link: MultiplexerLink, now: number): void {
    const group = readOrderGroup(slot);
    if (group === 0) return this.sendFirst(slot, link, now);
    const groupSeqNo = this.#nextGroupSeqNo(group);
    const flags = readDataFlags(slot);
    this.#sendCopy(slot, link, flags, group, groupSeqNo, now);
    this.#transmit(slot, link, flags, group, groupSeqNo, 0, now, now);
  }

  /** A copy over the best link but one; it is not sent again. */
  #sendCopy(
    slot: Packet,
    besides: MultiplexerLink,
    flags: number,
    group: number,
    groupSeqNo: number,
    now: number,
  ): void {
    const packetBytes = slot.end - slot.start;
    const first = this.#scheduler.pickFirst(packetBytes);
    const other = first === besides ? this.#scheduler.pickSecond(packetBytes) : first;
    if (other !== null) this.#copyTo(other, slot, flags, group, groupSeqNo, now);
  }

  #copyTo(
    link: MultiplexerLink,
    slot: Packet,
    flags: number,
    group: number,
    groupSeqNo: number,
    now: number,
  ): void {
    const copy = this.#pool.acquireCopy(slot);
    if (copy === null) return;
    this.#copyBudgetBytes -= slot.end - slot.start;
    this.copiedPkts++;
    this.#transmit(copy, link, flags | DataFlag.RESENT, group, groupSeqNo, IS_COPY, now, now);
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
      this.#handleRefusal(
        slot,
        link,
        datagramBytes,
        flags,
        group,
        groupSeqNo,
        resends,
        firstSentMs,
        now,
      );
      return;
    }
    const wireBytes = datagramBytes + OUTER_BYTES;
    link.pacer.take(wireBytes, now);
    link.countSent(wireBytes, now);
    const at = sent.add(port.lastSeqNo, wireBytes, now);
    if (at < 0) return this.#pool.release(slot);
    sent.slots[at] = slot;
    sent.firstSentMs[at] = firstSentMs;
    sent.groups[at] = group;
    sent.groupSeqNos[at] = groupSeqNo;
    sent.flags[at] = flags;
    sent.resends[at] = resends;
    if (resends > 0) return;
    this.#resendBudgetBytes = Math.min(
      RESEND_BURST_BYTES,
      this.#resendBudgetBytes + wireBytes * RESEND_FRACTION,
    );
    this.#copyBudgetBytes = Math.min(
      COPY_BURST_BYTES,
      this.#copyBudgetBytes + wireBytes * COPY_FRACTION,
    );
  }

  /** The link's own socket would not take it: the packet waits, and the link as well. When it is not only full, that counts as a loss. */
  #handleRefusal(
    slot: Packet,
    link: MultiplexerLink,
    reason: number,
    flags: number,
    group: number,
    groupSeqNo: number,
    resends: number,
    firstSentMs: number,
    now: number,
  ): void {
    this.refusedPkts++;
    link.pacer.take(
      Math.max(slot.end - slot.start, link.rate.rateBps / 8_000 * FULL_SOCKET_MS),
      now,
    );
    if (group === 0 || resends === IS_COPY) return this.#pool.release(slot);
    const attempts = reason === DropReason.SEND_QUEUE_FULL ? resends : resends + 1;
    this.#resends.push(slot, link, firstSentMs, group, groupSeqNo, flags, attempts, false);
  }

  #nextGroupSeqNo(group: number): number {
    const seqNo = this.#groupSeqNos[group]!;
    this.#groupSeqNos[group] = seqNo + 1;
    return seqNo;
  }
}
