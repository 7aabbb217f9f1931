/**
 * A budget that refills with time: how much of something that strangers can cause is allowed.
 *
 * @module
 */

/**
 * A token bucket.
 *
 * @example
 * ```ts
 * import { TokenBucket } from "./token_bucket.ts";
 *
 * const bucket = new TokenBucket({ capacity: 2, perSecond: 1 });
 * if (!bucket.take(0) || !bucket.take(0)) throw new Error("starts full");
 * if (bucket.take(500)) throw new Error("half a token is none");
 * if (!bucket.take(1_000)) throw new Error("one a second comes back");
 * ```
 */
export class TokenBucket {
  readonly #capacity: number;
  readonly #perSecond: number;
  #tokens: number;
  #filledMs = Number.NEGATIVE_INFINITY;

  /** @param options `capacity`: the largest burst; `perSecond`: tokens that come back. */
  constructor(options: { readonly capacity: number; readonly perSecond: number }) {
    this.#capacity = options.capacity;
    this.#perSecond = options.perSecond;
    this.#tokens = options.capacity;
  }

  /** Takes a token. @returns false when there is none. */
  take(now: number): boolean {
    if (now > this.#filledMs) {
      const back = (now - this.#filledMs) * this.#perSecond / 1_000;
      this.#tokens = Math.min(this.#capacity, this.#tokens + back);
      this.#filledMs = now;
    }
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }
}
