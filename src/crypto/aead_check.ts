/**
 * Known answers that an implementation has to give before it may carry packets: a library that was built wrongly, or a
 * newer one that understands a call otherwise, is found at start and not by the other end.
 *
 * The examples of RFC 8439 and of NIST have nonces and additional data that no transport packet can have; tests hold
 * the implementations to them (tests/unit/crypto/). The answers here are of a packet as it is sent,
 * computed by noble; tests/unit/crypto/aead_check_test.ts computes them again.
 *
 * @module
 */

import {
  AEAD_HEADER_BYTES,
  AEAD_KEY_BYTES,
  AEAD_TAG_BYTES,
  type AeadProvider,
  CipherId,
} from "../peer/aead.ts";

/**
 * Each cipher of the implementation: seals as it should, opens that again, refuses a flipped bit.
 * @throws Error that names what is wrong.
 */
export function checkAead(provider: AeadProvider): void {
  if (!provider.ciphers.includes(CipherId.CHACHA20_POLY1305)) {
    throw new Error(`Cannot use ${provider.label}: it has no ChaCha20-Poly1305`);
  }
  for (const cipher of provider.ciphers) {
    const fault = findFault(provider, cipher);
    if (fault !== null) {
      throw new Error(`Cannot use ${provider.label}: cipher ${cipher} ${fault}`);
    }
  }
}

function findFault(provider: AeadProvider, cipher: CipherId): string | null {
  const key = Uint8Array.from({ length: AEAD_KEY_BYTES }, (_, i) => i);
  using sealer = provider.createSealer(cipher, key);
  using opener = provider.createOpener(cipher, key);
  const start = AEAD_HEADER_BYTES;
  const end = start + PLAINTEXT_BYTES;
  const sealedEnd = end + AEAD_TAG_BYTES;
  const plaintext = new Uint8Array(new ArrayBuffer(sealedEnd));
  for (let i = 0; i < end; i++) plaintext[i] = i;
  const sealed = plaintext.slice();
  sealer.seal(plaintext, start, end, sealed, start, CHECK_LINK_ID, CHECK_SEQ_NO);
  // The tag is enough: it depends on every bit of the ciphertext.
  if (sealed.subarray(end).toHex() !== CHECK_TAGS[cipher]) return "seals wrongly";
  const opened = new Uint8Array(new ArrayBuffer(sealedEnd));
  const open = (): boolean =>
    opener.open(sealed, start, sealedEnd, opened, start, CHECK_LINK_ID, CHECK_SEQ_NO);
  if (!open()) return "refuses what it sealed";
  for (let i = start; i < end; i++) {
    if (opened[i] !== plaintext[i]) return "opens wrongly";
  }
  for (const flippedAt of [0, start, sealedEnd - 1]) {
    sealed[flippedAt]! ^= 1;
    if (open()) return "accepts what was changed";
    sealed[flippedAt]! ^= 1;
  }
  return null;
}

/** The packet that is sealed: key and bytes count up from 0, header included. */
export const CHECK_LINK_ID = 0xa5;
/** Each of its bytes in its place, and beyond 32 bits. */
export const CHECK_SEQ_NO = 0x12_3456_789a_bcde;
/** Several rounds of any vectorized implementation, and a rest. */
export const PLAINTEXT_BYTES = 1_400;

/** Its tag, by cipher. */
export const CHECK_TAGS: Readonly<Record<number, string>> = {
  [CipherId.CHACHA20_POLY1305]: "56c85065724c2787c613f128ca052608",
  [CipherId.AES_256_GCM]: "19fc067ee28f08c3dc684156030216a8",
};
