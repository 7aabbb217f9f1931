/**
 * Datagrams on their way out of the system: a few receives kept waiting at once, and what they
 * brought, in order.
 *
 * @module
 */

import { type DropCounters, DropReason } from "../wire/drop_reason.ts";
import { HEADROOM_BYTES, MAX_PACKET_BYTES } from "../wire/packet.ts";
import type { DatagramSlot } from "./datagram_socket.ts";
import { IPV4_MAPPED_PREFIX } from "../ip_literal.ts";

/**
 * Receives kept waiting at once, each with a buffer of 64 KiB: how many datagrams one turn of the
 * event loop can take in. Measured with 0.3 ms of other work a turn, bursts of 100 and 200: one
 * receive took in 40 %, eight 80 % and more. Deno brings them in the kernel's order.
 */
export const RECEIVE_DEPTH_PKTS = 16;

/** Errors in a row, with no datagram between, after which a socket is given up. */
const MAX_ERRORS_IN_A_ROW = 64;

/** Keeps receives waiting on a socket and hands out what they bring. */
export class ReceiveQueue {
  /** Errors that did not end the socket. */
  errors = 0;
  /** Why receiving ended by itself; null while it goes on. */
  failure: Error | null = null;
  readonly #conn: Deno.DatagramConn;
  readonly #drops: DropCounters | null;
  /** A ring of what came, oldest at `#head`. A slot is in it at most once, so it never overflows. */
  readonly #ready: (ReceiveSlot | null)[] = new Array(RECEIVE_DEPTH_PKTS).fill(null);
  #head = 0;
  #readySlots = 0;
  #errorsInARow = 0;
  #isClosed = false;
  #isStarted = false;
  #wake: (() => void) | null = null;
  // Sources repeat; the text of a mapped one is made once.
  #lastMapped = "";
  #lastUnmapped = "";

  constructor(conn: Deno.DatagramConn, drops: DropCounters | null) {
    this.#conn = conn;
    this.#drops = drops;
  }

  /** See {@link DatagramSocket.receive}. The first call starts receiving: before, the kernel keeps what comes. */
  async receive(slots: readonly DatagramSlot[]): Promise<number> {
    if (!this.#isStarted) this.#start();
    for (;;) {
      if (this.#isClosed || this.failure !== null) return 0;
      const filledSlots = this.#drain(slots);
      if (filledSlots > 0) return filledSlots;
      await new Promise<void>((resolve) => this.#wake = resolve);
      this.#wake = null;
    }
  }

  /** A waiting `receive` returns 0. */
  close(): void {
    this.#isClosed = true;
    this.#wake?.();
  }

  /** Hot. For {@link ReceiveSlot}: a datagram is in the slot. */
  put(slot: ReceiveSlot): void {
    this.#errorsInARow = 0;
    this.#ready[(this.#head + this.#readySlots) % RECEIVE_DEPTH_PKTS] = slot;
    this.#readySlots++;
    if (this.#wake !== null) this.#wake();
  }

  /**
   * For {@link ReceiveSlot}: a receive failed. Some systems tell an ICMP error of an earlier send
   * here (a closed port, a lost route): the socket is none the worse for it.
   */
  fail(slot: ReceiveSlot, error: unknown): void {
    if (this.#isClosed || this.failure !== null) return;
    this.errors++;
    if (isAboutEarlierSend(error) || ++this.#errorsInARow < MAX_ERRORS_IN_A_ROW) {
      slot.start(this.#conn);
      return;
    }
    this.failure = error instanceof Error ? error : new Error(String(error));
    if (this.#wake !== null) this.#wake();
  }

  #start(): void {
    this.#isStarted = true;
    if (this.#isClosed) return;
    for (let i = 0; i < RECEIVE_DEPTH_PKTS; i++) new ReceiveSlot(this).start(this.#conn);
  }

  /** Hot. Copies what came into the caller's slots, as many as there are. */
  #drain(slots: readonly DatagramSlot[]): number {
    let filledSlots = 0;
    while (this.#readySlots > 0 && filledSlots < slots.length) {
      const slot = this.#ready[this.#head]!;
      this.#head = (this.#head + 1) % RECEIVE_DEPTH_PKTS;
      this.#readySlots--;
      if (this.#deliver(slot, slots[filledSlots]!)) filledSlots++;
      slot.start(this.#conn);
    }
    return filledSlots;
  }

  /** Hot. @returns false when the datagram is longer than the caller's packet can hold. */
  #deliver(slot: ReceiveSlot, dst: DatagramSlot): boolean {
    const { packet } = dst;
    if (slot.data.length > packet.capacityBytes) {
      this.#drops?.count(DropReason.TOO_LARGE);
      return false;
    }
    packet.bytes.set(slot.data, HEADROOM_BYTES);
    packet.start = HEADROOM_BYTES;
    packet.end = HEADROOM_BYTES + slot.data.length;
    const source = slot.source;
    dst.source = source.hostname.startsWith(IPV4_MAPPED_PREFIX)
      ? { hostname: this.#unmapped(source.hostname), port: source.port }
      : source;
    return true;
  }

  #unmapped(hostname: string): string {
    if (hostname !== this.#lastMapped) {
      this.#lastMapped = hostname;
      this.#lastUnmapped = hostname.slice(IPV4_MAPPED_PREFIX.length);
    }
    return this.#lastUnmapped;
  }
}

/** One waiting receive: its buffer, and after it the datagram. */
class ReceiveSlot {
  /** The datagram: a view of the buffer, made by Deno. */
  data: Uint8Array = EMPTY;
  source: Deno.NetAddr = NOWHERE;
  // One byte more than a datagram can have is not needed: IPv4 allows no longer one, and an IPv6
  // jumbogram is cut to this and dropped by whatever reads it.
  readonly #buffer = new Uint8Array(MAX_PACKET_BYTES);
  readonly #onDatagram: (received: [Uint8Array, Deno.Addr]) => void;
  readonly #onError: (error: unknown) => void;

  constructor(queue: ReceiveQueue) {
    this.#onDatagram = (received) => {
      this.data = received[0];
      this.source = received[1] as Deno.NetAddr;
      queue.put(this);
    };
    this.#onError = (error) => queue.fail(this, error);
  }

  /** Hot. Waits for a datagram; what is in the slot is gone. */
  start(conn: Deno.DatagramConn): void {
    conn.receive(this.#buffer).then(this.#onDatagram, this.#onError);
  }
}

function isAboutEarlierSend(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionRefused ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.NetworkUnreachable;
}

const EMPTY = new Uint8Array(0);
const NOWHERE: Deno.NetAddr = { transport: "udp", hostname: "", port: 0 };
