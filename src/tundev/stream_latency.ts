/**
 * How long packets take to be acknowledged: a fading histogram, of which the tail says when a
 * packet is lost and not merely late.
 *
 * Counting packets that overtook (dupack, RFC 5681) means nothing where every packet takes a link
 * at random. RACK (RFC 8985) waits a quarter of the smallest round trip: too short where one link's
 * round trip is five times another's. So the window is learned from the whole distribution.
 *
 * @module
 */

import { ACK_DELAY_MS } from "./stream_ack_log.ts";

/** Before anything was measured, ms (RFC 9002 §6.2.2: initial round trip 333 ms). */
const INITIAL_LATENCY_MS = 333;

/** Shortest and longest wait for an acknowledgement, ms. */
const MIN_LOSS_TIMEOUT_MS = 30;
const MAX_LOSS_TIMEOUT_MS = 3000;

/** Share of packets that may be resent in vain: the price of missing lost ones soon. */
const TAIL_SHARE = 0.005;

/** The histogram counts half after this time, ms (only while packets come). */
const HALF_LIFE_MS = 1000;

/** Buckets per doubling of the latency: 9 % each. */
const BUCKETS_PER_OCTAVE = 8;
const BUCKETS = 15 * BUCKETS_PER_OCTAVE;

/** How long the smallest mean is remembered, ms: two halves of this. */
const BASE_WINDOW_MS = 10_000;

/** Rounds at the beginning that do not count for the base. */
const BIASED_ROUNDS = 5;

/** The distribution of the time from sending a packet to its acknowledgement. */
export class StreamLatency {
  readonly #counts = new Float64Array(BUCKETS);
  #total = 0;
  #fadedMs = 0;
  #roundSumMs = 0;
  #roundPkts = 0;
  #roundStartMs = 0;
  #rounds = 0;
  #meanMs = INITIAL_LATENCY_MS;
  #baseMs = Infinity;
  #olderBaseMs = Infinity;
  #baseSinceMs = 0;
  #lossTimeoutMs = 1.5 * INITIAL_LATENCY_MS;

  /** Mean over the last rounds, ms. */
  get meanMs(): number {
    return this.#meanMs;
  }

  /** The smallest mean of a round lately, ms: what a packet takes without queues, on average. */
  get baseMs(): number {
    const base = Math.min(this.#baseMs, this.#olderBaseMs);
    return base === Infinity ? this.#meanMs : base;
  }

  /** A packet unacknowledged for longer than this, with a later one acknowledged, is lost. */
  get lossTimeoutMs(): number {
    return this.#lossTimeoutMs;
  }

  /** Hot. A packet was acknowledged `latencyMs` after it was sent, late ones included. */
  add(latencyMs: number): void {
    const octaves = Math.log2(Math.max(1, latencyMs));
    this.#counts[Math.min(BUCKETS - 1, Math.floor(octaves * BUCKETS_PER_OCTAVE))]! += 1;
    this.#total++;
    this.#roundSumMs += latencyMs;
    this.#roundPkts++;
  }

  /** An ACK was taken in. @returns true when a round ended: the figures are new. */
  handleAck(now: number): boolean {
    if (this.#total < MIN_SAMPLES) this.#lossTimeoutMs = this.#tailMs();
    if (this.#roundPkts === 0 || now - this.#roundStartMs < this.#meanMs) return false;
    const roundMs = this.#roundSumMs / this.#roundPkts;
    this.#meanMs = this.#total <= this.#roundPkts ? roundMs : (this.#meanMs + roundMs) / 2;
    this.#roundStartMs = now;
    this.#roundSumMs = 0;
    this.#roundPkts = 0;
    if (now - this.#baseSinceMs > BASE_WINDOW_MS / 2) {
      this.#olderBaseMs = this.#baseMs;
      this.#baseMs = Infinity;
      this.#baseSinceMs = now;
    }
    // The first rounds hear of the fast links only.
    if (this.#rounds++ >= BIASED_ROUNDS) this.#baseMs = Math.min(this.#baseMs, this.#meanMs);
    this.#lossTimeoutMs = this.#tailMs();
    if (now - this.#fadedMs > HALF_LIFE_MS && this.#total > 2 * MIN_SAMPLES) this.#fade(now);
    return true;
  }

  /** The latency that all but {@link TAIL_SHARE} of the packets keep, and a margin. */
  #tailMs(): number {
    let beyond = this.#total * TAIL_SHARE;
    let bucket = BUCKETS - 1;
    while (bucket > 0 && beyond >= this.#counts[bucket]!) beyond -= this.#counts[bucket--]!;
    const tailMs = 2 ** ((bucket + 1) / BUCKETS_PER_OCTAVE);
    // Few samples say little of a tail: keep part of the initial caution.
    const cautionMs = this.#total < MIN_SAMPLES
      ? 1.5 * INITIAL_LATENCY_MS / (1 + this.#total / 8)
      : 0;
    const timeoutMs = tailMs * 1.05 + ACK_DELAY_MS + cautionMs;
    return Math.min(MAX_LOSS_TIMEOUT_MS, Math.max(MIN_LOSS_TIMEOUT_MS, timeoutMs));
  }

  #fade(now: number): void {
    this.#fadedMs = now;
    this.#total = 0;
    for (let i = 0; i < BUCKETS; i++) this.#total += this.#counts[i]! /= 2;
  }
}

/** Samples from which on the tail is believed. */
const MIN_SAMPLES = 200;
