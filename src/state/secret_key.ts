/**
 * Makes secret keys.
 *
 * @module
 */

import { KEY_BYTES } from "../peer/key_pair.ts";

/** A new secret key of X25519, 32 bytes, clamped (RFC 7748 §5) as `wg genkey` does. */
export function generateSecretKey(): Uint8Array<ArrayBuffer> {
  const key = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  key[0]! &= 248;
  key[31] = (key[31]! & 127) | 64;
  return key;
}
