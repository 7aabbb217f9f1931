/**
 * Datagrams on their way into the system: a bounded pool of buffers, one for each send that has
 * not been settled. It is what makes `send` of the portable socket neither block nor grow.
 *
 * @module
 */

import { type DropCounters, DropReason } from "../wire/drop_reason.ts";

/**
 * Datagrams under way at most. Deno settles sends one turn of the event loop later, so this must
 * hold what one turn produces (a burst from the tun); more would only be a longer queue in front of
 * the kernel's own.
 */
export const SEND_POOL_PKTS = 256;

/** First size of a slot's buffer: a full packet on an ordinary path. It grows once a longer one comes. */
const INITIAL_SLOT_BYTES = 2_048;

/** Copies datagrams and sends the copies. */
export class SendPool {
  /** Sends that the system refused. */
  errors = 0;
  /** The newest refusal. */
  lastError: Error | null = null;
  readonly #conn: Deno.DatagramConn;
  readonly #drops: DropCounters | null;
  /** Slots not in use; the first `#freeSlots` entries count. */
  readonly #free: SendSlot[] = [];
  #freeSlots = 0;
  #isClosed = false;

  constructor(conn: Deno.DatagramConn, drops: DropCounters | null) {
    this.#conn = conn;
    this.#drops = drops;
    for (let i = 0; i < SEND_POOL_PKTS; i++) this.#free.push(new SendSlot(this));
    this.#freeSlots = SEND_POOL_PKTS;
  }

  /**
   * Hot. Sends a copy of the packet.
   * @returns 0, or SEND_QUEUE_FULL while all slots are under way.
   */
  send(packet: { bytes: Uint8Array; start: number; end: number }, dst: Deno.NetAddr): number {
    if (this.#freeSlots === 0) return DropReason.SEND_QUEUE_FULL;
    const slot = this.#free[--this.#freeSlots]!;
    const copy = slot.copy(packet.bytes, packet.start, packet.end);
    // Both handlers were made with the slot: nothing but Deno's own promise is allocated here.
    this.#conn.send(copy, dst).then(slot.onSent, slot.onRefused);
    return 0;
  }

  /** Errors that come from now on are those of closing: not counted. */
  close(): void {
    this.#isClosed = true;
  }

  /** Hot. For {@link SendSlot}: the system has the datagram. */
  release(slot: SendSlot): void {
    this.#free[this.#freeSlots++] = slot;
  }

  /** For {@link SendSlot}: the system refused the datagram. */
  refuse(slot: SendSlot, error: unknown): void {
    this.release(slot);
    if (this.#isClosed) return;
    this.errors++;
    this.lastError = error instanceof Error ? error : new Error(String(error));
    this.#drops?.count(DropReason.SEND_ERROR);
  }
}

/** One buffer, and what to do when its datagram has been sent. */
class SendSlot {
  readonly onSent: () => void;
  readonly onRefused: (error: unknown) => void;
  #buffer: Uint8Array<ArrayBuffer> | null = null;
  /** The part of the buffer last sent: kept, since one packet is often as long as the last. */
  #view: Uint8Array<ArrayBuffer> | null = null;

  constructor(pool: SendPool) {
    this.onSent = () => pool.release(this);
    this.onRefused = (error) => pool.refuse(this, error);
  }

  /** Hot. Copies `src[start..end)`. @returns a view of the copy, good until the next call. */
  copy(src: Uint8Array, start: number, end: number): Uint8Array<ArrayBuffer> {
    const lengthBytes = end - start;
    let buffer = this.#buffer;
    if (buffer === null || buffer.length < lengthBytes) {
      buffer = new Uint8Array(Math.max(lengthBytes, INITIAL_SLOT_BYTES));
      this.#buffer = buffer;
      this.#view = null;
    }
    let view = this.#view;
    if (view === null || view.length !== lengthBytes) {
      view = buffer.subarray(0, lengthBytes);
      this.#view = view;
    }
    view.set(src.subarray(start, end));
    return view;
  }
}
