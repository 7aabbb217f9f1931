/**
 * Runs a link emulator against the real clock: copies the bytes it is given, keeps a timer, hands
 * the bytes on when they arrive. The UDP relay and the SOCKS5 server use it for each direction.
 *
 * @module
 */

import { clearImmediate, setImmediate } from "node:timers";
import { type LinkCounters, LinkEmulator, SendResult } from "./link_emulator.ts";
import type { LinkProfile } from "./link_profile.ts";
import { mulberry32 } from "./rng.ts";

/**
 * Takes bytes that arrived; they are borrowed until it returns or its promise settles. A rejection
 * (the socket was closed) is counted and otherwise ignored: what arrives at no socket is lost.
 */
export type DeliverBytes = (bytes: Uint8Array<ArrayBuffer>) => void | Promise<unknown>;

/** What a real-time link is made of. */
export interface RealtimeLinkOptions {
  readonly profile: LinkProfile;
  /** Seed of loss and jitter; 1 by default. */
  readonly seed?: number;
  /** Added to each payload's size, since rates are those of the IP layer: 28 (IPv4 and UDP) by default. */
  readonly overheadBytes?: number;
  /**
   * `timer` (default): by setTimeout, whose millisecond steps make a lone packet up to 2.2 ms late,
   * 1.2 on average; under load, each packet sent also delivers what is due. `spin`: turns the event
   * loop without sleeping while something is due within 2.2 ms, for delays exact to some 0.05 ms
   * at the price of a processor.
   */
  readonly wakeUp?: "timer" | "spin";
}

/** Most that a setTimeout is late, in ms (measured with Deno 2.9.6, idle: p50 1.2, p99 2.2). */
const TIMER_LATE_MS = 2.2;

/** Buffers are made in this size; larger datagrams get one of their own. */
const BUFFER_BYTES = 2048;

/** Buffers kept for later; more than that are left to the garbage collector. */
const MAX_FREE_BUFFERS = 8192;

/** A copied datagram and where it goes. */
interface Parcel {
  readonly bytes: Uint8Array<ArrayBuffer>;
  lengthBytes: number;
  deliver: DeliverBytes;
  /** Who still reads the bytes: the emulator, and each delivery that is not settled. */
  users: number;
  /** Made once, so that a delivery allocates no closure. */
  readonly onDelivered: () => void;
  readonly onFailed: () => void;
}

/**
 * One direction of a link, in real time.
 *
 * @example
 * ```ts
 * using link = new RealtimeLink({ profile: linkProfile({ rateBps: 20e6, delayMs: 20 }) });
 * link.send(bytes, (arrived) => socket.send(arrived, target));
 * ```
 */
export class RealtimeLink implements Disposable {
  /** Deliveries whose promise was rejected. */
  deliveryErrors = 0;

  readonly #emulator: LinkEmulator<Parcel>;
  readonly #overheadBytes: number;
  readonly #spins: boolean;
  readonly #free: Parcel[] = [];
  readonly #deliverParcel = (parcel: Parcel): void => this.#deliver(parcel);
  readonly #onWakeUp = (): void => this.#wakeUp();
  #timer: ReturnType<typeof setTimeout> | null = null;
  #timerAtMs = Infinity;
  #immediate: ReturnType<typeof setImmediate> | null = null;
  #isPolling = false;
  #isClosed = false;

  constructor(options: RealtimeLinkOptions) {
    this.#emulator = new LinkEmulator({
      profile: options.profile,
      rng: mulberry32(options.seed ?? 1),
      release: (parcel) => this.#release(parcel),
    });
    this.#overheadBytes = options.overheadBytes ?? 28;
    this.#spins = options.wakeUp === "spin";
  }

  /** Live counters; sizes include the overhead. */
  get counters(): Readonly<LinkCounters> {
    return this.#emulator.counters;
  }

  get profile(): LinkProfile {
    return this.#emulator.profile;
  }

  get isUp(): boolean {
    return this.#emulator.isUp;
  }

  /** Offers a datagram; the bytes are copied. @returns false when the link refused it. */
  send(bytes: Uint8Array, deliver: DeliverBytes): boolean {
    if (this.#isClosed) return false;
    const parcel = this.#pack(bytes, deliver);
    const now = performance.now();
    const result = this.#emulator.send(parcel, bytes.length + this.#overheadBytes, now);
    if (result !== SendResult.ACCEPTED) this.#release(parcel);
    this.#poll(now);
    return result === SendResult.ACCEPTED;
  }

  /** Changes the profile. @throws RangeError when a figure makes no sense. */
  configure(change: Partial<LinkProfile>): void {
    if (this.#isClosed) return;
    this.#emulator.configure(change, performance.now());
    this.#arm();
  }

  /** Cuts the link, which loses what it holds, or mends it. */
  setUp(isUp: boolean): void {
    if (this.#isClosed) return;
    this.#emulator.setUp(isUp, performance.now());
  }

  /** Loses what is under way and stops the timer. Idempotent. */
  close(): void {
    if (this.#isClosed) return;
    this.setUp(false);
    this.#isClosed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #wakeUp(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAtMs = Infinity;
    this.#immediate = null;
    this.#poll(performance.now());
  }

  /** Delivers what is due, unless a delivery's callback has brought us here. */
  #poll(now: number): void {
    if (this.#isPolling) return;
    this.#isPolling = true;
    try {
      this.#emulator.poll(now, this.#deliverParcel);
    } finally {
      this.#isPolling = false;
    }
    this.#arm();
  }

  /** Makes sure of a wake-up at the emulator's next time. */
  #arm(): void {
    if (this.#isClosed || this.#immediate !== null) return;
    const dueMs = this.#emulator.nextTimeout();
    if (dueMs === Infinity || dueMs >= this.#timerAtMs) return;
    const waitMs = dueMs - performance.now();
    if (this.#spins && waitMs <= TIMER_LATE_MS) {
      this.#immediate = setImmediate(this.#onWakeUp);
      return;
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAtMs = dueMs;
    const sleepMs = this.#spins ? Math.floor(waitMs - TIMER_LATE_MS) : Math.ceil(waitMs) - 1;
    this.#timer = setTimeout(this.#onWakeUp, Math.max(0, sleepMs));
  }

  #pack(bytes: Uint8Array, deliver: DeliverBytes): Parcel {
    const pooled = bytes.length <= BUFFER_BYTES ? this.#free.pop() : undefined;
    const parcel = pooled ?? this.#makeParcel(Math.max(BUFFER_BYTES, bytes.length), deliver);
    parcel.bytes.set(bytes);
    parcel.lengthBytes = bytes.length;
    parcel.deliver = deliver;
    parcel.users = 1;
    return parcel;
  }

  #makeParcel(capacityBytes: number, deliver: DeliverBytes): Parcel {
    const parcel: Parcel = {
      bytes: new Uint8Array(capacityBytes),
      lengthBytes: 0,
      deliver,
      users: 0,
      onDelivered: () => this.#release(parcel),
      onFailed: () => {
        this.deliveryErrors++;
        this.#release(parcel);
      },
    };
    return parcel;
  }

  #deliver(parcel: Parcel): void {
    const delivering = parcel.deliver(parcel.bytes.subarray(0, parcel.lengthBytes));
    if (delivering === undefined) return;
    parcel.users++;
    delivering.then(parcel.onDelivered, parcel.onFailed);
  }

  /** One user is done with the bytes; after the last one the buffer is free. */
  #release(parcel: Parcel): void {
    if (--parcel.users > 0) return;
    if (parcel.bytes.length === BUFFER_BYTES && this.#free.length < MAX_FREE_BUFFERS) {
      this.#free.push(parcel);
    }
  }
}
