/**
 * The ciphers over noble: pure JavaScript, slow, readable; for unit tests and the simulator, where no
 * library of the machine's may decide what happens.
 *
 * @module
 */

import { gcm } from "@noble/ciphers/aes.js";
import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import {
  AEAD_HEADER_BYTES,
  AEAD_KEY_BYTES,
  AEAD_TAG_BYTES,
  type AeadProvider,
  CipherId,
  type Opener,
  type Sealer,
} from "../../src/peer/aead.ts";

/**
 * Makes a provider that has these ciphers.
 *
 * @example
 * ```ts
 * const provider = nobleAead();
 * using sealer = provider.createSealer(CipherId.CHACHA20_POLY1305, new Uint8Array(32));
 * ```
 */
export function nobleAead(
  ciphers: readonly CipherId[] = [CipherId.CHACHA20_POLY1305],
): AeadProvider {
  function createKeyed(cipher: CipherId, key: Uint8Array): NobleKeyed {
    if (!ciphers.includes(cipher)) throw new Error(`Cannot use cipher ${cipher}: not among ours`);
    return new NobleKeyed(cipher, key);
  }
  return { label: "noble", ciphers, createSealer: createKeyed, createOpener: createKeyed };
}

/** The nonce of a packet: link id (32 bit), link sequence number (64 bit), both big-endian. */
export function aeadNonce(linkId: number, seqNo: number): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(12));
  view.setUint32(0, linkId);
  view.setBigUint64(4, BigInt(seqNo));
  return new Uint8Array(view.buffer);
}

/** One key, for both directions. */
class NobleKeyed implements Sealer, Opener {
  readonly #encryption: typeof chacha20poly1305 | typeof gcm;
  readonly #key: Uint8Array;
  #isDisposed = false;

  constructor(cipher: CipherId, key: Uint8Array) {
    if (key.length !== AEAD_KEY_BYTES) throw new Error(`Cannot use a key of ${key.length} bytes`);
    this.#encryption = cipher === CipherId.AES_256_GCM ? gcm : chacha20poly1305;
    this.#key = Uint8Array.from(key);
  }

  seal(
    src: Uint8Array<ArrayBuffer>,
    srcStart: number,
    srcEnd: number,
    dst: Uint8Array<ArrayBuffer>,
    dstStart: number,
    linkId: number,
    seqNo: number,
  ): void {
    const header = dst.slice(dstStart - AEAD_HEADER_BYTES, dstStart);
    dst.set(this.#keyed(header, linkId, seqNo).encrypt(src.slice(srcStart, srcEnd)), dstStart);
  }

  open(
    src: Uint8Array<ArrayBuffer>,
    srcStart: number,
    srcEnd: number,
    dst: Uint8Array<ArrayBuffer>,
    dstStart: number,
    linkId: number,
    seqNo: number,
  ): boolean {
    const header = src.slice(srcStart - AEAD_HEADER_BYTES, srcStart);
    const keyed = this.#keyed(header, linkId, seqNo);
    if (srcEnd - srcStart < AEAD_TAG_BYTES) return false;
    let plain: Uint8Array;
    try {
      plain = keyed.decrypt(src.slice(srcStart, srcEnd));
    } catch {
      return false; // noble's only way to say that a tag is wrong
    }
    dst.set(plain, dstStart);
    return true;
  }

  [Symbol.dispose](): void {
    this.#key.fill(0);
    this.#isDisposed = true;
  }

  #keyed(header: Uint8Array, linkId: number, seqNo: number): ReturnType<typeof chacha20poly1305> {
    if (this.#isDisposed) throw new Error("Invariant: a cipher was used after it was disposed of");
    return this.#encryption(this.#key, aeadNonce(linkId, seqNo), header);
  }
}
