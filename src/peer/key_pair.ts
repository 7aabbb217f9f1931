/**
 * Keys of Curve25519, and the port to the function over it. Pure.
 *
 * @module
 */

/** Bytes of a secret or public key, of a pre-shared key, and of a shared secret. */
export const KEY_BYTES = 32;

/** A key pair of X25519 (RFC 7748). */
export interface KeyPair {
  /** 32 bytes. Never logged, never sent. */
  readonly secretKey: Uint8Array<ArrayBuffer>;
  /** 32 bytes. */
  readonly publicKey: Uint8Array<ArrayBuffer>;
}

/** X25519. Implementations: src/crypto/x25519.ts (node:crypto, fast), src/peer/primitives.ts (noble, portable, the reference). */
export interface DiffieHellman {
  /** The public key of a secret one. */
  publicKey(secretKey: Uint8Array): Uint8Array<ArrayBuffer>;
  /**
   * The shared secret, or null when it is all zeros (a low-order public key: RFC 7748 §6.1). The array is new and the
   * caller's, who wipes it.
   */
  sharedSecret(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array<ArrayBuffer> | null;
}

/** Cryptographically random bytes; in the simulator, seeded ones. */
export type RandomBytes = (lengthBytes: number) => Uint8Array<ArrayBuffer>;

/** A new key pair. Any 32 bytes are a secret key: X25519 itself clamps them (RFC 7748 §5). */
export function generateKeyPair(dh: DiffieHellman, randomBytes: RandomBytes): KeyPair {
  const secretKey = randomBytes(KEY_BYTES);
  return { secretKey, publicKey: dh.publicKey(secretKey) };
}
