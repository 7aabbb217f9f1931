/**
 * The streams of one session: by id, and in the order in which they may send.
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import { ResetReason, type StreamCarrier, StreamChannel } from "./stream_channel.ts";
import { RangeSet } from "./stream_range_set.ts";
import { WindowBudget } from "./stream_receive_half.ts";

/** Streams at once, both ends' together. Bounds memory: 256 KiB each way before any window grows. */
export const MAX_STREAMS = 512;

/** Gaps in the ids the peer has used; ids are used in order, so packets under way make few. */
const MAX_ID_GAPS = 4096;

/** The table and the queue. */
export class StreamTable implements StreamCarrier {
  readonly #own = new Map<number, StreamChannel>();
  readonly #peers = new Map<number, StreamChannel>();
  readonly #seenPeerIds = new RangeSet();
  readonly #budget = new WindowBudget();
  #nextOwnId = 0;
  #queueHead: StreamChannel | null = null;
  #queueTail: StreamChannel | null = null;

  /** Streams now. */
  get size(): number {
    return this.#own.size + this.#peers.size;
  }

  /** Makes a stream of this end's. @returns null when there are too many. */
  open(): StreamChannel | null {
    if (this.size >= MAX_STREAMS || this.#nextOwnId > MAX_ID) return null;
    const stream = new StreamChannel(this, this.#nextOwnId++, true, this.#budget);
    this.#own.set(stream.id, stream);
    stream.needsOpen = true;
    this.enqueue(stream);
    return stream;
  }

  /** Hot. The stream a frame names; null when it is over, or was never. */
  find(isOwn: boolean, id: number): StreamChannel | null {
    return (isOwn ? this.#own : this.#peers).get(id) ?? null;
  }

  /** Whether this end ever opened stream `id`. */
  wasOpened(id: number): boolean {
    return id < this.#nextOwnId;
  }

  /**
   * Makes a stream that the peer opened.
   * @returns null when it was there already and is over; BAD_STREAM when there are too many: its
   * packet is then not acknowledged, so the peer tries again.
   */
  accept(id: number): StreamChannel | null | typeof DropReason.BAD_STREAM {
    if (this.#seenPeerIds.containsRange(id, id + 1)) return null;
    if (this.size >= MAX_STREAMS || this.#seenPeerIds.count >= MAX_ID_GAPS) {
      return DropReason.BAD_STREAM;
    }
    this.#seenPeerIds.add(id, id + 1);
    const stream = new StreamChannel(this, id, false, this.#budget);
    this.#peers.set(id, stream);
    return stream;
  }

  /** Takes a stream out when both directions are done with. */
  settle(stream: StreamChannel): void {
    if (stream.resetReason !== 0) return;
    if (stream.sendHalf.isDone && stream.receiveHalf.isAtEnd) this.remove(stream);
  }

  /** Takes a stream out. */
  remove(stream: StreamChannel): void {
    if (stream.isOver) return;
    stream.isOver = true;
    stream.release();
    (stream.isOwn ? this.#own : this.#peers).delete(stream.id);
  }

  /** Takes all streams out and tells their owners; ids begin anew. */
  clear(reason: ResetReason): void {
    const streams = [...this.#own.values(), ...this.#peers.values()];
    this.#seenPeerIds.clear();
    this.#nextOwnId = 0;
    this.#queueHead = null;
    this.#queueTail = null;
    for (const stream of streams) {
      this.remove(stream);
      if (stream.resetReason === 0) stream.handler.handleReset(reason);
    }
  }

  /** Hot. Puts a stream at the end of the queue, if it has something to send and is not in it. */
  enqueue(stream: StreamChannel): void {
    if (stream.isQueued || !stream.hasFrame) return;
    stream.isQueued = true;
    stream.nextQueued = null;
    if (this.#queueTail === null) this.#queueHead = stream;
    else this.#queueTail.nextQueued = stream;
    this.#queueTail = stream;
  }

  /** Hot. The next stream that may send, left in its place; null when there is none. */
  peek(): StreamChannel | null {
    while (this.#queueHead !== null && !this.#queueHead.hasFrame) this.dequeue();
    return this.#queueHead;
  }

  /** Hot. Takes the head of the queue out of it. */
  dequeue(): void {
    const stream = this.#queueHead;
    if (stream === null) return;
    this.#queueHead = stream.nextQueued;
    if (this.#queueHead === null) this.#queueTail = null;
    stream.isQueued = false;
    stream.nextQueued = null;
  }
}

/** Stream ids are 32 bits; a session that used them all opens no more. */
const MAX_ID = 0xffff_ffff;
