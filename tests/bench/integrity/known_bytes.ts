/**
 * An endless stream of bytes that both ends know: what stands at each place follows from the place. Pure.
 *
 * A ring of random bytes, whose length is a prime: a segment, a batch of them or a buffer that comes twice, or at another's
 * place, comes at another place of the ring, unless it is off by the whole of it. To compare is one memcmp, at some 30 GB/s.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { mulberry32 } from "../../support/rng.ts";

/** Length of the ring: the largest prime below 2^20. */
export const PERIOD_BYTES = 1_048_573;

/** The most that is looked at by one view. */
export const MAX_VIEW_BYTES = 65_536;

/** See the module. */
export class KnownBytes {
  /** The ring, and its head once more, so that no view ends at its end. */
  readonly #ring = new Uint8Array(PERIOD_BYTES + MAX_VIEW_BYTES);

  /** @param seed who has the same has the same bytes. */
  constructor(seed: number) {
    const next = mulberry32(seed);
    for (let i = 0; i < PERIOD_BYTES; i++) this.#ring[i] = next() * 256;
    this.#ring.copyWithin(PERIOD_BYTES, 0, MAX_VIEW_BYTES);
  }

  /** What stands there: a view, at most {@link MAX_VIEW_BYTES} long, not to be written to. */
  at(place: number, lengthBytes: number): Uint8Array<ArrayBuffer> {
    if (lengthBytes > MAX_VIEW_BYTES) throw new RangeError(`Invariant: ${lengthBytes} at once`);
    const start = place % PERIOD_BYTES;
    return this.#ring.subarray(start, start + lengthBytes);
  }

  /** How many of the bytes, at most {@link MAX_VIEW_BYTES}, are not those that stand there. */
  countWrong(bytes: Uint8Array<ArrayBuffer>, place: number): number {
    const known = this.at(place, bytes.length);
    if (Buffer.compare(bytes, known) === 0) return 0;
    let wrong = 0;
    for (let i = 0; i < bytes.length; i++) if (bytes[i] !== known[i]) wrong++;
    return wrong;
  }
}
