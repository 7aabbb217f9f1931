/**
 * Flows that share a queue fairly, each with its own CoDel: FQ-CoDel (RFC 8290). Pure.
 *
 * A round gives each flow as many bytes as the others. A flow that has just come is served before those that have
 * used a round up, so one of few packets (a call, a name look-up, a handshake) does not wait for the fat ones.
 *
 * One difference to the RFC: when no packet is left, all flows and their table go back to a pool shared by all
 * queues, so an idle peer holds nothing. Flows so forget how often CoDel had to signal; but the queue
 * that it was about is gone as well.
 *
 * @module
 */

import { markCongestion } from "../wire/inner_flow.ts";
import type { Packet } from "../wire/packet.ts";
import { CODEL_INTERVAL_MS, CODEL_TARGET_MS, type CodelLimits } from "./codel.ts";
import type { PacketPool } from "./packet_pool.ts";
import {
  FLOW_BUCKETS,
  FlowList,
  type FlowPool,
  type FlowTable,
  type QueuedFlow,
} from "./queued_flow.ts";
import type { SlotRing } from "./slot_ring.ts";

/** What a flow may send per round, in bytes: a largest packet (RFC 8290 §5.2). */
const QUANTUM_BYTES = 1_500;

/** Packets that the fattest flow loses at once, at most: finding it looks at the whole table (Linux: 64). */
const MAX_DROP_BATCH_PKTS = 64;

/** The flows of one queue. They own the slots in them, and give those that are dropped back to their pool. */
export class FairFlows {
  /** Of the packet that was taken out last: whether its flow had not yet used a round up. */
  lastIsNew = false;
  /** Of the packet that was taken out last: its flow's hash. */
  lastFlowHash = 0;
  /** When it was put in, in ms. */
  lastEnqueuedMs = NaN; // Not 0: a field that begins as a small integer changes its shape later.
  /** Packets marked by CoDel. */
  markedPkts = 0;
  /** Packets dropped by CoDel because their flows do not understand marks. */
  droppedPkts = 0;

  readonly #pool: PacketPool;
  readonly #flowPool: FlowPool;
  readonly #codelLimits: CodelLimits = { targetMs: CODEL_TARGET_MS, intervalMs: CODEL_INTERVAL_MS };
  readonly #newFlows = new FlowList();
  readonly #oldFlows = new FlowList();
  /** Null while no flow is in a list. */
  #table: FlowTable | null = null;
  #bytes = 0;
  #pkts = 0;

  constructor(pool: PacketPool, flowPool: FlowPool) {
    this.#pool = pool;
    this.#flowPool = flowPool;
  }

  /** Bytes of all packets. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Packets of all flows. */
  get pkts(): number {
    return this.#pkts;
  }

  /** Sets the delay a standing queue may have, and the time for senders to react, in ms. */
  setCodel(targetMs: number, intervalMs: number): void {
    this.#codelLimits.targetMs = targetMs;
    this.#codelLimits.intervalMs = intervalMs;
  }

  /** Hot. Puts a packet in; takes the slot over. @returns the line it joined. */
  push(slot: Packet, flowHash: number, now: number): SlotRing {
    const table = this.#table ??= this.#flowPool.acquireTable();
    const bucket = flowHash & (FLOW_BUCKETS - 1);
    const { line } = table.flows[bucket] ?? this.#begin(table, bucket);
    const lengthBytes = slot.end - slot.start;
    line.push(slot, flowHash, now);
    table.addBytes(bucket, lengthBytes);
    this.#bytes += lengthBytes;
    this.#pkts++;
    return line;
  }

  /**
   * Hot. Takes the next packet out, marked if need be; the slot is the caller's. Null: there is none (any more, after
   * CoDel's drops). RFC 8290 §4.2: new flows first; whoever has used its round up goes behind the old ones.
   */
  take(now: number): Packet | null {
    while (this.#pkts > 0) {
      const list = this.#newFlows.head !== null ? this.#newFlows : this.#oldFlows;
      const flow = list.head!;
      if (flow.creditBytes <= 0) {
        flow.creditBytes += QUANTUM_BYTES;
        this.#makeOld(list);
        continue;
      }
      this.#dropByCodel(flow, now);
      if (flow.line.pkts > 0) return this.#takeFrom(flow);
      this.#retire(list);
    }
    this.#releaseAll();
    return null;
  }

  /** Hot. How long the next packet has stood, in ms: of the flow that is next among the new and of that among the old ones, the older. */
  headSojournMs(now: number): number {
    return now - Math.min(
      this.#newFlows.firstEnqueuedMs(now),
      this.#oldFlows.firstEnqueuedMs(now),
    );
  }

  /**
   * RFC 8290 §4.1.2: drops the first packets of the flow that has most bytes, up to half of them, so that the next ones
   * that come find room.
   * @returns how many; 0: there is no packet.
   */
  dropFromFattest(): number {
    const flow = this.#table === null ? null : this.#table.findFattest();
    if (flow === null) return 0;
    const keptBytes = flow.line.bytes / 2;
    let droppedPkts = 0;
    do {
      this.#dropFirst(flow);
      droppedPkts++;
    } while (droppedPkts < MAX_DROP_BATCH_PKTS && flow.line.bytes > keptBytes);
    if (this.#pkts === 0) this.#releaseAll();
    return droppedPkts;
  }

  /** Drops all; counts nothing. */
  clear(): void {
    this.#clearList(this.#newFlows);
    this.#clearList(this.#oldFlows);
    this.#releaseAll();
  }

  /** A flow that is in no list joins the new ones. */
  #begin(table: FlowTable, bucket: number): QueuedFlow {
    const flow = this.#flowPool.acquire();
    flow.bucket = bucket;
    flow.creditBytes = QUANTUM_BYTES;
    flow.isNew = true;
    table.flows[bucket] = flow;
    this.#newFlows.append(flow);
    return flow;
  }

  /** Leaves at the flow's head a packet that may go, marked or not; or nothing. */
  #dropByCodel(flow: QueuedFlow, now: number): void {
    const { line, codel } = flow;
    const limits = this.#codelLimits;
    while (line.pkts > 0) {
      if (!codel.shouldSignal(line, limits, now)) return;
      if (markCongestion(line.first)) {
        this.markedPkts++;
        return;
      }
      this.#dropFirst(flow);
      this.droppedPkts++;
    }
    codel.noteEmpty();
  }

  #takeFrom(flow: QueuedFlow): Packet {
    this.lastIsNew = flow.isNew;
    this.lastFlowHash = flow.line.firstHash;
    this.lastEnqueuedMs = flow.line.firstEnqueuedMs;
    const slot = this.#shift(flow);
    flow.creditBytes -= slot.end - slot.start;
    if (this.#pkts === 0) this.#releaseAll();
    return slot;
  }

  #shift(flow: QueuedFlow): Packet {
    const slot = flow.line.shift();
    const lengthBytes = slot.end - slot.start;
    this.#table!.addBytes(flow.bucket, -lengthBytes);
    this.#bytes -= lengthBytes;
    this.#pkts--;
    return slot;
  }

  #dropFirst(flow: QueuedFlow): void {
    this.#pool.release(this.#shift(flow));
  }

  #clearList(list: FlowList): void {
    for (let flow = list.head; flow !== null; flow = flow.next) {
      while (flow.line.pkts > 0) this.#dropFirst(flow);
    }
  }

  /** Moves the first flow of a list behind the old ones. */
  #makeOld(list: FlowList): void {
    const flow = list.shift();
    flow.isNew = false;
    this.#oldFlows.append(flow);
  }

  /**
   * The first flow of a list has nothing more and leaves; a new one by way of the old ones, if there are any: else it could
   * come back as a new one at once, and again, and starve them (RFC 8290 §4.2).
   */
  #retire(list: FlowList): void {
    if (list === this.#newFlows && this.#oldFlows.head !== null) this.#makeOld(list);
    else this.#release(list);
  }

  #release(list: FlowList): void {
    const flow = list.shift();
    this.#table!.flows[flow.bucket] = null;
    this.#flowPool.release(flow);
  }

  /** No packet is left: all flows leave, and the table goes. */
  #releaseAll(): void {
    while (this.#newFlows.head !== null) this.#release(this.#newFlows);
    while (this.#oldFlows.head !== null) this.#release(this.#oldFlows);
    if (this.#table === null) return;
    this.#flowPool.releaseTable(this.#table);
    this.#table = null;
  }
}
