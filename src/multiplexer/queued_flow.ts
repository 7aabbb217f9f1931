/**
 * A flow that has packets queued, or had until a moment ago: its line, its turn and its CoDel state; and the pool that
 * such objects come from, shared by the queues of all peers of one end, so that an idle queue holds none. Pure.
 *
 * @module
 */

import { Codel } from "./codel.ts";
import { SlotRing } from "./slot_ring.ts";

/** Places in a queue's table of flows (RFC 8290 §5.2); a power of two. Flows whose hashes share a place share a line. */
export const FLOW_BUCKETS = 1_024;

/** A flow of a queue. */
export class QueuedFlow {
  readonly line = new SlotRing();
  readonly codel = new Codel();
  /** Its place in the queue's table. */
  bucket = 0;
  /** What it may still send in this round, in bytes. */
  creditBytes = 0;
  /** Has not had to wait for a second round since it came: few packets, or the first ones of many. */
  isNew = false;
  /** The next one of the list it is in. */
  next: QueuedFlow | null = null;
}

/** A list of flows, linked by themselves: served at the head, joined at the tail. */
export class FlowList {
  head: QueuedFlow | null = null;
  #tail: QueuedFlow | null = null;

  /** Hot. */
  append(flow: QueuedFlow): void {
    flow.next = null;
    if (this.#tail === null) this.head = flow;
    else this.#tail.next = flow;
    this.#tail = flow;
  }

  /** Hot. Takes the first one, which there must be. */
  shift(): QueuedFlow {
    const flow = this.head!;
    this.head = flow.next;
    if (this.head === null) this.#tail = null;
    flow.next = null;
    return flow;
  }

  /** Hot. When the first packet of the first flow that has any came, in ms; `now` if none has. */
  firstEnqueuedMs(now: number): number {
    let flow = this.head;
    while (flow !== null && flow.line.pkts === 0) flow = flow.next;
    return flow === null ? now : flow.line.firstEnqueuedMs;
  }
}

/** A place for each flow of one queue. */
export class FlowTable {
  /** The flows; null where none is in a list. */
  readonly flows = new Array<QueuedFlow | null>(FLOW_BUCKETS).fill(null);
  /** What each has queued, in bytes: of 0 where there is no flow. Apart from them, since whoever looks for the fattest reads all. */
  readonly #bytes = new Int32Array(FLOW_BUCKETS);

  /** Hot. Counts bytes that a flow has more, or less. */
  addBytes(bucket: number, bytes: number): void {
    this.#bytes[bucket]! += bytes;
  }

  /** The flow that has most bytes; null: none has any. Half a microsecond, however many flows there are. */
  findFattest(): QueuedFlow | null {
    const all = this.#bytes;
    let fattest = 0;
    for (let bucket = 1; bucket < FLOW_BUCKETS; bucket++) {
      if (all[bucket]! > all[fattest]!) fattest = bucket;
    }
    return all[fattest] === 0 ? null : this.flows[fattest]!;
  }
}

/** What is kept for later, at most: with their lines, some 6 MiB of flows, 1 MiB of thin lines, 3 MiB of tables. */
const MAX_KEPT_FLOWS = 1_024;
const MAX_KEPT_LINES = 256;
const MAX_KEPT_TABLES = 256;

/** A kept flow's line has at most so many places: 20 bytes each. */
const MAX_KEPT_PLACES = 256;

/** Idle flows, lines and tables. Made when first needed. */
export class FlowPool {
  readonly #flows: QueuedFlow[] = [];
  readonly #lines: SlotRing[] = [];
  readonly #tables: FlowTable[] = [];
  #madeFlows = 0;

  /** Flows ever made: no more of them when traffic is steady. */
  get madeFlows(): number {
    return this.#madeFlows;
  }

  /** Hot. A flow with an empty line. */
  acquire(): QueuedFlow {
    const flow = this.#flows.pop();
    if (flow !== undefined) return flow;
    this.#madeFlows++;
    return new QueuedFlow();
  }

  /** Hot. Takes a flow back, whose line is empty. */
  release(flow: QueuedFlow): void {
    if (this.#flows.length >= MAX_KEPT_FLOWS) return;
    flow.line.shrink(MAX_KEPT_PLACES);
    flow.codel.reset();
    this.#flows.push(flow);
  }

  /** Hot. An empty line, for packets of no flow. */
  acquireLine(): SlotRing {
    return this.#lines.pop() ?? new SlotRing();
  }

  /** Hot. Takes an empty line back. */
  releaseLine(line: SlotRing): void {
    if (this.#lines.length >= MAX_KEPT_LINES) return;
    line.shrink(MAX_KEPT_PLACES);
    this.#lines.push(line);
  }

  /** Hot. A table without flows. */
  acquireTable(): FlowTable {
    return this.#tables.pop() ?? new FlowTable();
  }

  /** Hot. Takes a table back, which has no flow any more. */
  releaseTable(table: FlowTable): void {
    if (this.#tables.length < MAX_KEPT_TABLES) this.#tables.push(table);
  }
}
