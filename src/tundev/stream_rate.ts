/**
 * How fast the other end receives: its own count of bytes over its own clock, as its ACKs tell.
 *
 * A rate from sender's times only would be wrong by as much as ACKs are delayed, reordered and
 * lost, each on a random link of its own; two counts with their clock readings are exact whatever
 * way they came.
 *
 * @module
 */

/** Shortest and longest interval of a sample, ms. */
const MIN_SAMPLE_MS = 20;
const MAX_SAMPLE_MS = 200;

/**
 * Samples the maximum is taken over: some eight round trips, more than the six from one look for a
 * higher rate to the next, or what was found would be forgotten before.
 */
const WINDOW_SAMPLES = 16;

/** The delivery rate. */
export class StreamRate {
  readonly #samples = new Float64Array(WINDOW_SAMPLES);
  #next = 0;
  #hasAnchor = false;
  #anchorUs = 0;
  #anchorBytes = 0;
  #isLimited = false;
  #bytesPerMs = 0;
  #sampleMs = MIN_SAMPLE_MS;

  /** Largest of the last samples, bytes per ms; 0 before the first. */
  get bytesPerMs(): number {
    return this.#bytesPerMs;
  }

  /** The last sample, bytes per ms. */
  lastBytesPerMs = 0;

  /**
   * Hot. Takes what an ACK says.
   * @param clockUs the receiver's clock, 32 bits, wrapping.
   * @param receivedBytes its count, 48 bits.
   * @param isLimited the sender had too little to send: such a sample may raise the rate only.
   * @returns true when a sample was completed that was not limited.
   */
  handleAck(clockUs: number, receivedBytes: number, isLimited: boolean): boolean {
    if (!this.#hasAnchor) {
      this.#setAnchor(clockUs, receivedBytes);
      return false;
    }
    const elapsedMs = ((clockUs - this.#anchorUs) | 0) / 1000;
    const bytes = receivedBytes - this.#anchorBytes;
    if (elapsedMs < 0 || bytes < 0) return false; // an ACK that was overtaken
    this.#isLimited ||= isLimited;
    if (elapsedMs < this.#sampleMs) return false;
    const rate = bytes / elapsedMs;
    const wasLimited = this.#isLimited;
    const isUsable = !wasLimited || rate > this.#bytesPerMs;
    this.#setAnchor(clockUs, receivedBytes);
    this.lastBytesPerMs = rate;
    if (!isUsable) return false;
    this.#samples[this.#next] = rate;
    this.#next = (this.#next + 1) % WINDOW_SAMPLES;
    this.#bytesPerMs = 0;
    for (let i = 0; i < WINDOW_SAMPLES; i++) {
      if (this.#samples[i]! > this.#bytesPerMs) this.#bytesPerMs = this.#samples[i]!;
    }
    return !wasLimited;
  }

  /** Sets the interval by the round trip. */
  setRoundTrip(ms: number): void {
    this.#sampleMs = Math.min(MAX_SAMPLE_MS, Math.max(MIN_SAMPLE_MS, ms / 2));
  }

  /** Believes all samples a part only: after an outage nobody knows what the links carry. */
  scale(factor: number): void {
    for (let i = 0; i < WINDOW_SAMPLES; i++) this.#samples[i]! *= factor;
    this.#bytesPerMs *= factor;
    this.#hasAnchor = false;
  }

  /** The other end counts anew. */
  forgetAnchor(): void {
    this.#hasAnchor = false;
  }

  #setAnchor(clockUs: number, receivedBytes: number): void {
    this.#hasAnchor = true;
    this.#anchorUs = clockUs;
    this.#anchorBytes = receivedBytes;
    this.#isLimited = false;
  }
}
