/**
 * The only file that knows noble, the audited cryptography that the handshake is made of. Pure.
 *
 * Keys and nonces come from this program, so that a wrong length of one is a bug and throws; all else may
 * come from the network and never does.
 *
 * @module
 */

import { chacha20poly1305, xchacha20poly1305 } from "@noble/ciphers/chacha.js";
import { x25519 } from "@noble/curves/ed25519.js";
import { blake2s } from "@noble/hashes/blake2.js";
import { hmac as nobleHmac } from "@noble/hashes/hmac.js";
import { concatBytes } from "./concat_bytes.ts";
import { type DiffieHellman, KEY_BYTES } from "./key_pair.ts";

/** Bytes of BLAKE2s-256's output: HASHLEN of Noise §12.8, and WireGuard's HASH. */
export const HASH_BYTES = 32;

/** Bytes of a {@link mac}: WireGuard §5.4 MAC. */
export const MAC_BYTES = 16;

/** Bytes of a tag of Poly1305 (RFC 8439 §2.5). */
export const TAG_BYTES = 16;

/** Bytes of a nonce of XChaCha20-Poly1305: long enough to be drawn at random (draft-irtf-cfrg-xchacha §2.1). */
export const XCHACHA_NONCE_BYTES = 24;

/** BLAKE2s-256 (RFC 7693) of the parts, one after the other. */
export function hash(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const state = blake2s.create({});
  for (const part of parts) state.update(part);
  return state.digest();
}

/** Keyed BLAKE2s with 16 bytes of output: WireGuard's MAC. @param key 1 to 32 bytes. */
export function mac(key: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
  return blake2s(data, { key, dkLen: MAC_BYTES });
}

/** HMAC-BLAKE2s with 32 bytes of output (RFC 2104). */
export function hmac(key: Uint8Array, data: Uint8Array): Uint8Array<ArrayBuffer> {
  return nobleHmac(blake2s, key, data);
}

/** Noise §4.3 HKDF: 1 to 3 outputs of 32 bytes. With an info-free RFC 5869 it is the same. */
export function hkdf(
  chainingKey: Uint8Array,
  inputKeyMaterial: Uint8Array,
  outputs: 1 | 2 | 3,
): Uint8Array<ArrayBuffer>[] {
  const temporaryKey = hmac(chainingKey, inputKeyMaterial);
  const results: Uint8Array<ArrayBuffer>[] = [];
  let previous: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  for (let i = 1; i <= outputs; i++) {
    previous = hmac(temporaryKey, concatBytes(previous, Uint8Array.of(i)));
    results.push(previous);
  }
  temporaryKey.fill(0);
  return results;
}

/** ChaCha20-Poly1305 with nonce 4 zero bytes + little-endian 64-bit counter (Noise §12.3). */
export function chachaPolySeal(
  key: Uint8Array,
  counter: number,
  additionalData: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array<ArrayBuffer> {
  checkBytes("key", key, KEY_BYTES);
  return chacha20poly1305(key, counterNonce(counter), additionalData).encrypt(plaintext);
}

/** The inverse; null when it does not authenticate. Never throws on any bytes. */
export function chachaPolyOpen(
  key: Uint8Array,
  counter: number,
  additionalData: Uint8Array,
  sealed: Uint8Array,
): Uint8Array<ArrayBuffer> | null {
  checkBytes("key", key, KEY_BYTES);
  if (sealed.length < TAG_BYTES) return null;
  const cipher = chacha20poly1305(key, counterNonce(counter), additionalData);
  return orNull(() => cipher.decrypt(sealed));
}

/** XChaCha20-Poly1305 with a 24-byte nonce (draft-irtf-cfrg-xchacha), for cookies. */
export function xchachaPolySeal(
  key: Uint8Array,
  nonce: Uint8Array,
  additionalData: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array<ArrayBuffer> {
  checkBytes("key", key, KEY_BYTES);
  checkBytes("nonce", nonce, XCHACHA_NONCE_BYTES);
  return xchacha20poly1305(key, nonce, additionalData).encrypt(plaintext);
}

/** The inverse; null when it does not authenticate. Never throws on any bytes. */
export function xchachaPolyOpen(
  key: Uint8Array,
  nonce: Uint8Array,
  additionalData: Uint8Array,
  sealed: Uint8Array,
): Uint8Array<ArrayBuffer> | null {
  checkBytes("key", key, KEY_BYTES);
  checkBytes("nonce", nonce, XCHACHA_NONCE_BYTES);
  if (sealed.length < TAG_BYTES) return null;
  const cipher = xchacha20poly1305(key, nonce, additionalData);
  return orNull(() => cipher.decrypt(sealed));
}

/** Whether two byte strings are equal, in time that tells nothing of where they differ. */
export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}

/** X25519 over noble: half a millisecond each; the reference that the fast one is tested against. */
export const nobleDiffieHellman: DiffieHellman = {
  publicKey(secretKey: Uint8Array): Uint8Array<ArrayBuffer> {
    checkBytes("secret key", secretKey, KEY_BYTES);
    return x25519.getPublicKey(secretKey);
  },
  sharedSecret(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array<ArrayBuffer> | null {
    checkBytes("secret key", secretKey, KEY_BYTES);
    checkBytes("public key", publicKey, KEY_BYTES);
    return orNull(() => x25519.getSharedSecret(secretKey, publicKey));
  },
};

/** Noble says by an exception what is no exception here: a wrong tag, a result of zeros. */
function orNull(call: () => Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | null {
  try {
    return call();
  } catch {
    return null;
  }
}

function counterNonce(counter: number): Uint8Array<ArrayBuffer> {
  if (!Number.isSafeInteger(counter) || counter < 0) {
    throw new Error(`Invariant: ${counter} is no counter of a nonce`);
  }
  const nonce = new Uint8Array(12);
  const view = new DataView(nonce.buffer);
  view.setUint32(4, counter % 0x1_0000_0000, true);
  view.setUint32(8, Math.floor(counter / 0x1_0000_0000), true);
  return nonce;
}

function checkBytes(what: string, bytes: Uint8Array, lengthBytes: number): void {
  if (bytes.length !== lengthBytes) {
    throw new Error(`Invariant: a ${what} has ${lengthBytes} bytes, not ${bytes.length}`);
  }
}
