/**
 * What is known of one link from one look at it to the next: differences of counters, and, for the way down, which the other end
 * sends and a slave only sees arrive, queue and capacity by how late it arrives. Pure.
 *
 * @module
 */

import type { LinkSample } from "../control/sample_report.ts";
import { WindowedMin } from "../multiplexer/windowed_min.ts";
import type { CapacityKind, RecordedStep, RecordedWay } from "./recording_format.ts";

/** IPv4 and UDP headers around a datagram: the estimators count them, too. */
const OUTER_BYTES = 28;

/** Pings that are looked at; on a link in use there is about one a second. */
const PINGS = 8;

/** The least transit is of that time, as the multiplexer's. */
const LEAST_WINDOW_MS = 10_000;

/**
 * A queue above this and above the jitter, at both ends of a step and of the one before: the link was busy. One that was looked at
 * once may be a machine that was late.
 */
const BUSY_MS = 5;
const BUSY_LOOKS = 3;

/** Rates over a tenth of a second go up and down: a capacity is outdone only by so much. */
const FASTER = 1.2;

/** A rate over fewer bytes is noise. */
const LEAST_BYTES = 6_000;

const US_PER_MS = 1_000;

/** One link's. */
export class LinkHistory {
  /** In the recording. */
  readonly number: number;
  #before: LinkSample | null = null;
  /** What pings took, but for queues. */
  #pings: readonly number[] = [];
  /** What the newest ping took, until it is counted; 0: there is none. */
  #pingedMs = 0;
  readonly #up = new KnownCapacity();
  readonly #down = new KnownCapacity();
  readonly #leastTransit = new WindowedMin(LEAST_WINDOW_MS);
  /** Transits are counted from the first one: u32 µs, NaN before it. */
  #firstTransitUs = Number.NaN;
  #busyLooks = 0;
  #lastDownBps = 0;
  /** Packets that were lost on the way down less those that were told as lost; below 0: some came late. */
  #lostDownPkts = 0;

  constructor(number: number) {
    this.number = number;
  }

  /**
   * Takes what is known now.
   * @param elapsedMs since the look before, which may have been without this link
   * @param atMs since the recording's beginning
   * @returns null for the first one
   */
  handle(link: LinkSample, elapsedMs: number, atMs: number): RecordedStep | null {
    const before = this.#before;
    this.#before = link;
    if (before === null) {
      this.#pingedMs = link.ownRoundTripMs;
      return null;
    }
    const up = this.#upWay(link, before, elapsedMs);
    const down = this.#downWay(link, before, elapsedMs, atMs);
    if (link.ownRoundTripMs > 0 && link.ownRoundTripMs !== before.ownRoundTripMs) {
      this.#pingedMs = link.ownRoundTripMs;
    }
    // A ping waits behind what is under way both ways: about as long as others did.
    if (this.#pingedMs !== 0) {
      const queuesMs = up.queueMs + down.queueMs;
      const isTelling = queuesMs < this.#pingedMs / 2;
      if (isTelling) this.#pings = [...this.#pings, this.#pingedMs - queuesMs].slice(-PINGS);
    }
    this.#pingedMs = 0;
    return {
      atMs,
      link: this.number,
      state: link.state,
      roundTripMs: link.roundTripMs,
      emptyRoundTripMs: lowOf(this.#pings),
      jitterMs: Math.max(0, link.jitterMs),
      up,
      down,
    };
  }

  /** The slave's own estimators say it. */
  #upWay(link: LinkSample, before: LinkSample, elapsedMs: number): RecordedWay {
    const packets = growth(before.sentPackets, link.sentPackets);
    const bytes = growth(before.sentBytes, link.sentBytes) + packets * OUTER_BYTES;
    const isBusy = link.hasQueue && link.isCapacityKnown;
    if (link.isCapacityKnown) this.#up.reach(link.capacityBps);
    else this.#up.see(link.deliveredBps);
    return {
      bps: bytes * 8_000 / elapsedMs,
      ...this.#up.tell(isBusy),
      queueMs: Math.max(0, link.queueMs),
      packets,
      lostPackets: growth(before.lostPackets, link.lostPackets),
    };
  }

  /** From what arrived, and how late. */
  #downWay(link: LinkSample, before: LinkSample, elapsedMs: number, atMs: number): RecordedWay {
    const packets = growth(before.peerSentPackets, link.peerSentPackets);
    const bytes = growth(before.arrivedBytes, link.arrivedBytes);
    if (link.arrivedPackets < before.arrivedPackets) {
      // The other end began anew, with another clock.
      this.#leastTransit.reset();
      this.#lostDownPkts = 0;
      this.#firstTransitUs = Number.NaN;
    }
    // 0: nothing said yet when it was sent; as before: nothing has since.
    const isNew = link.arrivedTransitUs !== before.arrivedTransitUs && link.arrivedTransitUs !== 0;
    const queueMs = isNew ? this.#downQueueMs(link, atMs) : 0;
    const isBusyNow = bytes >= LEAST_BYTES &&
      queueMs >= Math.max(BUSY_MS, link.jitterMs);
    this.#busyLooks = isBusyNow ? this.#busyLooks + 1 : 0;
    const isBusy = this.#busyLooks >= BUSY_LOOKS;
    const bps = bytes * 8_000 / elapsedMs;
    // A flow that ends, or a machine that is late, ends with less: it was busy for a part of the step only.
    if (isBusy) this.#down.reach(Math.max(bps, this.#lastDownBps));
    else if (bytes >= LEAST_BYTES) this.#down.see(bps);
    this.#lastDownBps = bps;
    this.#lostDownPkts += packets - growth(before.arrivedPackets, link.arrivedPackets);
    const lostPackets = Math.max(0, this.#lostDownPkts);
    this.#lostDownPkts -= lostPackets;
    return {
      bps,
      ...this.#down.tell(isBusy),
      queueMs,
      packets,
      lostPackets,
    };
  }

  /** How much longer what came lately took than the least. The least of some tens of ms it is: most jitter is not in it. */
  #downQueueMs({ arrivedTransitUs }: LinkSample, atMs: number): number {
    if (Number.isNaN(this.#firstTransitUs)) this.#firstTransitUs = arrivedTransitUs;
    const transitMs = ((arrivedTransitUs - this.#firstTransitUs) | 0) / US_PER_MS;
    this.#leastTransit.add(transitMs, atMs);
    return transitMs - this.#leastTransit.value;
  }
}

/** What one direction carries, as far as it was seen. */
class KnownCapacity {
  /** Bits per second; 0: nothing is known. */
  #bps = 0;
  /** Whether it was ever busy. */
  #isReached = false;
  /** What was seen last. */
  #seenBps = 0;

  /** It was busy, and carried that. */
  reach(bps: number): void {
    this.#bps = bps;
    this.#isReached = true;
  }

  /** It carried that, and perhaps could have carried more. What was held up comes at once: only twice in a row is believed. */
  see(bps: number): void {
    const leastBps = Math.min(bps, this.#seenBps);
    this.#seenBps = bps;
    if (leastBps > this.#bps * (this.#isReached ? FASTER : 1)) this.#bps = leastBps;
  }

  tell(isBusy: boolean): { readonly capacityBps: number | null; readonly known: CapacityKind } {
    if (this.#bps <= 0) return { capacityBps: null, known: "unknown" };
    const known = isBusy ? "full" : this.#isReached ? "kept" : "least";
    return { capacityBps: this.#bps, known };
  }
}

/** The least but one: a queue is seen a moment before or after the ping, so the least may be too little. Null: there is none. */
function lowOf(values: readonly number[]): number | null {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[1] ?? sorted[0] ?? null;
}

/** A counter that was made anew counts from 0. */
function growth(before: number, after: number): number {
  return after >= before ? after - before : after;
}
