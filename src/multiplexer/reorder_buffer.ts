/**
 * Puts packets that took different links in order again, for each order group (a hash of the inner flow) on its own,
 * at the receiver: between the session that opened them and the tundev. Pure.
 *
 * A packet in order passes at once and costs a few comparisons. One ahead of its turn is copied and waits until what
 * is missing before it came, was given up by the sender, or has been waited for long enough; what comes after that is
 * late and is passed on all the same: the inner TCP can still use it. A repeated packet goes no further.
 *
 * Not taken: an order over all groups (one flow's loss would stop them all), and dropping what is late.
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";
import type { PacketPool } from "./packet_pool.ts";
import { MAX_AHEAD_PKTS, MAX_BEHIND_PKTS, ReorderGroup } from "./reorder_group.ts";
import { WaitingGroups } from "./waiting_groups.ts";

/** How long a packet waits for those before it. Above a retransmission inside the tunnel: a shorter one shows TCP every loss. */
const DEFAULT_BULK_HOLD_MS = 100;

/** The same for real-time packets, which are worth nothing later. */
const DEFAULT_REALTIME_HOLD_MS = 30;

/** Packets held in all groups: half a second of 64 Mbit/s. */
const MAX_HELD_BYTES = 4 * 1024 * 1024;

/** Groups are numbered 1..255; 0 has no order. */
const MAX_GROUP = 255;

/**
 * So many packets in a row more than {@link MAX_BEHIND_PKTS} back and the sender is taken to have begun anew. Fewer
 * are only very late, 50 ms at 1 Gbit/s: beginning anew at each would undo the order of all others.
 */
const RESTART_AFTER_PKTS = 16;

/** A group that received nothing for so long is forgotten: 1.5 KB each. */
const IDLE_MS = 10_000;

/** What a reorder buffer needs. */
export interface ReorderOptions {
  /** Shared by all peers. */
  readonly pool: PacketPool;
  /** Hot. Passes a packet on, which is borrowed until it returns. It must not call back. @returns 0 or more, or a DropReason. */
  readonly deliver: (packet: Packet) => number;
}

/** The packets of one peer on their way to the tundev. */
export class ReorderBuffer {
  /** Passed on at once, in their turn; group 0 is not counted. */
  inOrderPkts = 0;
  /** Came before their turn and waited. */
  heldPkts = 0;
  /** Came before their turn and were passed on at once, because the pool was empty. */
  unheldPkts = 0;
  /** Came after nobody waited for them any more; passed on. */
  latePkts = 0;
  duplicatePkts = 0;
  /** Missing numbers that arrived while packets waited for them. */
  filledGaps = 0;
  /** Missing numbers that were waited for long enough. */
  timedOutGaps = 0;
  /** Missing numbers that the sender gave up. */
  givenUpGaps = 0;
  /** Missing numbers passed over because too much was held behind them. */
  overflowGaps = 0;
  /** Groups that went on at a number far from the one they were at. */
  jumps = 0;
  /** Held now, in all groups. */
  heldBytes = 0;
  /** How long all packets together waited that were held and released since; a mean with {@link holdCount}. */
  holdMsSum = 0;
  holdCount = 0;

  readonly #pool: PacketPool;
  readonly #deliver: (packet: Packet) => number;
  #bulkHoldMs = DEFAULT_BULK_HOLD_MS;
  #realtimeHoldMs = DEFAULT_REALTIME_HOLD_MS;
  /** By number; empty until the first packet with an order. */
  #groups: (ReorderGroup | null)[] = [];
  readonly #waiting = new WaitingGroups();
  /** When to look for idle groups. */
  #sweepAtMs = Number.POSITIVE_INFINITY;

  constructor(options: ReorderOptions) {
    this.#pool = options.pool;
    this.#deliver = options.deliver;
  }

  /** For packets that arrive from now on: how long they wait at most. 0: not at all. */
  setHold(bulkMs: number, realtimeMs: number): void {
    this.#bulkHoldMs = bulkMs;
    this.#realtimeHoldMs = realtimeMs;
  }

  /**
   * Hot. Takes a packet of the peer.
   * @param packet the inner IP packet, borrowed
   * @param group 1..255; any other has no order: passed on at once
   * @param seqNo u32, its number in the group
   * @returns what deliver returned for it, 0 when it waits, or DUPLICATE.
   */
  receive(packet: Packet, group: number, seqNo: number, isRealtime: boolean, now: number): number {
    if (group === 0 || group > MAX_GROUP) return this.#deliver(packet);
    const state = this.#groups[group] ?? this.#begin(group, seqNo, now);
    state.lastReceivedMs = now;
    const ahead = state.aheadOf(seqNo);
    if (ahead === 0) return this.#passInOrder(state, packet, now);
    if (ahead < 0) return this.#passLate(state, packet, seqNo, now);
    const holdMs = isRealtime ? this.#realtimeHoldMs : this.#bulkHoldMs;
    if (ahead <= MAX_AHEAD_PKTS) return this.#hold(state, packet, seqNo, holdMs, now);
    return this.#makeRoom(state, packet, seqNo, holdMs, now);
  }

  /** The sender will not send this number again: certain loss. What waits only for it is passed on. */
  giveUp(group: number, seqNo: number, now: number): void {
    const state = this.#groups[group];
    if (!state) return;
    const ahead = state.aheadOf(seqNo);
    if (ahead < 0 || ahead > MAX_AHEAD_PKTS || state.isReceived(seqNo)) return;
    if (ahead > 0) {
      state.giveUp(seqNo);
      return;
    }
    this.givenUpGaps++;
    this.#skipHead(state, now);
  }

  /** Passes on what waited long enough, and forgets idle groups. */
  handleTimeout(now: number): void {
    while (this.#waiting.earliestMs() <= now) this.#expire(this.#waiting.earliest()!, now);
    if (this.#sweepAtMs <= now) this.#sweep(now);
  }

  /** Hot. When to call {@link handleTimeout}, monotonic ms. Infinity: nothing is held and no group is known; else after 10 s at most. */
  nextTimeout(): number {
    return Math.min(this.#waiting.earliestMs(), this.#sweepAtMs);
  }

  /** Forgets all groups and what is held; counters go on. */
  reset(): void {
    for (let state = this.#waiting.earliest(); state !== null; state = this.#waiting.earliest()) {
      this.#drop(state);
    }
    this.#groups = [];
    this.heldBytes = 0;
    this.#sweepAtMs = Number.POSITIVE_INFINITY;
  }

  /** The first packet of a group is in order, whatever its number; lower ones will be late. */
  #begin(group: number, seqNo: number, now: number): ReorderGroup {
    if (this.#groups.length === 0) {
      this.#groups = new Array<ReorderGroup | null>(MAX_GROUP + 1).fill(null);
      this.#sweepAtMs = now + IDLE_MS;
    }
    const state = new ReorderGroup(seqNo);
    this.#groups[group] = state;
    return state;
  }

  #passInOrder(state: ReorderGroup, packet: Packet, now: number): number {
    this.inOrderPkts++;
    state.farBackPkts = 0;
    state.markReceived(state.next);
    state.step();
    const result = this.#deliver(packet);
    if (state.aheadPkts > 0) {
      if (state.heldPkts > 0) this.filledGaps++;
      this.#releaseRun(state, now);
    }
    return result;
  }

  #passLate(state: ReorderGroup, packet: Packet, seqNo: number, now: number): number {
    if (state.aheadOf(seqNo) < -MAX_BEHIND_PKTS) {
      state.farBackPkts++;
      if (state.farBackPkts >= RESTART_AFTER_PKTS) {
        while (state.aheadPkts > 0) this.#skipHead(state, now);
        state.restartAt(seqNo);
        this.jumps++;
        return this.#passInOrder(state, packet, now);
      }
    } else {
      state.farBackPkts = 0;
      if (state.isReceived(seqNo)) return this.#refuse();
      state.markReceived(seqNo);
    }
    this.latePkts++;
    return this.#deliver(packet);
  }

  #hold(state: ReorderGroup, packet: Packet, seqNo: number, holdMs: number, now: number): number {
    state.farBackPkts = 0;
    if (state.isReceived(seqNo)) return this.#refuse();
    const slot = this.#pool.acquireCopy(packet);
    if (slot === null) {
      this.unheldPkts++;
      state.passOver(seqNo);
      return this.#deliver(packet);
    }
    this.heldPkts++;
    if (state.isBelowTop(seqNo)) this.filledGaps++;
    this.heldBytes += slot.end - slot.start;
    state.hold(seqNo, slot, now + holdMs, now);
    this.#waiting.add(state);
    this.#expire(state, now);
    while (this.heldBytes > MAX_HELD_BYTES) {
      this.overflowGaps++;
      this.#skipHead(this.#waiting.earliest()!, now);
    }
    return 0;
  }

  #refuse(): number {
    this.duplicatePkts++;
    return DropReason.DUPLICATE;
  }

  /** A packet too far ahead: what is missing before the packets held is not waited for any longer, as much as has to be. */
  #makeRoom(
    state: ReorderGroup,
    packet: Packet,
    seqNo: number,
    holdMs: number,
    now: number,
  ): number {
    while (state.aheadPkts > 0 && state.aheadOf(seqNo) > MAX_AHEAD_PKTS) {
      this.overflowGaps++;
      this.#skipHead(state, now);
    }
    const ahead = state.aheadOf(seqNo);
    if (ahead > 0 && ahead <= MAX_AHEAD_PKTS) {
      return this.#hold(state, packet, seqNo, holdMs, now);
    }
    if (ahead > 0) {
      this.jumps++;
      state.jumpTo(seqNo);
    }
    return this.#passInOrder(state, packet, now);
  }

  /** Gives up waiting for the next number. */
  #skipHead(state: ReorderGroup, now: number): void {
    state.step();
    this.#releaseRun(state, now);
  }

  /** Ends the waits of a group that lasted long enough. */
  #expire(state: ReorderGroup, now: number): void {
    while (state.headDeadlineMs <= now) {
      this.timedOutGaps++;
      this.#skipHead(state, now);
    }
  }

  /** Passes on what is in order since the next number moved. */
  #releaseRun(state: ReorderGroup, now: number): void {
    while (state.aheadPkts > 0 && state.isHeadKnown()) {
      if (state.isHeadGivenUp()) this.givenUpGaps++;
      const slot = state.takeHead();
      state.step();
      if (slot === null) continue;
      this.heldBytes -= slot.end - slot.start;
      this.holdMsSum += now - state.takenArrivedMs;
      this.holdCount++;
      this.#deliver(slot);
      this.#pool.release(slot);
    }
    const endedMs = state.headDeadlineMs;
    state.refreshHeadDeadline();
    this.#waiting.update(state, endedMs);
  }

  /** Gives back what a group holds. */
  #drop(state: ReorderGroup): void {
    while (state.heldPkts > 0) {
      state.step();
      const slot = state.isHeadKnown() ? state.takeHead() : null;
      if (slot !== null) this.#pool.release(slot);
    }
    this.#waiting.update(state, state.headDeadlineMs);
  }

  #sweep(now: number): void {
    let isAnyLeft = false;
    for (let group = 1; group <= MAX_GROUP; group++) {
      const state = this.#groups[group];
      if (!state) continue;
      if (state.heldPkts === 0 && now - state.lastReceivedMs >= IDLE_MS) this.#groups[group] = null;
      else isAnyLeft = true;
    }
    if (!isAnyLeft) this.#groups = [];
    this.#sweepAtMs = isAnyLeft ? now + IDLE_MS : Number.POSITIVE_INFINITY;
  }
}
