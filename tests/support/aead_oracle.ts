/**
 * Transport packets sealed by noble, the readable implementation: what the fast ones are compared with.
 *
 * @module
 */

import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { CipherId } from "../../src/peer/aead.ts";

/** Names of the ciphers, as the RFC and NIST have them. */
export const CIPHER_NAMES = {
  [CipherId.CHACHA20_POLY1305]: "ChaCha20-Poly1305",
  [CipherId.AES_256_GCM]: "AES-256-GCM",
} as const;

/** noble's ciphers, by name. */
export const NOBLE = { "ChaCha20-Poly1305": chacha20poly1305, "AES-256-GCM": gcm } as const;

/** A packet, before it is sealed. */
export interface PlainPacket {
  /** 16 bytes. */
  readonly header: Uint8Array;
  readonly plaintext: Uint8Array;
  readonly linkId: number;
  readonly seqNo: number;
}

/** @returns ciphertext and tag. */
export function sealByNoble(cipher: CipherId, key: Uint8Array, packet: PlainPacket): Uint8Array {
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  view.setUint32(0, packet.linkId);
  view.setBigUint64(4, BigInt(packet.seqNo));
  return NOBLE[CIPHER_NAMES[cipher]](key, nonce, packet.header).encrypt(packet.plaintext);
}
