/**
 * ChaCha20-Poly1305 by libsodium, compiled to WebAssembly: the implementation that runs everywhere, at a third of
 * libcrypto's speed. It has no AES-GCM.
 *
 * The library's raw functions work in its own memory, so a packet is copied in and out; its usual functions also
 * allocate there on each call, which doubles the time. Two views are made per packet: a copy without
 * them, byte by byte, costs more than they do.
 *
 * This module takes 20 ms and 300 KB to load: import it only when it is needed.
 *
 * @module
 */

import sodium from "libsodium-wrappers";
import {
  AEAD_HEADER_BYTES,
  AEAD_KEY_BYTES,
  AEAD_TAG_BYTES,
  type AeadProvider,
  CipherId,
  type Opener,
  type Sealer,
} from "../peer/aead.ts";
import { type NonceOpener, type NonceSealer, PacketOpener, PacketSealer } from "./packet_cipher.ts";

/** Compiles the library. Packets of up to {@link SODIUM_MAX_PACKET_BYTES}. @throws Error when it can't be. */
export async function openSodiumAead(): Promise<AeadProvider> {
  const memory = await openSodiumMemory();
  return {
    label: `libsodium ${sodium.SODIUM_VERSION_STRING} (WebAssembly)`,
    ciphers: [CipherId.CHACHA20_POLY1305],
    createSealer(cipher: CipherId, key: Uint8Array): Sealer {
      requireChaCha(cipher);
      return new PacketSealer(new SodiumSealer(memory, key, AEAD_HEADER_BYTES));
    },
    createOpener(cipher: CipherId, key: Uint8Array): Opener {
      requireChaCha(cipher);
      return new PacketOpener(new SodiumOpener(memory, key, AEAD_HEADER_BYTES));
    },
  };
}

function requireChaCha(cipher: CipherId): void {
  if (cipher !== CipherId.CHACHA20_POLY1305) {
    throw new Error(`Invariant: libsodium has no cipher ${cipher}`);
  }
}

/** Largest packet that it seals, in bytes: no UDP datagram is larger. */
export const SODIUM_MAX_PACKET_BYTES = 65_536;

/** Most additional data, in bytes. */
const MAX_ADDITIONAL_BYTES = 64;

/** The library and the places in its memory that all keys share, since no two calls are under way at once. */
export interface SodiumMemory {
  readonly raw: RawSodium;
  /** Address of the nonce, 12 bytes. */
  readonly nonceAt: number;
  /** Address of the packet, its tag included; additional data end there. */
  readonly packetAt: number;
}

/** What is used of the compiled library. A 64-bit length is two 32-bit numbers, the low one first. */
export interface RawSodium {
  /** The memory; another object after it has grown, so it is read anew for each packet. */
  readonly HEAPU8: Uint8Array<ArrayBuffer>;
  _malloc(sizeBytes: number): number;
  _free(address: number): void;
  // deno-fmt-ignore
  _crypto_aead_chacha20poly1305_ietf_encrypt(
    c: number, clenAddress: number, m: number, mlen: number, mlenHigh: number, ad: number, adlen: number,
    adlenHigh: number, nsec: number, npub: number, k: number,
  ): number;
  // deno-fmt-ignore
  _crypto_aead_chacha20poly1305_ietf_decrypt(
    m: number, mlenAddress: number, nsec: number, c: number, clen: number, clenHigh: number, ad: number,
    adlen: number, adlenHigh: number, npub: number, k: number,
  ): number;
}

let opened: SodiumMemory | null = null;

/** Compiles the library, once. @throws Error when it can't be. */
export async function openSodiumMemory(): Promise<SodiumMemory> {
  await sodium.ready;
  if (opened !== null) return opened;
  // Part of the library's documented interface, though not of its types.
  const raw = (sodium as unknown as { readonly libsodium: RawSodium }).libsodium;
  const sizeBytes = NONCE_ROOM_BYTES + MAX_ADDITIONAL_BYTES + SODIUM_MAX_PACKET_BYTES +
    AEAD_TAG_BYTES;
  const nonceAt = allocate(raw, sizeBytes);
  return opened = { raw, nonceAt, packetAt: nonceAt + NONCE_ROOM_BYTES + MAX_ADDITIONAL_BYTES };
}

/** Seals under one key, with any nonce and so many bytes of additional data as are said. */
export class SodiumSealer implements NonceSealer {
  readonly #memory: SodiumMemory;
  readonly #additionalBytes: number;
  /** Address of the key; 0 when disposed of. */
  #keyAt: number;

  /** @param key 32 bytes, copied. */
  constructor(memory: SodiumMemory, key: Uint8Array, additionalBytes: number) {
    this.#memory = memory;
    this.#additionalBytes = additionalBytes;
    this.#keyAt = placeKey(memory.raw, key);
  }

  /** Hot. */
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
    const keyAt = this.#keyAt;
    if (keyAt === 0) throw disposed();
    const lengthBytes = srcEnd - srcStart;
    const aadBytes = this.#additionalBytes;
    if (
      !(srcStart >= 0 && lengthBytes >= 0 && srcEnd <= src.length &&
        dstStart >= aadBytes && dstStart + lengthBytes + AEAD_TAG_BYTES <= dst.length &&
        lengthBytes <= SODIUM_MAX_PACKET_BYTES)
    ) throw outside();
    const { raw, nonceAt, packetAt } = this.#memory;
    const heap = raw.HEAPU8;
    writeNonce(heap, nonceAt, nonce0, nonce1, nonce2);
    for (let i = -aadBytes; i < 0; i++) heap[packetAt + i] = dst[dstStart + i]!;
    heap.set(src.subarray(srcStart, srcEnd), packetAt);
    // deno-fmt-ignore
    const status = raw._crypto_aead_chacha20poly1305_ietf_encrypt(
      packetAt, 0, packetAt, lengthBytes, 0, packetAt - aadBytes, aadBytes, 0, 0, nonceAt, keyAt,
    );
    if (status !== 0) throw new Error("Cannot seal by libsodium");
    dst.set(raw.HEAPU8.subarray(packetAt, packetAt + lengthBytes + AEAD_TAG_BYTES), dstStart);
  }

  /** Wipes the key. Idempotent. */
  [Symbol.dispose](): void {
    const keyAt = this.#keyAt;
    this.#keyAt = 0;
    wipeKey(this.#memory.raw, keyAt);
  }
}

/** Opens under one key, with any nonce and so many bytes of additional data as are said. */
export class SodiumOpener implements NonceOpener {
  readonly #memory: SodiumMemory;
  readonly #additionalBytes: number;
  /** Address of the key; 0 when disposed of. */
  #keyAt: number;

  /** @param key 32 bytes, copied. */
  constructor(memory: SodiumMemory, key: Uint8Array, additionalBytes: number) {
    this.#memory = memory;
    this.#additionalBytes = additionalBytes;
    this.#keyAt = placeKey(memory.raw, key);
  }

  /** Hot. `dst` is not touched by what does not authenticate. */
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
    const keyAt = this.#keyAt;
    if (keyAt === 0) throw disposed();
    const sealedBytes = srcEnd - srcStart;
    const lengthBytes = sealedBytes - AEAD_TAG_BYTES;
    const aadBytes = this.#additionalBytes;
    if (!(srcStart >= aadBytes && srcEnd >= srcStart && srcEnd <= src.length)) throw outside();
    if (lengthBytes < 0 || lengthBytes > SODIUM_MAX_PACKET_BYTES) return false;
    if (!(dstStart >= 0 && dstStart + lengthBytes <= dst.length)) throw outside();
    const { raw, nonceAt, packetAt } = this.#memory;
    const heap = raw.HEAPU8;
    const aadAt = packetAt - aadBytes;
    writeNonce(heap, nonceAt, nonce0, nonce1, nonce2);
    heap.set(src.subarray(srcStart - aadBytes, srcEnd), aadAt);
    // deno-fmt-ignore
    const status = raw._crypto_aead_chacha20poly1305_ietf_decrypt(
      packetAt, 0, 0, packetAt, sealedBytes, 0, aadAt, aadBytes, 0, nonceAt, keyAt,
    );
    if (status !== 0) return false;
    dst.set(raw.HEAPU8.subarray(packetAt, packetAt + lengthBytes), dstStart);
    return true;
  }

  /** Wipes the key. Idempotent. */
  [Symbol.dispose](): void {
    const keyAt = this.#keyAt;
    this.#keyAt = 0;
    wipeKey(this.#memory.raw, keyAt);
  }
}

function placeKey(raw: RawSodium, key: Uint8Array): number {
  if (key.length !== AEAD_KEY_BYTES) throw new Error(`Invariant: AEAD key of ${key.length} bytes`);
  const keyAt = allocate(raw, AEAD_KEY_BYTES);
  raw.HEAPU8.set(key, keyAt);
  return keyAt;
}

function wipeKey(raw: RawSodium, keyAt: number): void {
  if (keyAt === 0) return;
  raw.HEAPU8.fill(0, keyAt, keyAt + AEAD_KEY_BYTES);
  raw._free(keyAt);
}

function writeNonce(
  heap: Uint8Array,
  at: number,
  nonce0: number,
  nonce1: number,
  nonce2: number,
): void {
  writeU32(heap, at, nonce0);
  writeU32(heap, at + 4, nonce1);
  writeU32(heap, at + 8, nonce2);
}

function writeU32(heap: Uint8Array, at: number, value: number): void {
  heap[at] = value >>> 24;
  heap[at + 1] = value >>> 16;
  heap[at + 2] = value >>> 8;
  heap[at + 3] = value;
}

function allocate(raw: RawSodium, sizeBytes: number): number {
  const at = raw._malloc(sizeBytes);
  if (at === 0) throw new Error(`Cannot allocate ${sizeBytes} bytes of libsodium's memory`);
  return at;
}

function disposed(): Error {
  return new Error("Invariant: use of a cipher that was disposed of");
}

function outside(): Error {
  return new Error("Invariant: sealing or opening outside of a buffer");
}

/** The nonce's 12 bytes, rounded up. */
const NONCE_ROOM_BYTES = 16;
