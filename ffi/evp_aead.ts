/**
 * Authenticated encryption by libcrypto: one context per key and direction, whose nonce is set anew for each packet.
 * It knows no packet format: nonce and additional data are as the caller says.
 *
 * The bytes are not copied: libcrypto is given the address of the caller's buffer, after the offsets were checked
 * against its length. (Copying 1400 bytes in and out of an arena would need two views per packet.)
 *
 * @module
 */

import {
  ADDITIONAL,
  AS_BEFORE,
  closeContext,
  DECRYPT,
  DST,
  ENCRYPT,
  type EvpAeadOptions,
  NULL,
  openContext,
  type Scratch,
  scratchOf,
  SRC,
  TAG,
} from "./evp_context.ts";
import { describeCryptoError, type LibcryptoFunctions, loadLibcrypto } from "./libcrypto.ts";

/** Seals under one key. */
export class EvpSealer implements Disposable {
  readonly #symbols: LibcryptoFunctions;
  readonly #scratch: Scratch;
  readonly #additionalBytes: number;
  /** Address of the EVP_CIPHER_CTX; 0 when disposed of. */
  #context: bigint;

  /** @throws Error when libcrypto can't be loaded, or does not have the cipher. */
  constructor(options: EvpAeadOptions) {
    const libcrypto = loadLibcrypto();
    this.#symbols = libcrypto.symbols;
    this.#scratch = scratchOf();
    this.#additionalBytes = options.additionalBytes;
    this.#context = openContext(libcrypto, options, ENCRYPT);
  }

  /**
   * Hot. Encrypts `src[srcStart..srcEnd)` to `dst` from `dstStart` on, the tag of 16 bytes behind; the additional data
   * stand in front of `dstStart`. `src` may be `dst` with the same start. Both are views of buffers of at least 128
   * bytes whose length is fixed (see arena.ts).
   * @param nonce0 the nonce's 12 bytes, as three big-endian u32.
   * @throws Error for offsets outside the buffers, after disposal, or when libcrypto fails.
   */
  seal(
    src: Uint8Array<ArrayBuffer>,
    srcStart: number,
    srcEnd: number,
    dst: Uint8Array<ArrayBuffer>,
    dstStart: number,
    nonce0: number,
    nonce1: number,
    nonce2: number,
  ): void {
    const context = this.#context;
    if (context === NULL) throw disposed();
    const lengthBytes = srcEnd - srcStart;
    const aadBytes = this.#additionalBytes;
    if (
      !(srcStart >= 0 && lengthBytes >= 0 && srcEnd <= src.length &&
        dstStart >= aadBytes && dstStart + lengthBytes + TAG_BYTES <= dst.length)
    ) throw outside();
    const symbols = this.#symbols;
    const scratch = this.#scratch;
    const outLength = scratch.outLengthAddress;
    const registers = scratch.registers;
    const to = scratch.locateDst(dst) + dstStart;
    scratch.setRegister(SRC, scratch.locateSrc(src) + srcStart);
    scratch.setRegister(DST, to);
    scratch.setRegister(ADDITIONAL, to - aadBytes);
    scratch.setRegister(TAG, to + lengthBytes);
    scratch.setNonce(nonce0, nonce1, nonce2);
    const isSealed =
      symbols.cipherInit(context, NULL, NULL, NULL, scratch.nonceAddress, AS_BEFORE) === 1 &&
      (aadBytes === 0 ||
        symbols.cipherUpdate(context, NULL, outLength, registers[ADDITIONAL]!, aadBytes) === 1) &&
      (lengthBytes === 0 ||
        symbols.cipherUpdate(context, registers[DST]!, outLength, registers[SRC]!, lengthBytes) ===
          1) &&
      symbols.cipherFinal(context, scratch.nothingAddress, outLength) === 1 &&
      symbols.contextControl(context, GET_TAG, TAG_BYTES, registers[TAG]!) === 1;
    if (!isSealed) throw new Error(`Cannot seal by libcrypto${describeCryptoError(symbols)}`);
  }

  /** Wipes the key. Idempotent. */
  [Symbol.dispose](): void {
    const context = this.#context;
    this.#context = NULL;
    closeContext(this.#symbols, context);
  }
}

/** Opens what was sealed under one key. */
export class EvpOpener implements Disposable {
  readonly #symbols: LibcryptoFunctions;
  readonly #scratch: Scratch;
  readonly #additionalBytes: number;
  /** Address of the EVP_CIPHER_CTX; 0 when disposed of. */
  #context: bigint;

  /** @throws Error when libcrypto can't be loaded, or does not have the cipher. */
  constructor(options: EvpAeadOptions) {
    const libcrypto = loadLibcrypto();
    this.#symbols = libcrypto.symbols;
    this.#scratch = scratchOf();
    this.#additionalBytes = options.additionalBytes;
    this.#context = openContext(libcrypto, options, DECRYPT);
  }

  /**
   * Hot. Decrypts `src[srcStart..srcEnd)`, whose last 16 bytes are the tag, to `dst` from `dstStart` on; the additional
   * data stand in front of `srcStart`. For the rest see {@link EvpSealer.seal}.
   * @returns false when it does not authenticate, or is shorter than a tag: then what was decrypted may stand in
   * `dst`, and nobody may look at it.
   * @throws Error for offsets outside the buffers, or after disposal.
   */
  open(
    src: Uint8Array<ArrayBuffer>,
    srcStart: number,
    srcEnd: number,
    dst: Uint8Array<ArrayBuffer>,
    dstStart: number,
    nonce0: number,
    nonce1: number,
    nonce2: number,
  ): boolean {
    const context = this.#context;
    if (context === NULL) throw disposed();
    const lengthBytes = srcEnd - srcStart - TAG_BYTES;
    const aadBytes = this.#additionalBytes;
    if (!(srcStart >= aadBytes && srcEnd >= srcStart && srcEnd <= src.length)) throw outside();
    if (lengthBytes < 0) return false;
    if (!(dstStart >= 0 && dstStart + lengthBytes <= dst.length)) throw outside();
    const symbols = this.#symbols;
    const scratch = this.#scratch;
    const outLength = scratch.outLengthAddress;
    const registers = scratch.registers;
    const from = scratch.locateSrc(src) + srcStart;
    scratch.setRegister(SRC, from);
    scratch.setRegister(DST, scratch.locateDst(dst) + dstStart);
    scratch.setRegister(ADDITIONAL, from - aadBytes);
    scratch.setRegister(TAG, from + lengthBytes);
    scratch.setNonce(nonce0, nonce1, nonce2);
    // The tag comes after the init call, which forgets one that was set before.
    return symbols.cipherInit(context, NULL, NULL, NULL, scratch.nonceAddress, AS_BEFORE) === 1 &&
      symbols.contextControl(context, SET_TAG, TAG_BYTES, registers[TAG]!) === 1 &&
      (aadBytes === 0 ||
        symbols.cipherUpdate(context, NULL, outLength, registers[ADDITIONAL]!, aadBytes) === 1) &&
      (lengthBytes === 0 ||
        symbols.cipherUpdate(context, registers[DST]!, outLength, registers[SRC]!, lengthBytes) ===
          1) &&
      symbols.cipherFinal(context, scratch.nothingAddress, outLength) === 1;
  }

  /** Wipes the key. Idempotent. */
  [Symbol.dispose](): void {
    const context = this.#context;
    this.#context = NULL;
    closeContext(this.#symbols, context);
  }
}

function disposed(): Error {
  return new Error("Invariant: use of a cipher that was disposed of");
}

function outside(): Error {
  return new Error("Invariant: sealing or opening outside of a buffer");
}

const TAG_BYTES = 16;

// include/openssl/evp.h: EVP_CTRL_AEAD_GET_TAG and EVP_CTRL_AEAD_SET_TAG, the same for both ciphers
const GET_TAG = 0x10;
const SET_TAG = 0x11;
