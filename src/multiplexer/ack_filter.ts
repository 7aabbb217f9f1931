/**
 * Fewer ACKs while a TCP flow that arrives here is getting faster: of several the last one says all, and a few in a round trip
 * are enough (RFC 3449 §5.2.2: ACK filtering). Pure.
 *
 * It is for the flow's sender, behind the other end. CUBIC's HyStart takes eight ACKs in a row that came later than before for a
 * queue that the flow has filled, and ends slow start. Over a radio link they come later all the time; slow start then ends at some
 * 20 packets, and the flow needs 8 to 10 s for the rate that it could have had after one (docs/bonding.md). With fewer
 * ACKs in a round trip HyStart does not judge, and the flow gets faster until this tunnel's queue says that it is enough.
 *
 * Most ACKs pass at once: all that say more than a number (SACK, ECN), say the same one again, or open the window; and those
 * of a flow that has only just begun, has long begun, or gets faster no more as slow start does; and all over links whose delay is known
 * to be steady. So no keystroke and no small
 * page waits, and a flow that runs is clocked by all its ACKs. So is one whose sender counts ACKs: Apple's
 * window grows by two packets for each, however much it acknowledges (RFC 3465), and without them hardly at all.
 *
 * @module
 */

import type { InnerFlow } from "../wire/inner_flow.ts";
import type { Packet } from "../wire/packet.ts";
import type { MultiplexerLink } from "./multiplexer_link.ts";
import type { PacketPool } from "./packet_pool.ts";

/** ACKs in a round trip. HyStart wants eight before it judges (tcp_cubic.c: HYSTART_MIN_SAMPLES), and the flow's own round trip is longer. */
const ACKS_PER_ROUND_TRIP = 5;

/** None waits longer: receivers themselves hold theirs back for 40 ms (Linux). Where it would be less than the least, none waits. */
const MAX_WAIT_MS = 25;
const MIN_WAIT_MS = 2;

/** Links whose usual jitter is a smaller part of their round trip than this: half of what HyStart takes for a queue. All ACKs pass. */
const STEADY_FRACTION = 1 / 16;

/** Nor for more than this part of the shortest round trip: where links differ much, a young flow goes over the fastest alone. */
const SHORT_ROUND_TRIP_FRACTION = 1 / 3;

/** HyStart looks at windows of 16 packets and more (hystart_low_window): ten to begin with, and one for each of these. */
const JUST_BEGUN_BYTES = 7_500;

/** Slow start is over by then, whatever the round trip. */
const LONG_BEGUN_MS = 3_000;

/**
 * Slow start's last two round trips bring three quarters of all there was; over a longer way than the links' half. Where
 * they bring less the window grows slowly, or no more.
 */
const GROWING_FRACTION = 0.4;

/** A flow that acknowledged nothing for so long begins anew. */
const STILL_MS = 1_000;

/** Nor is what came before a pause a measure of its growth: Linux's window begins anew after a timeout, 200 ms at least. */
const PAUSE_MS = 200;

/** Less than this share of what arrives, and a link has no say in how long a round trip takes. */
const LEAST_SHARE = 0.05;

/** Flows that are known at a time, by the low bits of their hash; a power of two. */
const PLACES = 256;

/** The ACKs that one end sends to a peer. It owns the slots that wait. */
export class AckFilter {
  /** ACKs that were not sent, since a later one said the same. */
  filteredPkts = 0;
  /** Monotonic ms when those that wait are to go; Infinity: none does. */
  dueMs = Number.POSITIVE_INFINITY;
  readonly #pool: PacketPool;
  #waitMs = 0;
  /** The longest of the links that bring what arrives. */
  #roundTripMs = 0;
  #flows: AckedFlows | null = null;

  constructor(pool: PacketPool) {
    this.#pool = pool;
  }

  /** Lets the time that an ACK may wait follow the links over which the flows arrive. */
  tune(links: readonly MultiplexerLink[], now: number): void {
    let bytes = 0;
    for (const link of links) bytes += link.receivedTally.total(now);
    let longestMs = 0;
    let shortestMs = Number.POSITIVE_INFINITY;
    let isSteady = false;
    let isUnsteady = false;
    for (const { isUsable, receivedTally, rtt, delay } of links) {
      if (!isUsable || !rtt.hasSample || receivedTally.total(now) < LEAST_SHARE * bytes) continue;
      // Both false of a link that has seen too little traffic to tell.
      isSteady ||= delay.usualJitterMs < STEADY_FRACTION * rtt.srttMs;
      isUnsteady ||= delay.usualJitterMs >= STEADY_FRACTION * rtt.srttMs;
      longestMs = Math.max(longestMs, rtt.srttMs);
      shortestMs = Math.min(shortestMs, rtt.srttMs);
    }
    this.#roundTripMs = longestMs;
    const waitMs = Math.min(
      MAX_WAIT_MS,
      longestMs / ACKS_PER_ROUND_TRIP,
      shortestMs * SHORT_ROUND_TRIP_FRACTION,
    );
    this.#waitMs = waitMs >= MIN_WAIT_MS && (isUnsteady || !isSteady) ? waitMs : 0;
  }

  /**
   * Hot. Takes a pure ACK, or lets it pass. One of the same flow that waits is dropped in favour of it.
   * @param flow what was read of it
   * @returns whether the caller is to send it now; if not, the slot is the filter's.
   */
  admit(slot: Packet, flow: InnerFlow, now: number): boolean {
    const waitMs = this.#waitMs;
    if (waitMs === 0 && this.dueMs === Infinity) return true;
    const flows = this.#flows ??= new AckedFlows();
    const at = flow.hash & (PLACES - 1);
    if (flows.hashes[at] !== flow.hash) {
      if (!flows.isBusy(at, now)) flows.begin(at, flow, now);
      return true;
    }
    const newBytes = (flow.ackNo - flows.ackNos[at]!) | 0;
    if (newBytes < 0) {
      // An older one: it says nothing any more, nor does it harm. But the ports may be another connection's by now.
      if (!flows.isBusy(at, now)) flows.begin(at, flow, now);
      return true;
    }
    const isWider = flow.windowField > 2 * flows.windows[at]!;
    const mayWait = flow.isPlainAck && newBytes > 0 && !isWider && flows.isStarting(at, now);
    flows.note(at, newBytes, flow, this.#roundTripMs, now);
    const waiting = flows.slots[at]!;
    const dueMs = flows.sentMs[at]! + waitMs;
    if (!mayWait || now >= dueMs) {
      flows.sentMs[at] = now;
      // The same number again is news: it goes, and the first one goes as well, or one of three would be missing.
      if (waiting !== null && newBytes === 0) this.dueMs = now;
      else if (waiting !== null) this.#drop(flows.take(at));
      return true;
    }
    if (waiting !== null) this.#drop(waiting);
    else flows.waiting.push(at);
    flows.slots[at] = slot;
    if (dueMs < this.dueMs) this.dueMs = dueMs;
    return false;
  }

  /** Takes one of those that wait out, due or not; it is the caller's. Null: there is none. */
  shift(now: number): Packet | null {
    this.dueMs = Number.POSITIVE_INFINITY;
    const at = this.#flows?.waiting.at(-1);
    if (at === undefined) return null;
    const flows = this.#flows!;
    const slot = flows.take(at);
    flows.sentMs[at] = now;
    return slot;
  }

  #drop(slot: Packet): void {
    this.#pool.release(slot);
    this.filteredPkts++;
  }
}

/** What is known of the flows whose ACKs passed last. Flows whose hashes share a place take turns. */
class AckedFlows {
  readonly hashes = new Int32Array(PLACES).fill(-1);
  readonly ackNos = new Uint32Array(PLACES);
  readonly windows = new Uint16Array(PLACES);
  /** When the newest ACK was sent, when one came, and when the flow began; ms. */
  readonly sentMs = new Float64Array(PLACES);
  readonly #cameMs = new Float64Array(PLACES).fill(Number.NEGATIVE_INFINITY);
  readonly #beganMs = new Float64Array(PLACES);
  /** Acknowledged since. */
  readonly #bytes = new Float64Array(PLACES);
  /** When the newest round trip began, what was acknowledged in it, and in the one before. */
  readonly #roundMs = new Float64Array(PLACES);
  readonly #roundBytes = new Float64Array(PLACES);
  readonly #earlierBytes = new Float64Array(PLACES);
  readonly slots = new Array<Packet | null>(PLACES).fill(null);
  /** Places with a slot. */
  readonly waiting: number[] = [];

  /** Whether the place's flow is not to make room for another one. */
  isBusy(at: number, now: number): boolean {
    return now - this.#cameMs[at]! < STILL_MS || this.slots[at] !== null;
  }

  isStarting(at: number, now: number): boolean {
    return this.#bytes[at]! >= JUST_BEGUN_BYTES && now - this.#beganMs[at]! < LONG_BEGUN_MS &&
      now - this.#cameMs[at]! < STILL_MS;
  }

  begin(at: number, flow: InnerFlow, now: number): void {
    this.hashes[at] = flow.hash;
    this.#restart(at, now);
    this.note(at, 0, flow, 0, now);
    this.sentMs[at] = now;
  }

  note(at: number, newBytes: number, flow: InnerFlow, roundTripMs: number, now: number): void {
    const stillMs = now - this.#cameMs[at]!;
    if (stillMs >= STILL_MS) this.#restart(at, now);
    else if (stillMs >= Math.max(PAUSE_MS, 2 * roundTripMs)) this.#recount(at, now);
    else if (now - this.#roundMs[at]! >= roundTripMs) this.#endRound(at, now);
    this.ackNos[at] = flow.ackNo;
    this.windows[at] = flow.windowField;
    this.#cameMs[at] = now;
    this.#bytes[at]! += newBytes;
    this.#roundBytes[at]! += newBytes;
  }

  /** Takes out what waits at a place. */
  take(at: number): Packet {
    const slot = this.slots[at]!;
    this.slots[at] = null;
    const last = this.waiting.pop()!;
    if (last !== at) this.waiting[this.waiting.indexOf(at)] = last;
    return slot;
  }

  #endRound(at: number, now: number): void {
    const newestBytes = this.#roundBytes[at]! + this.#earlierBytes[at]!;
    const isGrowing = newestBytes >= GROWING_FRACTION * this.#bytes[at]!;
    if (!isGrowing) this.#beganMs[at] = Number.NEGATIVE_INFINITY;
    this.#earlierBytes[at] = this.#roundBytes[at]!;
    this.#roundBytes[at] = 0;
    this.#roundMs[at] = now;
  }

  #restart(at: number, now: number): void {
    this.#beganMs[at] = now;
    this.#recount(at, now);
  }

  #recount(at: number, now: number): void {
    this.#bytes[at] = 0;
    this.#roundMs[at] = now;
    this.#roundBytes[at] = 0;
    this.#earlierBytes[at] = 0;
  }
}
