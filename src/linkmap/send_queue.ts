/**
 * Datagrams on their way into the system: a bounded queue of copies, in order. It is what makes
 * `send` of the portable socket neither block, nor grow, nor mix up the order.
 *
 * How Deno sends (measured, 2.6 and 2.9): while the kernel has room, `DatagramConn.send` has done
 * its work when it returns, though its promise settles a turn of the event loop later. Once the
 * kernel's buffer is full, and on a new socket before its first turn, sends wait instead, and
 * waiting sends are carried out in *reverse* order. TCP inside the tunnel takes that for loss. So
 * only a window of sends is given to Deno at once: it doubles while they settle in order, and
 * falls to one when they do not; what is beyond it waits here, in order.
 *
 * @module
 */

import { type DropCounters, DropReason } from "../wire/drop_reason.ts";
import type { OutgoingBytes } from "./udp_port.ts";

/**
 * Datagrams in the queue at most, with those given to Deno. It must hold what one turn of the event
 * loop produces (a burst from the tun); more would only be a longer queue before the kernel's own.
 */
export const SEND_QUEUE_PKTS = 256;

/**
 * After a stall the window doubles only once this many were sent without another, and twice as many
 * after the next. More than Linux's send buffer holds (212,992 bytes: about 92 full packets): so
 * while the device stays slower than the tunnel, few neighbours change places, and ever fewer.
 */
const GROW_AFTER_STALL_PKTS = 128;

/** Limit of that: what a socket needs to be fast again once the device is. */
const MAX_GROW_AFTER_PKTS = 1_024;

/** First size of a slot's buffer: a full packet on an ordinary path. It grows once a longer one comes. */
const INITIAL_SLOT_BYTES = 2_048;

/** Copies datagrams and sends the copies in order. */
export class SendQueue {
  /** Sends that the system refused. */
  errors = 0;
  /** The newest refusal. */
  lastError: Error | null = null;
  /** How often sends were seen to settle out of order: the kernel's buffer was full. */
  stalls = 0;
  readonly #conn: Deno.DatagramConn;
  readonly #drops: DropCounters | null;
  /** A ring: given to Deno are `#head .. #head + #givenSlots`, waiting behind them up to `#usedSlots`. */
  readonly #slots: SendSlot[] = [];
  #head = 0;
  #usedSlots = 0;
  #givenSlots = 0;
  #windowPkts = 1;
  /** Sends that settled in order since the window last changed. */
  #orderlyPkts = 0;
  /** How many of them it takes for the window to double; a window's worth at least. */
  #growAfterPkts = 1;
  #isClosed = false;

  constructor(conn: Deno.DatagramConn, drops: DropCounters | null) {
    this.#conn = conn;
    this.#drops = drops;
    for (let i = 0; i < SEND_QUEUE_PKTS; i++) this.#slots.push(new SendSlot(this));
  }

  /**
   * Hot. Sends a copy of the packet, now or in its turn.
   * @param dst is kept until the datagram is sent.
   * @returns 0, or SEND_QUEUE_FULL.
   */
  send(packet: OutgoingBytes, dst: Deno.NetAddr): number {
    if (this.#usedSlots === SEND_QUEUE_PKTS) return DropReason.SEND_QUEUE_FULL;
    const slot = this.#slots[(this.#head + this.#usedSlots) % SEND_QUEUE_PKTS]!;
    this.#usedSlots++;
    slot.fill(packet, dst);
    if (this.#givenSlots < this.#windowPkts) this.#give();
    return 0;
  }

  /** What waits is dropped; errors that come from now on are those of closing and are not counted. */
  close(): void {
    this.#isClosed = true;
  }

  /** Hot. For {@link SendSlot}: Deno is done with it. */
  settle(slot: SendSlot): void {
    slot.isSettled = true;
    if (slot !== this.#slots[this.#head]) {
      // An older send still waits: the kernel's buffer is full. What is under way finishes first.
      if (this.#windowPkts > 1) this.#shrinkWindow();
      return;
    }
    while (this.#givenSlots > 0 && this.#slots[this.#head]!.isSettled) {
      this.#slots[this.#head]!.isSettled = false;
      this.#head = (this.#head + 1) % SEND_QUEUE_PKTS;
      this.#usedSlots--;
      this.#givenSlots--;
      this.#orderlyPkts++;
    }
    if (this.#orderlyPkts >= Math.max(this.#windowPkts, this.#growAfterPkts)) this.#growWindow();
    if (this.#isClosed) return;
    while (this.#givenSlots < this.#windowPkts && this.#givenSlots < this.#usedSlots) this.#give();
  }

  /** For {@link SendSlot}: the system refused the datagram. */
  refuse(slot: SendSlot, error: unknown): void {
    if (!this.#isClosed) {
      this.errors++;
      this.lastError = error instanceof Error ? error : new Error(String(error));
      this.#drops?.count(DropReason.SEND_ERROR);
    }
    this.settle(slot);
  }

  /** Hot. */
  #give(): void {
    const slot = this.#slots[(this.#head + this.#givenSlots) % SEND_QUEUE_PKTS]!;
    this.#givenSlots++;
    // Both handlers were made with the slot: nothing but Deno's own promise is allocated here.
    this.#conn.send(slot.data, slot.dst).then(slot.onSent, slot.onRefused);
  }

  #growWindow(): void {
    this.#orderlyPkts = 0;
    if (this.#windowPkts < SEND_QUEUE_PKTS) this.#windowPkts *= 2;
    else this.#growAfterPkts = 1;
  }

  #shrinkWindow(): void {
    this.stalls++;
    this.#windowPkts = 1;
    this.#orderlyPkts = 0;
    this.#growAfterPkts = this.#growAfterPkts === 1
      ? GROW_AFTER_STALL_PKTS
      : Math.min(2 * this.#growAfterPkts, MAX_GROW_AFTER_PKTS);
  }
}

/** One buffer, and what to do when its datagram has been sent. */
class SendSlot {
  readonly onSent: () => void;
  readonly onRefused: (error: unknown) => void;
  isSettled = false;
  /** The datagram: kept from one use to the next, since one packet is often as long as the last. */
  data: Uint8Array<ArrayBuffer> = EMPTY;
  dst: Deno.NetAddr = NOWHERE;
  #buffer: Uint8Array<ArrayBuffer> = EMPTY;

  constructor(queue: SendQueue) {
    this.onSent = () => queue.settle(this);
    this.onRefused = (error) => queue.refuse(this, error);
  }

  /** Hot. Copies a packet. */
  fill({ bytes, start, end }: OutgoingBytes, dst: Deno.NetAddr): void {
    const lengthBytes = end - start;
    if (this.#buffer.length < lengthBytes) {
      this.#buffer = new Uint8Array(Math.max(lengthBytes, INITIAL_SLOT_BYTES));
      this.data = this.#buffer.subarray(0, lengthBytes);
    } else if (this.data.length !== lengthBytes) {
      this.data = this.#buffer.subarray(0, lengthBytes);
    }
    this.data.set(bytes.subarray(start, end));
    this.dst = dst;
  }
}

const EMPTY = new Uint8Array(0);
const NOWHERE: Deno.NetAddr = { transport: "udp", hostname: "", port: 0 };
