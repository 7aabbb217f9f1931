/**
 * Whether a slave that has a session needs a new handshake: the master is silent, the session old or used up. Pure.
 *
 * @module
 */

import type { Keyring } from "./keyring.ts";
import type { SessionLimits } from "./session_limits.ts";

/**
 * After this long without a word from a master that was asked something, it has been restarted or is gone, in ms. It
 * answers pings at once and data within milliseconds, and is asked every second or more often while data flows: one lost
 * answer on a single link makes 2 s and jitter at most, which is no silence yet.
 */
const SILENCE_MS = 2_500;

/**
 * A rekey is put off by a random part of this share of its time and of the time between rekey and reject, and of 10 s at
 * most: slaves that came back to a restarted master together do not rekey together for ever.
 */
const REKEY_SPREAD_FRACTION = 0.25;
const MAX_REKEY_SPREAD_MS = 10_000;

/** How much longer the first word under a new session may take, at most, in ms: two round trips of a very full queue. */
const MAX_FIRST_WORD_MS = 8_000;

/** What a {@link HandshakeNeed} looks at. */
export interface HandshakeNeedOptions {
  readonly keyring: Keyring;
  readonly limits: SessionLimits;
  /** Uniform in [0, 1). */
  readonly rng: () => number;
}

/** Watches the session in use. */
export class HandshakeNeed {
  readonly #options: HandshakeNeedOptions;
  /** When a master that has said nothing since the welcome counts as silent. */
  #firstWordDueMs = Infinity;
  #isHeard = false;
  /** When the oldest thing was asked since the master was heard; Infinity: nothing was. */
  #askedMs = Infinity;
  /** When the rekey that is due begins; Infinity: none is due. */
  #rekeyMs = Infinity;

  constructor(options: HandshakeNeedOptions) {
    this.#options = options;
  }

  /** Hot. The master is there. */
  handleHeard(): void {
    this.#askedMs = Infinity;
    this.#isHeard = true;
  }

  /** Hot. Something was sent that the master answers if it is there. */
  handleAsked(now: number): void {
    if (this.#askedMs === Infinity) this.#askedMs = now;
  }

  /** A new session is in use. @param roundTripMs what the handshake took: a round trip, or more. */
  handleWelcome(now: number, roundTripMs: number): void {
    this.#rekeyMs = Infinity;
    this.#isHeard = false;
    this.#askedMs = Infinity;
    // The first word under the new session comes a round trip after ours, which may be longer than a silence.
    this.#firstWordDueMs = now + SILENCE_MS + Math.min(MAX_FIRST_WORD_MS, 2 * roundTripMs);
  }

  /** Whether a handshake is needed now; notes when a rekey falls due. */
  isThere(now: number): boolean {
    const { keyring, rng } = this.#options;
    if (keyring.sending(now) === null || now >= this.#silentMs()) return true;
    if (this.#rekeyMs === Infinity && keyring.needsRekey(now)) {
      this.#rekeyMs = now + rng() * this.#rekeySpreadMs();
    }
    return now >= this.#rekeyMs;
  }

  /** When {@link HandshakeNeed.isThere} may change its answer; what the keyring's timeouts bring apart. */
  nextTimeout(): number {
    return Math.min(this.#silentMs(), this.#rekeyMs);
  }

  #silentMs(): number {
    return this.#isHeard ? this.#askedMs + SILENCE_MS : this.#firstWordDueMs;
  }

  #rekeySpreadMs(): number {
    const { rekeyAfterMs, rejectAfterMs } = this.#options.limits;
    const leastMs = Math.min(rekeyAfterMs, rejectAfterMs - rekeyAfterMs);
    return Math.min(MAX_REKEY_SPREAD_MS, leastMs * REKEY_SPREAD_FRACTION);
  }
}
