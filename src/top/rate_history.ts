/**
 * The last rates of everything that is shown, for sparklines: a ring for each way of each link. Pure: an entry for each time
 * it is told something.
 *
 * @module
 */

/** The last rates of one thing. */
export class RateHistory {
  readonly #rates: Float64Array;
  #count = 0;

  /** @param length how many are kept */
  constructor(length: number) {
    this.#rates = new Float64Array(length);
  }

  /** Adds one; the oldest goes when there are too many. @param bps null: not known */
  push(bps: number | null): void {
    this.#rates[this.#count % this.#rates.length] = bps ?? NaN;
    this.#count++;
  }

  /** The last ones, the oldest first; fewer when there are fewer. */
  last(most: number): readonly (number | null)[] {
    const length = this.#rates.length;
    const n = Math.min(most, this.#count, length);
    return Array.from({ length: n }, (_, i) => {
      const bps = this.#rates[(this.#count - n + i) % length]!;
      return Number.isNaN(bps) ? null : bps;
    });
  }

  /** The highest that is kept; 0 when there is none. */
  highest(): number {
    // Not filled up yet, it holds zeros.
    return this.#rates.reduce((highest, bps) => bps > highest ? bps : highest, 0);
  }
}

/** Both ways of one thing. */
export interface FlowHistory {
  readonly sent: RateHistory;
  readonly received: RateHistory;
}

/** Rates of one thing now, in bits per second. */
export interface FlowRates {
  readonly sentBps: number;
  readonly receivedBps: number;
}

/** The histories of many things, by their keys. */
export class RateHistories {
  readonly #length: number;
  readonly #flows = new Map<string, FlowHistory>();

  /** @param length how many rates are kept of each */
  constructor(length: number) {
    this.#length = length;
  }

  /** Takes down the rates of now. What is not among them is forgotten. */
  record(now: ReadonlyMap<string, FlowRates>): void {
    for (const key of this.#flows.keys()) if (!now.has(key)) this.#flows.delete(key);
    for (const [key, { sentBps, receivedBps }] of now) {
      const flow = this.of(key);
      flow.sent.push(sentBps);
      flow.received.push(receivedBps);
      this.#flows.set(key, flow);
    }
  }

  /** Takes down that nothing is known of now. */
  recordGap(): void {
    for (const { sent, received } of this.#flows.values()) {
      sent.push(null);
      received.push(null);
    }
  }

  /** The history of one thing; an empty one when nothing is known of it. */
  of(key: string): FlowHistory {
    return this.#flows.get(key) ??
      { sent: new RateHistory(this.#length), received: new RateHistory(this.#length) };
  }
}
