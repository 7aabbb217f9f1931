/**
 * The port to authenticated encryption: what a session seals and opens its packets with. The
 * implementations (libcrypto through FFI, libsodium) are in src/crypto/; one conformance suite
 * (tests/conformance/aead_test.ts) runs on all of them.
 *
 * Everything is shaped by the transport packet (docs/protocol.md): the 16 bytes of header stand right
 * in front of what is sealed and are the additional data; the nonce is the link id (32 bit) and the
 * link's sequence number (64 bit), both big-endian; the tag of 16 bytes follows the ciphertext.
 *
 * Slots are views of buffers of a fixed length of at least 128 bytes, as every `Packet`'s is: a smaller one may move, and
 * an implementation that keeps addresses throws.
 *
 * @module
 */

/** The ciphers, by the byte that stands for them in the handshake. */
export const CipherId = {
  /** ChaCha20-Poly1305, RFC 8439. Every implementation has it. */
  CHACHA20_POLY1305: 1,
  /** AES-256-GCM, NIST SP 800-38D. Only where libcrypto was found: libsodium's WASM has none. */
  AES_256_GCM: 2,
} as const;

/** One of {@link CipherId}'s values. */
export type CipherId = typeof CipherId[keyof typeof CipherId];

/** Bytes of a key, of either cipher. */
export const AEAD_KEY_BYTES = 32;

/** Bytes of a tag, of either cipher. */
export const AEAD_TAG_BYTES = 16;

/** Bytes of additional data: the transport header, right in front of the sealed bytes. */
export const AEAD_HEADER_BYTES = 16;

/** Seals one direction's packets under one key. */
export interface Sealer extends Disposable {
  /**
   * Hot. Encrypts `src[srcStart..srcEnd)` to `dst` from `dstStart` on and writes the tag behind. The
   * 16 bytes in front of `dstStart` are the additional data. `src` may be `dst`, then with the same start.
   * @param linkId 1..255
   * @param seqNo an integer, 0..2^53 - 1; with a link id used once only: the nonce.
   * @throws Error when disposed of, when the library fails, or when `seqNo` is none (it would become another packet's
   * nonce): never because of what the bytes are.
   */
  seal(
    src: Uint8Array<ArrayBuffer>,
    srcStart: number,
    srcEnd: number,
    dst: Uint8Array<ArrayBuffer>,
    dstStart: number,
    linkId: number,
    seqNo: number,
  ): void;
  /** Wipes the key. Idempotent. */
  [Symbol.dispose](): void;
}

/** Opens one direction's packets under one key. */
export interface Opener extends Disposable {
  /**
   * Hot. Decrypts `src[srcStart..srcEnd)`, whose last 16 bytes are the tag, to `dst` from `dstStart` on. The
   * 16 bytes in front of `srcStart` are the additional data. `src` may be `dst`, then with the same start.
   * @returns false when it does not authenticate or is shorter than a tag. What is then in `dst` is undefined:
   * `dst` may hold unauthenticated plaintext, which nobody may look at.
   * @throws Error when disposed of: never because of what the bytes are.
   */
  open(
    src: Uint8Array<ArrayBuffer>,
    srcStart: number,
    srcEnd: number,
    dst: Uint8Array<ArrayBuffer>,
    dstStart: number,
    linkId: number,
    seqNo: number,
  ): boolean;
  /** Wipes the key. Idempotent. */
  [Symbol.dispose](): void;
}

/** An implementation of the ciphers. */
export interface AeadProvider {
  /** For the log, e.g. `libcrypto.so.3 (OpenSSL 3.0.15)`. */
  readonly label: string;
  /** What it has, the fastest on this machine first; never empty, always holds CHACHA20_POLY1305. */
  readonly ciphers: readonly CipherId[];
  /** @param key 32 bytes, copied. @throws Error for a cipher it does not have. */
  createSealer(cipher: CipherId, key: Uint8Array): Sealer;
  /** @param key 32 bytes, copied. @throws Error for a cipher it does not have. */
  createOpener(cipher: CipherId, key: Uint8Array): Opener;
}
