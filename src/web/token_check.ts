/**
 * The web page's token: made up, and compared in a time that tells nothing of it.
 *
 * @module
 */

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** Bytes of a token that is made up: 192 bits, which nobody guesses. */
const RANDOM_BYTES = 24;

/** Knows whether a request brings the token. */
export class TokenCheck {
  readonly #digest: Uint8Array | null;

  /** @param token null: none is asked for */
  constructor(token: string | null) {
    this.#digest = token === null ? null : digestOf(token);
  }

  /** Whether one is asked for. */
  get isNeeded(): boolean {
    return this.#digest !== null;
  }

  /** @param authorization the header field; null: there is none */
  accepts(authorization: string | null): boolean {
    if (this.#digest === null) return true;
    const given = /^Bearer (.+)$/i.exec(authorization ?? "")?.[1];
    // Digests are of one length, whatever was sent.
    return given !== undefined && timingSafeEqual(digestOf(given), this.#digest);
  }
}

/** A new token, in characters that a URL takes. */
export function makeToken(): string {
  return randomBytes(RANDOM_BYTES).toString("base64url");
}

function digestOf(token: string): Uint8Array {
  return createHash("sha256").update(token).digest();
}
