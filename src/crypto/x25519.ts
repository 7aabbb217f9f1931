/**
 * X25519 (RFC 7748) by node:crypto: 0.1 ms, where noble takes 0.5 to 1.2. A flood of handshakes costs that much the less.
 *
 * node:crypto wants keys in their envelopes: PKCS #8 for a secret one, SubjectPublicKeyInfo for a public one (RFC 8410 §4, §7).
 * For X25519 these are a fixed prefix and the 32 bytes. The copy within a KeyObject is out of reach and is
 * not wiped before it is collected; the envelope made here is.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject } from "node:crypto";
import { type DiffieHellman, KEY_BYTES } from "../peer/key_pair.ts";

/** The function over node:crypto. Takes any 32 bytes as either key. */
export const nodeDiffieHellman: DiffieHellman = {
  publicKey(secretKey: Uint8Array): Uint8Array<ArrayBuffer> {
    const spki = createPublicKey(importSecretKey(secretKey))
      .export({ format: "der", type: "spki" });
    return new Uint8Array(spki.subarray(spki.length - KEY_BYTES));
  },

  sharedSecret(secretKey: Uint8Array, publicKey: Uint8Array): Uint8Array<ArrayBuffer> | null {
    const keys = {
      privateKey: importSecretKey(secretKey),
      publicKey: importPublicKey(publicKey),
    };
    let shared: Uint8Array;
    try {
      shared = diffieHellman(keys);
    } catch {
      // Both keys are well-formed here, so the one thing left to refuse is a low-order point.
      return null;
    }
    let anyBit = 0;
    for (let i = 0; i < shared.length; i++) anyBit |= shared[i]!;
    return anyBit === 0 ? null : new Uint8Array(shared);
  },
};

function importSecretKey(secretKey: Uint8Array): KeyObject {
  const der = envelope(PKCS8_PREFIX, secretKey);
  try {
    return createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  } finally {
    der.fill(0);
  }
}

function importPublicKey(publicKey: Uint8Array): KeyObject {
  return createPublicKey({ key: envelope(SPKI_PREFIX, publicKey), format: "der", type: "spki" });
}

/** Memory of its own, not of Buffer's pool, which others could read. */
function envelope(prefix: Uint8Array, key: Uint8Array): Buffer {
  if (key.length !== KEY_BYTES) throw new Error(`Invariant: X25519 key of ${key.length} bytes`);
  const der = Buffer.alloc(prefix.length + KEY_BYTES);
  der.set(prefix);
  der.set(key, prefix.length);
  return der;
}

/** SEQUENCE(46) { INTEGER 0, SEQUENCE { OID 1.3.101.110 }, OCTET STRING(34) { OCTET STRING(32) } } */
const PKCS8_PREFIX = Uint8Array.fromHex("302e020100300506032b656e04220420");

/** SEQUENCE(42) { SEQUENCE { OID 1.3.101.110 }, BIT STRING(33) with no unused bits } */
const SPKI_PREFIX = Uint8Array.fromHex("302a300506032b656e032100");
