/**
 * How long the queue lets flows wait before they are told to send less. Pure.
 *
 * A CUBIC sender backs off by 0.3 (RFC 9438 §4.6). For the links to stay busy after that, 0.3 / 0.7 of a round trip must
 * have stood in the queue; and where packets are lost all the time, besides, what the links carry while one is sent
 * again, since nothing behind it is acknowledged meanwhile. Flows that need little never wait: they have queues of
 * their own.
 *
 * @module
 */

import type { FlowQueue } from "./flow_queue.ts";
import { LinkUse, type MultiplexerLink } from "./multiplexer_link.ts";

/** See above. */
const QUEUE_ROUND_TRIPS = 0.43;
const MIN_TARGET_MS = 30;
const MAX_TARGET_MS = 200;

/** While links are still getting faster: their queue goes away by itself, and a drop would end a flow's slow start. */
const STARTUP_TARGET_MS = 150;

/**
 * And while what was measured of them still grows, by more than this over what it was, followed with this time constant: under jitter
 * a link's startup may end at a tenth of its rate.
 */
const GROWING_TARGET_MS = 300;
const GROWING_FACTOR = 1.1;
const GROWING_MS = 400;

/** A flow is given so long, and one and a half round trips, to answer before it is told again. */
const MIN_INTERVAL_MS = 200;

/** Packets of that size are counted on; and it takes so much longer than a round trip to send one again. */
const FULL_PACKET_BYTES = 1_412;
const RESEND_MARGIN_MS = 25;

/** Losses in a round trip from which on the queue has to hold what keeps the link busy meanwhile. */
const FREQUENT_LOSSES = 0.2;

/**
 * When links fall out, what a flow had in flight over all of them waits for those that are left. To drop some of it then
 * would make the flow stand still for as long as it takes to come again, behind all the rest; and most links come back. So
 * the flow is told to send less only when the loss has lasted: the capacity that was is remembered for so long, then forgotten
 * with this time constant.
 */
const REMEMBER_MS = 4_000;
const FORGET_MS = 3_000;
/** More than this share of it is left: nothing fell out, measured rates only vary. */
const VARIES_FRACTION = 0.9;
/** What flows have in flight grows on meanwhile: room for so much more, where much fell out. */
const SHRUNK_MARGIN = 1.5;
const MAX_SHRUNK_TARGET_MS = 1_200;

/** Tunes the queue of one peer. */
export class QueueTuning {
  #peakBps = 0;
  /** When most of that was last there. */
  #peakMs = Number.NEGATIVE_INFINITY;
  /** The capacity, followed slowly. */
  #followedBps = 0;
  #tunedMs = Number.NEGATIVE_INFINITY;

  /** Lets the queue follow the links that may carry data. */
  tune(queue: FlowQueue, links: readonly MultiplexerLink[], now: number): void {
    let slowestMs = 0;
    let waitMs = 0;
    let leastMs = MIN_TARGET_MS;
    let capacityBps = 0;
    for (const link of links) {
      if (link.rate.isStartingUp) leastMs = STARTUP_TARGET_MS;
      if (link.use !== LinkUse.CARRYING) continue;
      capacityBps += link.capacity.capacityBps;
      slowestMs = Math.max(slowestMs, link.rtt.srttMs);
      waitMs = Math.max(waitMs, resendWaitMs(link));
    }
    const elapsedMs = now - this.#tunedMs;
    this.#tunedMs = now;
    if (this.#isGrowing(capacityBps, elapsedMs)) leastMs = GROWING_TARGET_MS;
    const wishMs = waitMs + QUEUE_ROUND_TRIPS * (slowestMs + waitMs);
    const targetMs = Math.max(leastMs, Math.min(MAX_TARGET_MS, wishMs));
    const shrunkBy = this.#shrunkBy(capacityBps, elapsedMs, now);
    const shrunkMs = Math.min(SHRUNK_MARGIN, shrunkBy) * (shrunkBy - 1) * (targetMs + slowestMs);
    const lenientMs = Math.min(MAX_SHRUNK_TARGET_MS, targetMs + shrunkMs);
    queue.setCodel(lenientMs, Math.max(MIN_INTERVAL_MS, 1.5 * slowestMs + lenientMs));
  }

  #isGrowing(capacityBps: number, elapsedMs: number): boolean {
    this.#followedBps += (capacityBps - this.#followedBps) *
      (1 - Math.exp(-elapsedMs / GROWING_MS));
    return capacityBps > GROWING_FACTOR * this.#followedBps;
  }

  /** How many times the capacity was what it is now, a little while ago; 1 at least. */
  #shrunkBy(capacityBps: number, elapsedMs: number, now: number): number {
    const isThere = capacityBps >= VARIES_FRACTION * this.#peakBps;
    if (isThere) this.#peakMs = now;
    if (isThere || now - this.#peakMs > REMEMBER_MS) {
      this.#peakBps += (capacityBps - this.#peakBps) * (1 - Math.exp(-elapsedMs / FORGET_MS));
    }
    this.#peakBps = Math.max(this.#peakBps, capacityBps);
    return capacityBps > 0 ? this.#peakBps / capacityBps : 1;
  }
}

/** How long a flow waits for what is sent again over a link; 0 where hardly anything is lost. */
function resendWaitMs(link: MultiplexerLink): number {
  const { srttMs } = link.rtt;
  const pktsPerRoundTrip = link.capacity.capacityBps / 8_000 * srttMs / FULL_PACKET_BYTES;
  const lossesPerRoundTrip = link.loss.longFraction * pktsPerRoundTrip;
  return Math.min(1, lossesPerRoundTrip / FREQUENT_LOSSES) * (srttMs + RESEND_MARGIN_MS);
}
