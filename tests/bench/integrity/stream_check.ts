/**
 * Holds what came out of a TCP stream to the {@link KnownBytes} that went in, from place 0 on. Pure.
 *
 * @module
 */

import type { KnownBytes } from "./known_bytes.ts";

/** What one stream came to. */
export interface StreamReport {
  readonly bytes: number;
  readonly wrongBytes: number;
  /** Where in the stream the first piece with a wrong byte began; -1: nowhere. */
  readonly firstWrongAt: number;
}

/** One stream's. */
export class StreamCheck {
  readonly #known: KnownBytes;
  #bytes = 0;
  #wrongBytes = 0;
  #firstWrongAt = -1;

  constructor(known: KnownBytes) {
    this.#known = known;
  }

  /** Takes the next bytes. */
  take(bytes: Uint8Array<ArrayBuffer>): void {
    const wrong = this.#known.countWrong(bytes, this.#bytes);
    if (wrong > 0 && this.#wrongBytes === 0) this.#firstWrongAt = this.#bytes;
    this.#wrongBytes += wrong;
    this.#bytes += bytes.length;
  }

  report(): StreamReport {
    return { bytes: this.#bytes, wrongBytes: this.#wrongBytes, firstWrongAt: this.#firstWrongAt };
  }
}
