/**
 * What the implementations of the AEAD port have in common: a transport packet's nonce (docs/protocol.md), made of
 * its link and its sequence number, for a cipher that takes any nonce.
 *
 * @module
 */

import type { Opener, Sealer } from "../peer/aead.ts";

/** A {@link Sealer} that is told the nonce's 12 bytes, as three big-endian u32. */
export interface NonceSealer extends Disposable {
  seal(
    src: Uint8Array<ArrayBuffer>,
    srcStart: number,
    srcEnd: number,
    dst: Uint8Array<ArrayBuffer>,
    dstStart: number,
    nonce0: number,
    nonce1: number,
    nonce2: number,
  ): void;
}

/** An {@link Opener} that is told the nonce's 12 bytes, as three big-endian u32. */
export interface NonceOpener extends Disposable {
  open(
    src: Uint8Array<ArrayBuffer>,
    srcStart: number,
    srcEnd: number,
    dst: Uint8Array<ArrayBuffer>,
    dstStart: number,
    nonce0: number,
    nonce1: number,
    nonce2: number,
  ): boolean;
}

/** Seals transport packets. Owns the cipher that it is given. */
export class PacketSealer implements Sealer {
  readonly #cipher: NonceSealer;

  constructor(cipher: NonceSealer) {
    this.#cipher = cipher;
  }

  /** Hot. */
  seal(
    src: Uint8Array<ArrayBuffer>,
    srcStart: number,
    srcEnd: number,
    dst: Uint8Array<ArrayBuffer>,
    dstStart: number,
    linkId: number,
    seqNo: number,
  ): void {
    // A number outside would be cut to a nonce that was, or will be, another packet's.
    if (!(seqNo >= 0 && seqNo <= Number.MAX_SAFE_INTEGER)) throw outOfRange(seqNo);
    const high = Math.floor(seqNo / 0x1_0000_0000);
    this.#cipher.seal(src, srcStart, srcEnd, dst, dstStart, linkId, high, seqNo >>> 0);
  }

  [Symbol.dispose](): void {
    this.#cipher[Symbol.dispose]();
  }
}

/** Opens transport packets. Owns the cipher that it is given. */
export class PacketOpener implements Opener {
  readonly #cipher: NonceOpener;

  constructor(cipher: NonceOpener) {
    this.#cipher = cipher;
  }

  /** Hot. */
  open(
    src: Uint8Array<ArrayBuffer>,
    srcStart: number,
    srcEnd: number,
    dst: Uint8Array<ArrayBuffer>,
    dstStart: number,
    linkId: number,
    seqNo: number,
  ): boolean {
    if (!(seqNo >= 0 && seqNo <= Number.MAX_SAFE_INTEGER)) throw outOfRange(seqNo);
    const high = Math.floor(seqNo / 0x1_0000_0000);
    return this.#cipher.open(src, srcStart, srcEnd, dst, dstStart, linkId, high, seqNo >>> 0);
  }

  [Symbol.dispose](): void {
    this.#cipher[Symbol.dispose]();
  }
}

function outOfRange(seqNo: number): Error {
  return new Error(`Invariant: sequence number ${seqNo} makes no nonce`);
}
