/**
 * What evp_aead.ts is made of: contexts with a key, and the memory and addresses that a call needs. For ffi/ alone.
 *
 * @module
 */

import { addressOf, Arena } from "./arena.ts";
import { describeCryptoError, type Libcrypto, type LibcryptoFunctions } from "./libcrypto.ts";

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

/** The address of nothing. */
export const NULL = 0n;

/** Where the plaintext or what is to be opened begins: one of {@link Scratch.registers}. */
export const SRC = 0;
/** Where the result goes. */
export const DST = 1;
/** Where the additional data begin. */
export const ADDITIONAL = 2;
/** Where the tag is. */
export const TAG = 3;

/** Directions: EVP_CipherInit_ex's last argument. */
export const DECRYPT = 0;
/** See {@link DECRYPT}. */
export const ENCRYPT = 1;
/** The direction that the context has. */
export const AS_BEFORE = -1;

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
export class Scratch {
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

/** This thread's. */
export function scratchOf(): Scratch {
  return scratch ??= new Scratch();
}

/**
 * @returns the address of a context with its cipher and key set.
 * @throws Error when the library does not have the cipher.
 */
export function openContext(
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

/** Frees a context, which wipes its key; nothing for NULL. */
export function closeContext(symbols: LibcryptoFunctions, context: bigint): void {
  if (context === NULL) return;
  symbols.contextFree(context);
  liveContexts--;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
