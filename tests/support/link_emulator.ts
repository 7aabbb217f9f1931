/**
 * One direction of an emulated link: a drop-tail queue, a transmitter of a given rate behind it,
 * then delay, jitter, loss and duplication. Pure: `now` (monotonic ms) and `rng` are arguments, so
 * the same emulator runs under the simulator's virtual clock and under a real one.
 *
 * ```
 * send --> queue (bytes) --> transmitter (rate) --> loss? --> delay, jitter --> poll(deliver)
 *            | full                                  |
 *            v refused                               v released
 * ```
 *
 * Time inside is exact however late `poll` comes: a packet leaves the transmitter when the one
 * before it has left and its own bits have passed. So the rate is right over real timers too; only
 * the delivery is late then.
 *
 * A link that is cut (`setUp(false)`) loses what it holds, queued and in flight, and refuses what is
 * sent, as when the phone is gone. A radio shadow, in which the phone keeps its queue, is rateBps 0.
 *
 * @module
 */

import { DelayLine } from "./delay_line.ts";
import { IndexRing } from "./index_ring.ts";
import { changeProfile, type LinkProfile } from "./link_profile.ts";
import { Loss, LossModel } from "./loss_model.ts";

/** What `send` answers. */
export const SendResult = {
  ACCEPTED: 0,
  QUEUE_FULL: -1,
  LINK_DOWN: -2,
} as const;

/** One of {@link SendResult}'s values. */
export type SendResult = typeof SendResult[keyof typeof SendResult];

/**
 * Counts since the start. Nothing is lost sight of: sentPkts + duplicatedPkts = deliveredPkts +
 * queueFullPkts + refusedDownPkts + cutPkts + randomLossPkts + burstLossPkts + queuedPkts + inFlightPkts.
 */
export interface LinkCounters {
  /** Offered to the link, whatever became of them. */
  sentPkts: number;
  sentBytes: number;
  deliveredPkts: number;
  deliveredBytes: number;
  /** Refused because the queue was full. */
  queueFullPkts: number;
  /** Refused because the link was down. */
  refusedDownPkts: number;
  /** Queued or in flight when the link was cut. */
  cutPkts: number;
  randomLossPkts: number;
  burstLossPkts: number;
  /** Second copies made. */
  duplicatedPkts: number;
  /** In the queue or being sent now. */
  queuedPkts: number;
  queuedBytes: number;
  /** Sent, not yet arrived. */
  inFlightPkts: number;
}

/** What an emulator is made of. */
export interface LinkEmulatorOptions<T> {
  readonly profile: LinkProfile;
  /** Numbers in [0, 1). Give each emulator its own, or one link's traffic changes another's luck. */
  readonly rng: () => number;
  /**
   * Called once for each accepted payload when the emulator lets go of it, after the last delivery
   * or upon its loss: the place to take a buffer back.
   */
  readonly release?: (payload: T) => void;
}

/**
 * One direction of a link that carries payloads of any kind.
 *
 * @example
 * ```ts
 * const link = new LinkEmulator<number>({ profile: linkProfile({ delayMs: 20 }), rng });
 * link.send(7, 1400, 0);
 * link.poll(link.nextTimeout(), (payload) => console.log(payload)); // 7, at 20 ms
 * ```
 */
export class LinkEmulator<T> {
  readonly counters: LinkCounters = {
    sentPkts: 0,
    sentBytes: 0,
    deliveredPkts: 0,
    deliveredBytes: 0,
    queueFullPkts: 0,
    refusedDownPkts: 0,
    cutPkts: 0,
    randomLossPkts: 0,
    burstLossPkts: 0,
    duplicatedPkts: 0,
    queuedPkts: 0,
    queuedBytes: 0,
    inFlightPkts: 0,
  };

  readonly #rng: () => number;
  readonly #release: ((payload: T) => void) | null;
  readonly #loss: LossModel;
  #profile: LinkProfile;
  #isUp = true;

  // Payloads wait in slots; the queue, the ring and the heap hold slot numbers.
  readonly #payloads: T[] = [];
  readonly #sizes: number[] = [];
  readonly #copies: number[] = [];
  readonly #freeSlots: number[] = [];

  readonly #queue = new IndexRing();
  /** When the transmitter began with (the rest of) the queue's head, and the bits it had then. */
  #headStartMs = 0;
  #headBits = 0;

  readonly #inFlight: DelayLine;

  constructor(options: LinkEmulatorOptions<T>) {
    this.#profile = options.profile;
    this.#rng = options.rng;
    this.#release = options.release ?? null;
    this.#loss = new LossModel(options.rng);
    this.#inFlight = new DelayLine(options.rng);
  }

  get profile(): LinkProfile {
    return this.#profile;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /**
   * Hot. Offers a packet. When accepted, the payload belongs to the emulator until it is released;
   * when refused, it stays the caller's. An empty queue takes any packet.
   */
  send(payload: T, sizeBytes: number, now: number): SendResult {
    const counters = this.counters;
    counters.sentPkts++;
    counters.sentBytes += sizeBytes;
    if (!this.#isUp) {
      counters.refusedDownPkts++;
      return SendResult.LINK_DOWN;
    }
    this.#advance(now);
    const isIdle = counters.queuedPkts === 0;
    if (!isIdle && counters.queuedBytes + sizeBytes > this.#profile.queueBytes) {
      counters.queueFullPkts++;
      return SendResult.QUEUE_FULL;
    }
    this.#queue.push(this.#takeSlot(payload, sizeBytes));
    counters.queuedPkts++;
    counters.queuedBytes += sizeBytes;
    if (isIdle) this.#startHead(now);
    return SendResult.ACCEPTED;
  }

  /** When `poll` has something to do next, absolute ms; Infinity when nothing is under way. */
  nextTimeout(): number {
    const inFlightMs = this.#inFlight.nextDueMs();
    if (this.counters.queuedPkts === 0) return inFlightMs;
    // The head's jitter is not drawn yet: this is the earliest it may arrive. So a wake-up may be
    // in vain, and none comes late.
    const { delayMs, jitterMs } = this.#profile;
    return Math.min(inFlightMs, this.#headEndMs() + Math.max(0, delayMs - jitterMs));
  }

  /**
   * Hot. Delivers what has arrived by `now`, in order of arrival. The payload is borrowed until
   * `deliver` returns; it is called twice for a duplicated one. `deliver` may send on this link.
   * @returns how many were delivered.
   */
  poll(now: number, deliver: (payload: T) => void): number {
    this.#advance(now);
    let deliveredPkts = 0;
    while (this.#inFlight.nextDueMs() <= now) {
      const slot = this.#inFlight.shift();
      this.counters.inFlightPkts--;
      this.counters.deliveredPkts++;
      this.counters.deliveredBytes += this.#sizes[slot]!;
      deliveredPkts++;
      deliver(this.#payloads[slot]!);
      this.#dropCopy(slot);
    }
    return deliveredPkts;
  }

  /**
   * Changes some figures from `now` on. A new rate holds for the rest of the packet being sent; a
   * new delay, jitter or loss for what leaves the queue from now on; a smaller queue drops nothing
   * that it holds.
   * @throws RangeError when a figure makes no sense.
   */
  configure(change: Partial<LinkProfile>, now: number): void {
    const changed = changeProfile(this.#profile, change);
    this.#advance(now);
    if (this.counters.queuedPkts > 0) {
      const sentBits = Math.max(0, now - this.#headStartMs) * this.#profile.rateBps / 1000;
      this.#headBits = Math.max(0, this.#headBits - sentBits);
      this.#headStartMs = now;
    }
    this.#profile = changed;
    this.#inFlight.forgetJitter();
  }

  /** Cuts the link, which loses what it holds, or mends it. */
  setUp(isUp: boolean, now: number): void {
    if (isUp === this.#isUp) return;
    this.#advance(now);
    this.#isUp = isUp;
    if (isUp) return;
    const { counters } = this;
    counters.cutPkts += counters.queuedPkts + counters.inFlightPkts;
    counters.queuedPkts = 0;
    counters.queuedBytes = 0;
    counters.inFlightPkts = 0;
    while (this.#queue.length > 0) this.#dropCopy(this.#queue.shift());
    while (this.#inFlight.length > 0) this.#dropCopy(this.#inFlight.shift());
    this.#inFlight.forgetOrder();
  }

  /** Lets the transmitter do what it has done by `now`. */
  #advance(now: number): void {
    while (this.counters.queuedPkts > 0) {
      const endMs = this.#headEndMs();
      if (endMs > now) return;
      const slot = this.#queue.shift();
      this.counters.queuedPkts--;
      this.counters.queuedBytes -= this.#sizes[slot]!;
      if (this.counters.queuedPkts > 0) this.#startHead(endMs);
      this.#depart(slot, endMs);
    }
  }

  #startHead(startMs: number): void {
    this.#headStartMs = startMs;
    this.#headBits = this.#sizes[this.#queue.headIndex]! * 8;
  }

  /** When the transmitter is done with the queue's head; Infinity while the link is stalled. */
  #headEndMs(): number {
    if (this.#headBits === 0) return this.#headStartMs; // also at rate 0, where 0 / 0 would be NaN
    return this.#headStartMs + this.#headBits * 1000 / this.#profile.rateBps;
  }

  /** A packet left the transmitter at `departedMs`. */
  #depart(slot: number, departedMs: number): void {
    const loss = this.#loss.next(this.#profile);
    if (loss !== Loss.NONE) {
      if (loss === Loss.RANDOM) this.counters.randomLossPkts++;
      else this.counters.burstLossPkts++;
      this.#dropCopy(slot);
      return;
    }
    this.#fly(slot, departedMs);
    const { duplicateFraction } = this.#profile;
    if (duplicateFraction > 0 && this.#rng() < duplicateFraction) {
      this.counters.duplicatedPkts++;
      this.#copies[slot]!++;
      this.#fly(slot, departedMs);
    }
  }

  #fly(slot: number, departedMs: number): void {
    this.#inFlight.push(slot, departedMs, this.#profile);
    this.counters.inFlightPkts++;
  }

  #takeSlot(payload: T, sizeBytes: number): number {
    const slot = this.#freeSlots.pop() ?? this.#sizes.length;
    this.#payloads[slot] = payload;
    this.#sizes[slot] = sizeBytes;
    this.#copies[slot] = 1;
    return slot;
  }

  /** One copy of a slot's payload is done with; with the last one the slot is free again. */
  #dropCopy(slot: number): void {
    if (--this.#copies[slot]! > 0) return;
    const payload = this.#payloads[slot]!;
    this.#freeSlots.push(slot);
    this.#release?.(payload);
  }
}
