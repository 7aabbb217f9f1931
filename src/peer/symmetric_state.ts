/**
 * Noise's SymmetricState with its CipherState (revision 34, §5.1 and §5.2) over ChaChaPoly and BLAKE2s. Pure.
 *
 * @module
 */

import { chachaPolyOpen, chachaPolySeal, hash, HASH_BYTES, hkdf } from "./primitives.ts";

/** The chaining key, the running hash and the cipher's key of one handshake. */
export class SymmetricState {
  #chainingKey: Uint8Array<ArrayBuffer>;
  #hash: Uint8Array<ArrayBuffer>;
  /** Null before the first MixKey: until then nothing is encrypted. */
  #cipherKey: Uint8Array<ArrayBuffer> | null = null;
  #counter = 0;

  private constructor(chainingKey: Uint8Array, handshakeHash: Uint8Array) {
    this.#chainingKey = Uint8Array.from(chainingKey);
    this.#hash = Uint8Array.from(handshakeHash);
  }

  /** InitializeSymmetric. @param protocolName longer than 32 bytes, so that it is hashed. */
  static of(protocolName: string): SymmetricState {
    const name = new TextEncoder().encode(protocolName);
    if (name.length <= HASH_BYTES) throw new Error("Invariant: a short name is padded, not hashed");
    const hashed = hash(name);
    return new SymmetricState(hashed, hashed);
  }

  /** A state of its own that goes on from here: a message that fails in it leaves this one as it is. */
  clone(): SymmetricState {
    const copy = new SymmetricState(this.#chainingKey, this.#hash);
    copy.#cipherKey = this.#cipherKey === null ? null : Uint8Array.from(this.#cipherKey);
    copy.#counter = this.#counter;
    return copy;
  }

  /** MixKey. */
  mixKey(inputKeyMaterial: Uint8Array): void {
    const [chainingKey, cipherKey] = hkdf(this.#chainingKey, inputKeyMaterial, 2);
    this.#replaceKeys(chainingKey!, cipherKey!);
  }

  /** MixHash. */
  mixHash(data: Uint8Array): void {
    this.#hash = hash(this.#hash, data);
  }

  /** MixKeyAndHash, for a pre-shared key. */
  mixKeyAndHash(inputKeyMaterial: Uint8Array): void {
    const [chainingKey, mixed, cipherKey] = hkdf(this.#chainingKey, inputKeyMaterial, 3);
    this.mixHash(mixed!);
    mixed!.fill(0);
    this.#replaceKeys(chainingKey!, cipherKey!);
  }

  /** EncryptAndHash. @returns the ciphertext with its tag. */
  encryptAndHash(plaintext: Uint8Array): Uint8Array<ArrayBuffer> {
    const sealed = chachaPolySeal(this.#key(), this.#counter++, this.#hash, plaintext);
    this.mixHash(sealed);
    return sealed;
  }

  /** DecryptAndHash. @returns null when it does not authenticate; then the state is of no more use. */
  decryptAndHash(sealed: Uint8Array): Uint8Array<ArrayBuffer> | null {
    const plaintext = chachaPolyOpen(this.#key(), this.#counter, this.#hash, sealed);
    if (plaintext === null) return null;
    this.#counter++;
    this.mixHash(sealed);
    return plaintext;
  }

  /** Split, and the handshake hash (§11.2): the initiator's sending key first. */
  split(): {
    readonly initiatorKey: Uint8Array<ArrayBuffer>;
    readonly responderKey: Uint8Array<ArrayBuffer>;
    readonly handshakeHash: Uint8Array<ArrayBuffer>;
  } {
    const [initiatorKey, responderKey] = hkdf(this.#chainingKey, new Uint8Array(0), 2);
    return {
      initiatorKey: initiatorKey!,
      responderKey: responderKey!,
      handshakeHash: Uint8Array.from(this.#hash),
    };
  }

  /** Overwrites the keys with zeros. The state is of no more use. */
  wipe(): void {
    this.#chainingKey.fill(0);
    this.#cipherKey?.fill(0);
    this.#hash.fill(0);
  }

  /** In IK every encryption follows a MixKey. */
  #key(): Uint8Array<ArrayBuffer> {
    if (this.#cipherKey === null) throw new Error("Invariant: nothing to encrypt with yet");
    return this.#cipherKey;
  }

  #replaceKeys(chainingKey: Uint8Array<ArrayBuffer>, cipherKey: Uint8Array<ArrayBuffer>): void {
    this.#chainingKey.fill(0);
    this.#cipherKey?.fill(0);
    this.#chainingKey = chainingKey;
    this.#cipherKey = cipherKey;
    this.#counter = 0;
  }
}
