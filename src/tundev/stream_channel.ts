/**
 * One stream, as its owner at the edge sees it: write, finish, read, reset.
 *
 * @module
 */

import { ReceiveHalf, type WindowBudget } from "./stream_receive_half.ts";
import { INITIAL_WINDOW_BYTES, MAX_WINDOW_BYTES } from "./stream_receive_half.ts";
import { SendHalf } from "./stream_send_half.ts";

/** Why a stream was reset; the byte in a RESET frame. */
export const ResetReason = {
  /** The local TCP connection broke. */
  ABORTED: 1,
  /** The service refused the connection. */
  REFUSED: 2,
  /** This end takes no streams: both ends listen. */
  NOT_ACCEPTED: 3,
  /** The other end was restarted and knows nothing of the stream. Never in a frame. */
  PEER_RESTARTED: 4,
  /** The other end was silent for too long. Never in a frame. */
  PEER_LOST: 5,
} as const;

/** One of {@link ResetReason}'s values, or whatever number a peer sent. */
export type ResetReason = number;

/** What a stream tells its owner, from within a call of the transport. Must not throw. */
export interface StreamHandler {
  /** There is more to read, or the end was reached. */
  handleReadable(): void;
  /** Bytes may be written again. */
  handleWritable(): void;
  /** The stream is over, its data void. Not called for one's own reset. */
  handleReset(reason: ResetReason): void;
}

/** What a stream asks of the transport that carries it. */
export interface StreamCarrier {
  /** The stream has something to send. */
  enqueue(stream: StreamChannel): void;
  /** The stream may be over. */
  settle(stream: StreamChannel): void;
}

/** A stream. All calls are cheap; none throws. */
export class StreamChannel {
  /** Whom to tell. */
  handler: StreamHandler = SILENT_HANDLER;

  // What follows is the transport's own.

  /** The sending direction. */
  readonly sendHalf: SendHalf;
  /** The receiving direction. */
  readonly receiveHalf: ReceiveHalf;
  /** Number of the stream among those its opener opened. */
  readonly id: number;
  /** Whether this end opened it. */
  readonly isOwn: boolean;
  /** Frames to send besides data. */
  needsOpen = false;
  needsWindow = false;
  needsReset = false;
  /** Reset by this end; 0 when not. */
  resetReason = 0;
  /** No longer carried: resets and ends of the other side included. */
  isOver = false;
  /** The queue of streams that have something to send, as a linked list. */
  isQueued = false;
  nextQueued: StreamChannel | null = null;

  readonly #carrier: StreamCarrier;
  #wasWritable = true;

  /** Streams are made by the transport. */
  constructor(carrier: StreamCarrier, id: number, isOwn: boolean, budget: WindowBudget) {
    this.#carrier = carrier;
    this.id = id;
    this.isOwn = isOwn;
    this.sendHalf = new SendHalf(INITIAL_WINDOW_BYTES, MAX_WINDOW_BYTES);
    this.receiveHalf = new ReceiveHalf(budget);
  }

  /** Bytes that {@link write} takes now. */
  get writableBytes(): number {
    return this.isOver || this.resetReason !== 0 ? 0 : this.sendHalf.writableBytes;
  }

  /** Takes bytes to send, copying them. @returns how many; when fewer, wait for handleWritable. */
  write(src: Uint8Array): number {
    if (this.isOver || this.resetReason !== 0) return 0;
    const bytes = this.sendHalf.write(src);
    this.#wasWritable = this.sendHalf.writableBytes > 0;
    this.#carrier.enqueue(this);
    return bytes;
  }

  /** Ends the sending direction behind what was written; the other one goes on. */
  finish(): void {
    if (this.isOver || this.resetReason !== 0) return;
    this.sendHalf.finish();
    this.#carrier.enqueue(this);
  }

  /** Bytes to read that lie together: valid until {@link consume}. Empty when there are none. */
  view(): Uint8Array<ArrayBuffer> {
    return this.isOver ? NOTHING : this.receiveHalf.view();
  }

  /** Whether all was read and the other end has finished. */
  get isAtEnd(): boolean {
    return this.receiveHalf.isAtEnd;
  }

  /** The first `bytes` of {@link view} are no longer needed. */
  consume(bytes: number, now: number): void {
    if (this.isOver || this.resetReason !== 0) return;
    this.receiveHalf.consume(bytes);
    if (this.receiveHalf.openWindow(now)) {
      this.needsWindow = true;
      this.#carrier.enqueue(this);
    }
    this.#carrier.settle(this);
  }

  /** Ends both directions at once; what is under way is void. */
  reset(reason: ResetReason): void {
    if (this.isOver || this.resetReason !== 0) return;
    this.resetReason = reason;
    this.needsReset = true;
    this.release();
    this.#carrier.enqueue(this);
  }

  /** Hot. Whether anything could go out now. */
  get hasFrame(): boolean {
    if (this.isOver) return false;
    if (this.resetReason !== 0) return this.needsReset;
    return this.needsOpen || this.needsWindow || this.sendHalf.hasChunk;
  }

  /** Hot. Tells the owner when room appeared since it was full. */
  noteWritable(): void {
    if (this.#wasWritable || this.sendHalf.writableBytes === 0) return;
    this.#wasWritable = true;
    this.handler.handleWritable();
  }

  /** Gives the buffers back. */
  release(): void {
    this.sendHalf.release();
    this.receiveHalf.release();
    this.needsOpen = false;
    this.needsWindow = false;
  }
}

const NOTHING = new Uint8Array(0);

const SILENT_HANDLER: StreamHandler = {
  handleReadable(): void {},
  handleWritable(): void {},
  handleReset(): void {},
};
