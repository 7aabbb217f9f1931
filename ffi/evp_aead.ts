/**
 * Authenticated encryption by libcrypto: one context per key and direction, whose nonce is set anew for each packet.
 * It knows no packet format: nonce and additional data are as the caller says.
 *
 * The bytes are not copied: libcrypto is given the address of the caller's buffer, after the offsets were checked
 * against its length. (Copying 1400 bytes in and out of an arena would need two views per packet.)
 *
 * @module
 */

import { addressOf, Arena } from "./arena.ts";
import {
  describeCryptoError,
  type Libcrypto,
  type LibcryptoFunctions,
  loadLibcrypto,
} from "./libcrypto.ts";

/** Ciphers, by OpenSSL's names. */
export type EvpCipherName = "ChaCha20-Poly1305" | "AES-256-GCM";

/** What a context is made of. */
export interface EvpAeadOptions {
  readonly cipher: EvpCipherName;
  /** 32 bytes; copied into the context. */
  readonly key: Uint8Array;
  /** How many bytes of additional data stand right in front of what is sealed. */
  readonly additionalBytes: number;
}

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

/** Contexts that are not freed yet, for tests. */
export function liveEvpContexts(): number {
  return liveContexts;
}

/**
 * What all contexts share, since no two calls are under way at once: the nonce, the place for lengths that nobody reads,
 * the addresses to pass, and the two buffers used last. These are held so that they outlive the call (see arena.ts).
 *
 * Why addresses are passed as elements of a BigUint64Array: a call with a plain number for a `u64` leaves V8's fast
 * path, 300 to 500 ns each; a BigInt that is made from a number is an object (90 ns, 40 bytes); a buffer at an offset
 * needs a view. An element that is loaded right in the call stays a machine word in optimized code: 18 ns, no object
 * (measured on 2026-11-22, Deno 2.9.6 and 2.6.8; 5 calls a packet).
 */
class Scratch {
  readonly #arena = new Arena(64);
  readonly #nonce = this.#arena.take(NONCE_BYTES);
  readonly nonceAddress = BigInt(this.#nonce.address);
  readonly outLengthAddress = BigInt(this.#arena.take(4).address);
  /** Where nothing is written: these ciphers put out all bytes as they come. */
  readonly nothingAddress = BigInt(this.#arena.take(32).address);
  /** Addresses for the call: by {@link SRC} and so on. */
  readonly registers = new BigUint64Array(4);
  readonly #halves = new Uint32Array(this.registers.buffer);
  #src: Uint8Array<ArrayBuffer> | null = null;
  #srcAddress = 0;
  #dst: Uint8Array<ArrayBuffer> | null = null;
  #dstAddress = 0;

  /** Little-endian, as the machine. */
  setRegister(register: number, address: number): void {
    this.#halves[2 * register] = address;
    this.#halves[2 * register + 1] = address / 0x1_0000_0000;
  }

  setNonce(nonce0: number, nonce1: number, nonce2: number): void {
    const { view } = this.#nonce;
    view.setUint32(0, nonce0);
    view.setUint32(4, nonce1);
    view.setUint32(8, nonce2);
  }

  locateSrc(src: Uint8Array<ArrayBuffer>): number {
    if (src !== this.#src) {
      this.#srcAddress = addressOf(src);
      this.#src = src;
    }
    return this.#srcAddress;
  }

  locateDst(dst: Uint8Array<ArrayBuffer>): number {
    if (dst !== this.#dst) {
      this.#dstAddress = addressOf(dst);
      this.#dst = dst;
    }
    return this.#dstAddress;
  }
}

let scratch: Scratch | null = null;
let liveContexts = 0;

function scratchOf(): Scratch {
  return scratch ??= new Scratch();
}

/** @returns the address of a context with its cipher and key set. */
function openContext(
  { symbols, label }: Libcrypto,
  { cipher, key }: EvpAeadOptions,
  direction: number,
): bigint {
  if (key.length !== KEY_BYTES) throw new Error(`Invariant: AEAD key of ${key.length} bytes`);
  const type = cipher === "AES-256-GCM" ? symbols.aes256Gcm() : symbols.chacha20Poly1305();
  const context = symbols.contextNew();
  if (context === NULL) throw new Error(`Cannot make a context of ${label}: out of memory`);
  using arena = new Arena(KEY_BYTES);
  const keyBlock = arena.take(KEY_BYTES);
  keyBlock.bytes.set(key);
  const status = symbols.cipherInit(
    context,
    type,
    NULL,
    BigInt(keyBlock.address),
    NULL,
    direction,
  );
  keyBlock.bytes.fill(0);
  if (status !== 1) {
    symbols.contextFree(context);
    throw new Error(`Cannot use ${cipher} of ${label}${describeCryptoError(symbols)}`);
  }
  liveContexts++;
  return context;
}

function closeContext(symbols: LibcryptoFunctions, context: bigint): void {
  if (context === NULL) return;
  symbols.contextFree(context);
  liveContexts--;
}

function disposed(): Error {
  return new Error("Invariant: use of a cipher that was disposed of");
}

function outside(): Error {
  return new Error("Invariant: sealing or opening outside of a buffer");
}

const KEY_BYTES = 32;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;

const NULL = 0n;

// Scratch.registers
const SRC = 0;
const DST = 1;
const ADDITIONAL = 2;
const TAG = 3;

// include/openssl/evp.h: EVP_CTRL_AEAD_GET_TAG and EVP_CTRL_AEAD_SET_TAG, the same for both ciphers
const GET_TAG = 0x10;
const SET_TAG = 0x11;

// EVP_CipherInit_ex's last argument
const DECRYPT = 0;
const ENCRYPT = 1;
const AS_BEFORE = -1;
