/**
 * Ciphers by name, for people. Pure.
 *
 * @module
 */

import { CipherId } from "../peer/aead.ts";

/** The name in its specification. */
export function describeCipher(cipher: number): string {
  switch (cipher) {
    case CipherId.CHACHA20_POLY1305:
      return "ChaCha20-Poly1305";
    case CipherId.AES_256_GCM:
      return "AES-256-GCM";
    default:
      return `cipher ${cipher}`;
  }
}
