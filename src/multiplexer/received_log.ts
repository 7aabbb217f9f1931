/**
 * Which link sequence numbers arrived over one link, and when: what feedback says of the link. Pure.
 *
 * It stands behind the session: every number it is told was authenticated and comes once. It knows
 * nothing of what is in the packets and never decides that one is lost; the sender does, who knows when
 * it sent them.
 *
 * @module
 */

/**
 * Ranges kept. Each hole makes one more, and feedback repeats them all, so that a hole stays visible for as many
 * further holes: at 2 % loss 1,600 packets. Older ones are forgotten.
 */
export const MAX_RANGES = 32;

/** Ranges there is room for at first: an orderly link has one or two. */
const FIRST_RANGES = 4;

/** The lowest transit time is of the last one to two of these: about the time between two feedbacks, and more than one. */
const TRANSIT_BUCKET_MS = 25;

const NO_TRANSIT = -1;
const US_PER_MS = 1_000;
const NO_NUMBERS = new Float64Array(0);

/** What arrived over one link. Numbers are integers, 0..2^53 - 1. */
export class ReceivedLog {
  /** The highest number that arrived; -1 when there was none. */
  newestSeqNo = -1;
  /** When it arrived, monotonic ms. */
  newestReceivedMs = 0;
  /** Everything that arrived. */
  receivedBytes = 0;
  /** Everything that arrived. */
  receivedPkts = 0;
  /** Packets with a send time (those that feedback is about) since {@link takeReport}. A message without one, feedback above all, asks for no answer. */
  unreportedPkts = 0;
  /** Ranges kept. */
  rangeCount = 0;

  // Oldest first, so that what arrives in order changes only the last. Made when the first packet arrives.
  #firsts = NO_NUMBERS;
  #lasts = NO_NUMBERS;

  /** u32 each, or NO_TRANSIT. */
  #newestTransitUs = NO_TRANSIT;
  #bucketUs = NO_TRANSIT;
  #previousBucketUs = NO_TRANSIT;
  #bucketStartMs = 0;

  /**
   * Hot. A packet arrived.
   * @param sizeBytes what counts as received
   * @param sentUs u32: when it was sent, by the sender's clock, or -1: it does not say
   */
  receive(seqNo: number, sizeBytes: number, sentUs: number, now: number): void {
    this.receivedBytes += sizeBytes;
    this.receivedPkts++;
    if (sentUs >= 0) {
      this.unreportedPkts++;
      this.#addTransit((Math.floor(now * US_PER_MS) - sentUs) >>> 0, now);
    }
    const newest = this.newestSeqNo;
    if (seqNo <= newest) {
      this.#insert(seqNo);
      return;
    }
    this.newestSeqNo = seqNo;
    this.newestReceivedMs = now;
    if (seqNo === newest + 1 && this.rangeCount > 0) this.#lasts[this.rangeCount - 1] = seqNo;
    else this.#insertRange(this.rangeCount, seqNo);
  }

  /** Feedback was sent. */
  takeReport(): void {
    this.unreportedPkts = 0;
  }

  /** First number of a range, the newest range being 0. */
  rangeFirst(index: number): number {
    return this.#firsts[this.rangeCount - 1 - index]!;
  }

  /** Last number of a range, the newest range being 0. */
  rangeLast(index: number): number {
    return this.#lasts[this.rangeCount - 1 - index]!;
  }

  /**
   * Lowest (receive time - send time) of the last 25 to 50 ms, or else the newest one: us modulo 2^32, as u32. The two
   * clocks have nothing to do with each other, so only differences between two of these mean something, taken as
   * signed 32-bit numbers. 0 when no packet said when it was sent.
   */
  minTransitUs(now: number): number {
    this.#rotate(now);
    const lowestUs = lowerTransit(this.#bucketUs, this.#previousBucketUs);
    if (lowestUs !== NO_TRANSIT) return lowestUs;
    return this.#newestTransitUs === NO_TRANSIT ? 0 : this.#newestTransitUs;
  }

  /** As it was made: a new session counts anew. */
  reset(): void {
    this.newestSeqNo = -1;
    this.newestReceivedMs = 0;
    this.receivedBytes = 0;
    this.receivedPkts = 0;
    this.unreportedPkts = 0;
    this.rangeCount = 0;
    this.#newestTransitUs = NO_TRANSIT;
    this.#bucketUs = NO_TRANSIT;
    this.#previousBucketUs = NO_TRANSIT;
  }

  #addTransit(transitUs: number, now: number): void {
    this.#rotate(now);
    this.#newestTransitUs = transitUs;
    this.#bucketUs = lowerTransit(this.#bucketUs, transitUs);
  }

  #rotate(now: number): void {
    const ageMs = now - this.#bucketStartMs;
    if (ageMs < TRANSIT_BUCKET_MS) return;
    const isPreviousNear = ageMs < 2 * TRANSIT_BUCKET_MS;
    this.#previousBucketUs = isPreviousNear ? this.#bucketUs : NO_TRANSIT;
    this.#bucketUs = NO_TRANSIT;
    this.#bucketStartMs = isPreviousNear ? this.#bucketStartMs + TRANSIT_BUCKET_MS : now;
  }

  /** A number that is not above the newest. */
  #insert(seqNo: number): void {
    const firsts = this.#firsts;
    const lasts = this.#lasts;
    let below = this.rangeCount - 1; // will be the newest range that starts at or below the number
    while (below >= 0 && firsts[below]! > seqNo) below--;
    if (below >= 0 && seqNo <= lasts[below]!) return; // was there already
    const above = below + 1;
    const joinsBelow = below >= 0 && lasts[below] === seqNo - 1;
    const joinsAbove = above < this.rangeCount && firsts[above] === seqNo + 1;
    if (joinsBelow && joinsAbove) {
      lasts[below] = lasts[above]!;
      this.#removeRange(above);
    } else if (joinsBelow) {
      lasts[below] = seqNo;
    } else if (joinsAbove) {
      firsts[above] = seqNo;
    } else {
      this.#insertRange(above, seqNo);
    }
  }

  /** Puts a range of one number at an index. When there is no room, the oldest range is forgotten: that may be this one. */
  #insertRange(index: number, seqNo: number): void {
    if (this.rangeCount === MAX_RANGES) {
      if (index === 0) return;
      this.#removeRange(0);
      index--;
    }
    if (this.rangeCount === this.#firsts.length) this.#grow();
    this.#firsts.copyWithin(index + 1, index, this.rangeCount);
    this.#lasts.copyWithin(index + 1, index, this.rangeCount);
    this.#firsts[index] = seqNo;
    this.#lasts[index] = seqNo;
    this.rangeCount++;
  }

  #removeRange(index: number): void {
    this.#firsts.copyWithin(index, index + 1, this.rangeCount);
    this.#lasts.copyWithin(index, index + 1, this.rangeCount);
    this.rangeCount--;
  }

  #grow(): void {
    const ranges = Math.min(Math.max(2 * this.#firsts.length, FIRST_RANGES), MAX_RANGES);
    const firsts = new Float64Array(ranges);
    const lasts = new Float64Array(ranges);
    firsts.set(this.#firsts);
    lasts.set(this.#lasts);
    this.#firsts = firsts;
    this.#lasts = lasts;
  }
}

/** The lower of two transit times modulo 2^32; either may be NO_TRANSIT. */
function lowerTransit(a: number, b: number): number {
  if (a === NO_TRANSIT) return b;
  if (b === NO_TRANSIT) return a;
  return ((a - b) | 0) < 0 ? a : b;
}
