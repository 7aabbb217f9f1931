/**
 * Where a peer's packets wait for a link: a bounded queue that is fair between flows and keeps its own delay short
 * (fair_flows.ts), with a class of thin packets in front. What it marks and drops is what the senders behind the tun adapt to. Pure.
 *
 * Thin packets (pure ACKs, DNS, ICMP, ...; the caller says which) cost little, and others wait for them. Their
 * class is bounded, and after a run of them the flows get a turn: the ACKs of a fast download must not stop
 * an upload over a slow uplink.
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";
import { FairFlows } from "./fair_flows.ts";
import type { PacketPool } from "./packet_pool.ts";
import { FlowPool } from "./queued_flow.ts";
import { SlotRing } from "./slot_ring.ts";

/** What a queue holds unless setLimits says otherwise: 1 s of 32 Mbit/s; CoDel is there long before. */
const MAX_BYTES = 4 * 1024 * 1024;
const MAX_PKTS = 4_096;

/** What the thin class holds; beyond it thin packets go to their flows. */
const MAX_THIN_BYTES = 64 * 1024;
const MAX_THIN_PKTS = 256;

/**
 * Thin packets in a row while flows wait; then one packet of a flow. Where thin ones of 100 bytes come faster
 * than the links send, they get two thirds of the rate.
 */
const MAX_THIN_RUN_PKTS = 32;

/** The thin class's line in queues that have no thin packet: nothing is ever put in. */
const EMPTY_LINE = new SlotRing();

/**
 * The queue of one peer. It owns the slots in it, and gives those that it drops back to their pool.
 *
 * @example
 * ```ts
 * import { Packet } from "../wire/packet.ts";
 * import { FlowQueue } from "./flow_queue.ts";
 * import { PacketPool } from "./packet_pool.ts";
 *
 * const pool = new PacketPool();
 * const queue = new FlowQueue(pool);
 * const packet = new Packet(1500);
 * packet.fill(new Uint8Array(100));
 * queue.enqueue(pool.acquireCopy(packet)!, 1, false, 0);
 * const slot = queue.dequeue(5)!;
 * if (slot.length !== 100 || queue.lastEnqueuedMs !== 0) throw new Error("not what was put in");
 * pool.release(slot);
 * ```
 */
export class FlowQueue {
  /** Of the packet that was taken out last: its flow's hash. */
  lastFlowHash = 0;
  /** When it was put in, in ms. */
  lastEnqueuedMs = NaN; // Not 0: a field that begins as a small integer changes its shape later.
  /** Whether it was of the thin class. */
  lastIsThin = false;
  /** Whether it was thin, or of a flow that had not yet used a round up: one of few packets, or new. */
  lastIsSparse = false;
  /** Packets dropped because the queue was full, of whatever class. */
  overflowPkts = 0;

  readonly #pool: PacketPool;
  readonly #flowPool: FlowPool;
  readonly #flows: FairFlows;
  #thin = EMPTY_LINE;
  #maxBytes = MAX_BYTES;
  #maxPkts = MAX_PKTS;
  #thinRunPkts = 0;

  /**
   * @param pool where the slots come from, and dropped ones go to.
   * @param flowPool shared by the queues of all peers: what only busy ones need.
   */
  constructor(pool: PacketPool, flowPool: FlowPool = new FlowPool()) {
    this.#pool = pool;
    this.#flowPool = flowPool;
    this.#flows = new FairFlows(pool, flowPool);
  }

  /** Bytes of all packets in the queue, thin ones included. */
  get bytes(): number {
    return this.#flows.bytes + this.#thin.bytes;
  }

  /** Packets in the queue, thin ones included. */
  get pkts(): number {
    return this.#flows.pkts + this.#thin.pkts;
  }

  /** Packets in the thin class. */
  get thinPkts(): number {
    return this.#thin.pkts;
  }

  /** Packets marked by CoDel, so far. */
  get markedPkts(): number {
    return this.#flows.markedPkts;
  }

  /** Packets dropped by CoDel because their flows do not understand marks, so far. */
  get codelDroppedPkts(): number {
    return this.#flows.droppedPkts;
  }

  /** Sets the delay a standing queue may have, and the time for senders to react, in ms. Holds from the next packet on. */
  setCodel(targetMs: number, intervalMs: number): void {
    this.#flows.setCodel(targetMs, intervalMs);
  }

  /** Sets what the queue holds. Holds from the next packet on. */
  setLimits(maxBytes: number, maxPkts: number): void {
    this.#maxBytes = maxBytes;
    this.#maxPkts = maxPkts;
  }

  /**
   * Hot. Puts a packet in. The slot is the queue's from here on, whatever the result.
   * @param flowHash 31 bits, InnerFlow's
   * @param isThin to be served before all flows, if the thin class has room
   * @returns 0, or SEND_QUEUE_FULL when this very packet was dropped. (A full queue drops from the fattest flow; see overflowPkts.)
   */
  enqueue(slot: Packet, flowHash: number, isThin: boolean, now: number): number {
    const isInThin = isThin && this.#hasThinRoom(slot);
    const line = isInThin
      ? this.#pushThin(slot, flowHash, now)
      : this.#flows.push(slot, flowHash, now);
    if (this.bytes <= this.#maxBytes && this.pkts <= this.#maxPkts) return 0;
    this.#makeRoom();
    // A line loses its first packets: its last one is gone when all are.
    return line.pkts === 0 ? DropReason.SEND_QUEUE_FULL : 0;
  }

  /** Hot. Takes the next packet out, marked if need be; the slot is the caller's. Null: there is none. */
  dequeue(now: number): Packet | null {
    if (this.peekIsThin()) return this.dequeueThin(now);
    this.#thinRunPkts = 0;
    const flows = this.#flows;
    const slot = flows.take(now);
    // CoDel may have dropped all there was.
    if (slot === null) return this.dequeueThin(now);
    this.lastFlowHash = flows.lastFlowHash;
    this.lastEnqueuedMs = flows.lastEnqueuedMs;
    this.lastIsThin = false;
    this.lastIsSparse = flows.lastIsNew;
    return slot;
  }

  /** Hot. Whether the next packet is of the thin class. */
  peekIsThin(): boolean {
    return this.#thin.pkts > 0 && (this.#thinRunPkts < MAX_THIN_RUN_PKTS || this.#flows.pkts === 0);
  }

  /** Hot. Takes the next thin packet out; the slot is the caller's. Null: there is none. */
  dequeueThin(_now: number): Packet | null {
    const thin = this.#thin;
    if (thin.pkts === 0) return null;
    if (this.#flows.pkts > 0) this.#thinRunPkts++;
    this.lastFlowHash = thin.firstHash;
    this.lastEnqueuedMs = thin.firstEnqueuedMs;
    this.lastIsThin = true;
    this.lastIsSparse = true;
    return this.#shiftThin();
  }

  /**
   * Hot. How long the next packet of the flows has stood, in ms; 0: there is none. Of the flow that is next among the new ones
   * and the one that is next among the others, the older packet. Thin packets do not count.
   */
  headSojournMs(now: number): number {
    return this.#flows.headSojournMs(now);
  }

  /** Empties the queue; the slots go back to their pool. Counts nothing. */
  clear(): void {
    while (this.#thin.pkts > 0) this.#pool.release(this.#shiftThin());
    this.#thinRunPkts = 0;
    this.#flows.clear();
  }

  #hasThinRoom(slot: Packet): boolean {
    const { pkts, bytes } = this.#thin;
    return pkts < MAX_THIN_PKTS && bytes + slot.end - slot.start <= MAX_THIN_BYTES;
  }

  #pushThin(slot: Packet, flowHash: number, now: number): SlotRing {
    if (this.#thin === EMPTY_LINE) this.#thin = this.#flowPool.acquireLine();
    this.#thin.push(slot, flowHash, now);
    return this.#thin;
  }

  #shiftThin(): Packet {
    const slot = this.#thin.shift();
    if (this.#thin.pkts === 0) {
      this.#flowPool.releaseLine(this.#thin);
      this.#thin = EMPTY_LINE;
    }
    return slot;
  }

  /** Drops until the limits are kept; thin packets only when there is nothing else. */
  #makeRoom(): void {
    while (this.pkts > 0 && (this.bytes > this.#maxBytes || this.pkts > this.#maxPkts)) {
      const droppedPkts = this.#flows.dropFromFattest();
      this.overflowPkts += droppedPkts;
      if (droppedPkts > 0) continue;
      if (this.#thin.pkts === 0) return; // Packets of no bytes; they are no IP packets and don't come here.
      this.#pool.release(this.#shiftThin());
      this.overflowPkts++;
    }
  }
}
