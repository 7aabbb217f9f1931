/**
 * The only file that knows noble, the audited cryptography that the handshake is made of. Pure.
 *
 * @module
 */

import type { DiffieHellman } from "./key_pair.ts";

/** BLAKE2s-256 (RFC 7693) of the parts, one after the other. */
export function hash(..._parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  throw new Error("Invariant: not written yet");
}

/** Keyed BLAKE2s with 16 bytes of output: WireGuard's MAC. @param key up to 32 bytes. */
export function mac(_key: Uint8Array, _data: Uint8Array): Uint8Array<ArrayBuffer> {
  throw new Error("Invariant: not written yet");
}

/** HMAC-BLAKE2s with 32 bytes of output (RFC 2104). */
export function hmac(_key: Uint8Array, _data: Uint8Array): Uint8Array<ArrayBuffer> {
  throw new Error("Invariant: not written yet");
}

/** Noise §4.3 HKDF: 1 to 3 outputs of 32 bytes. */
export function hkdf(
  _chainingKey: Uint8Array,
  _inputKeyMaterial: Uint8Array,
  _outputs: 1 | 2 | 3,
): Uint8Array<ArrayBuffer>[] {
  throw new Error("Invariant: not written yet");
}

/** ChaCha20-Poly1305 with nonce 4 zero bytes + little-endian 64-bit counter (Noise §12.3). */
export function chachaPolySeal(
  _key: Uint8Array,
  _counter: number,
  _additionalData: Uint8Array,
  _plaintext: Uint8Array,
): Uint8Array<ArrayBuffer> {
  throw new Error("Invariant: not written yet");
}

/** The inverse; null when it does not authenticate. Never throws on any bytes. */
export function chachaPolyOpen(
  _key: Uint8Array,
  _counter: number,
  _additionalData: Uint8Array,
  _sealed: Uint8Array,
): Uint8Array<ArrayBuffer> | null {
  throw new Error("Invariant: not written yet");
}

/** XChaCha20-Poly1305 with a 24-byte nonce (draft-irtf-cfrg-xchacha), for cookies. */
export function xchachaPolySeal(
  _key: Uint8Array,
  _nonce: Uint8Array,
  _additionalData: Uint8Array,
  _plaintext: Uint8Array,
): Uint8Array<ArrayBuffer> {
  throw new Error("Invariant: not written yet");
}

/** The inverse; null when it does not authenticate. Never throws on any bytes. */
export function xchachaPolyOpen(
  _key: Uint8Array,
  _nonce: Uint8Array,
  _additionalData: Uint8Array,
  _sealed: Uint8Array,
): Uint8Array<ArrayBuffer> | null {
  throw new Error("Invariant: not written yet");
}

/** Whether two byte strings are equal, in time that tells nothing of where they differ. */
export function isEqual(_a: Uint8Array, _b: Uint8Array): boolean {
  throw new Error("Invariant: not written yet");
}

/** X25519 over noble: half a millisecond each; the reference that the fast one is tested against. */
export const nobleDiffieHellman: DiffieHellman = {
  publicKey() {
    throw new Error("Invariant: not written yet");
  },
  sharedSecret() {
    throw new Error("Invariant: not written yet");
  },
};
