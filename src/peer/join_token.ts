/**
 * The join token: one line of text that holds all a slave needs to reach its master. Pure.
 *
 * @module
 */

import type { HostPort } from "../net_address.ts";

/** What a token says. */
export interface JoinToken {
  /** The master's public key, 32 bytes. */
  readonly masterKey: Uint8Array<ArrayBuffer>;
  /**
   * 32 random bytes that the slave's secret key and the pre-shared key are derived from; null: the slave has a key of its
   * own (`--key-file`) and there is no pre-shared key.
   */
  readonly seed: Uint8Array<ArrayBuffer> | null;
  /** Where the master is reached, the best first; at least one. */
  readonly endpoints: readonly HostPort[];
}

/** The keys a seed stands for. 32 bytes each. */
export function deriveSlaveSecrets(
  _seed: Uint8Array,
): { readonly secretKey: Uint8Array<ArrayBuffer>; readonly psk: Uint8Array<ArrayBuffer> } {
  throw new Error("Invariant: not written yet");
}

/** The token as text: letters, digits, - and _ only, so that a double click selects it. */
export function encodeJoinToken(_token: JoinToken): string {
  throw new Error("Invariant: not written yet");
}

/**
 * Reads a token; blanks and line breaks that a mail program put in are skipped.
 * @returns the token, or in one line what is wrong with it and what to do (cut off, mistyped, of a newer version, no token
 * at all). The text holds nothing of the token.
 */
export function decodeJoinToken(_text: string): JoinToken | string {
  throw new Error("Invariant: not written yet");
}
