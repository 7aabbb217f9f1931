/**
 * An ephemeral key pair whose public key is computed when it is asked for. Pure.
 *
 * @module
 */

import { type DiffieHellman, KEY_BYTES, type KeyPair, type RandomBytes } from "./key_pair.ts";

/** A master reads many initiations of strangers and answers few: only an answer needs the public key, which is a multiplication. */
export class LazyKeyPair implements KeyPair {
  readonly secretKey: Uint8Array<ArrayBuffer>;
  readonly #dh: DiffieHellman;
  #publicKey: Uint8Array<ArrayBuffer> | null = null;

  constructor(dh: DiffieHellman, randomBytes: RandomBytes) {
    this.#dh = dh;
    this.secretKey = randomBytes(KEY_BYTES);
  }

  /** Not to be asked for the first time after the secret was wiped. */
  get publicKey(): Uint8Array<ArrayBuffer> {
    return this.#publicKey ??= this.#dh.publicKey(this.secretKey);
  }
}
