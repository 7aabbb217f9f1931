/**
 * Measures what arrives of a flow: goodput, loss, duplicates, order, delay, stalls.
 *
 * @module
 */

/** Width of the buckets in which goodput is counted, in ms. */
const BUCKET_MS = 100;

/** Counts a flow's packets by their sequence numbers, which start at 0. Times are virtual ms. */
export class FlowSink {
  /** Arrived, duplicates not counted. */
  receivedPkts = 0;
  receivedBytes = 0;
  duplicatePkts = 0;
  /** Arrived after one with a higher number. */
  reorderedPkts = 0;
  /** The most a late packet was behind the newest one, in packets. */
  maxReorderPkts = 0;
  /** The longest time between two arrivals, from the first arrival on. */
  longestStallMs = 0;

  readonly #delaysMs: number[] = [];
  readonly #bytesByBucket: number[] = [];
  readonly #seen: boolean[] = [];
  #highestSeqNo = -1;
  #lastArrivalMs = -1;

  /** Hot. A packet of the flow arrived. @param lengthBytes of the inner IP packet. */
  receive(seqNo: number, lengthBytes: number, sentMs: number, now: number): void {
    if (this.#lastArrivalMs >= 0) {
      this.longestStallMs = Math.max(this.longestStallMs, now - this.#lastArrivalMs);
    }
    this.#lastArrivalMs = now;
    if (this.#seen[seqNo] === true) {
      this.duplicatePkts++;
      return;
    }
    this.#see(seqNo);
    this.receivedPkts++;
    this.receivedBytes += lengthBytes;
    this.#delaysMs.push(now - sentMs);
    const bucket = Math.floor(now / BUCKET_MS);
    this.#bytesByBucket[bucket] = (this.#bytesByBucket[bucket] ?? 0) + lengthBytes;
  }

  /**
   * Bits per second of inner IP packets that arrived in a span of time.
   * @param fromMs and toMs: multiples of 100 ms.
   */
  goodputBps(fromMs: number, toMs: number): number {
    let bytes = 0;
    for (let i = Math.round(fromMs / BUCKET_MS); i < Math.round(toMs / BUCKET_MS); i++) {
      bytes += this.#bytesByBucket[i] ?? 0;
    }
    return bytes * 8000 / (toMs - fromMs);
  }

  /** The delay that a fraction (0..1) of the packets did not exceed; NaN when none arrived. */
  delayMs(fraction: number): number {
    const sorted = this.#delaysMs.toSorted((a, b) => a - b);
    return sorted[Math.floor(fraction * (sorted.length - 1))] ?? NaN;
  }

  #see(seqNo: number): void {
    while (this.#seen.length < seqNo) this.#seen.push(false); // keeps the array dense
    this.#seen[seqNo] = true;
    if (seqNo > this.#highestSeqNo) {
      this.#highestSeqNo = seqNo;
    } else {
      this.reorderedPkts++;
      this.maxReorderPkts = Math.max(this.maxReorderPkts, this.#highestSeqNo - seqNo);
    }
  }
}
