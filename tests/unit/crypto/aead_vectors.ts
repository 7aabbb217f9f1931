/**
 * Published examples of the two ciphers. Their nonces and additional data are not those of a transport packet, so they
 * are for the layer below the port, and for the oracle.
 *
 * @module
 */

import type { NonceOpener, NonceSealer } from "../../../src/crypto/packet_cipher.ts";

/** One example; all but `what` and `cipher` in hexadecimal. */
export interface AeadVector {
  readonly what: string;
  readonly cipher: "ChaCha20-Poly1305" | "AES-256-GCM";
  readonly key: string;
  readonly nonce: string;
  readonly additionalData: string;
  readonly plaintext: string;
  readonly ciphertext: string;
  readonly tag: string;
}

const LADIES =
  "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the " +
  "future, sunscreen would be it.";

const DRAFTS = "Internet-Drafts are draft documents valid for a maximum of six months and may be " +
  "updated, replaced, or obsoleted by other documents at any time. It is inappropriate to use " +
  "Internet-Drafts as reference material or to cite them other than as /\u201cwork in progress./\u201d";

/** GCM's are from "The Galois/Counter Mode of Operation" (McGrew, Viega), appendix B. */
export const AEAD_VECTORS: readonly AeadVector[] = [
  {
    what: "RFC 8439 section 2.8.2",
    cipher: "ChaCha20-Poly1305",
    key: "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
    nonce: "070000004041424344454647",
    additionalData: "50515253c0c1c2c3c4c5c6c7",
    plaintext: new TextEncoder().encode(LADIES).toHex(),
    ciphertext: "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6" +
      "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36" +
      "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc" +
      "3ff4def08e4b7a9de576d26586cec64b6116",
    tag: "1ae10b594f09e26a7e902ecbd0600691",
  },
  {
    what: "RFC 8439 appendix A.5",
    cipher: "ChaCha20-Poly1305",
    key: "1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0",
    nonce: "000000000102030405060708",
    additionalData: "f33388860000000000004e91",
    plaintext: new TextEncoder().encode(DRAFTS).toHex(),
    ciphertext: "64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2" +
      "4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf" +
      "332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855" +
      "9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4" +
      "b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e" +
      "af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a" +
      "0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10" +
      "49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29" +
      "a6ad5cb4022b02709b",
    tag: "eead9d67890cbb22392336fea1851f38",
  },
  {
    what: "GCM test case 13 (nothing)",
    cipher: "AES-256-GCM",
    key: "00".repeat(32),
    nonce: "00".repeat(12),
    additionalData: "",
    plaintext: "",
    ciphertext: "",
    tag: "530f8afbc74536b9a963b4f1c4cb738b",
  },
  {
    what: "GCM test case 14 (one block)",
    cipher: "AES-256-GCM",
    key: "00".repeat(32),
    nonce: "00".repeat(12),
    additionalData: "",
    plaintext: "00".repeat(16),
    ciphertext: "cea7403d4d606b6e074ec5d3baf39d18",
    tag: "d0d1c8a799996bf0265b98b5d48ab919",
  },
  {
    what: "GCM test case 16 (with additional data)",
    cipher: "AES-256-GCM",
    key: "feffe9928665731c6d6a8f9467308308".repeat(2),
    nonce: "cafebabefacedbaddecaf888",
    additionalData: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
    plaintext: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72" +
      "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
    ciphertext: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa" +
      "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
    tag: "76fc6ece0f4e1768cddf8853bb2d551b",
  },
];

/** Seals an example's plaintext. @returns ciphertext and tag in hexadecimal. */
export function sealVector(vector: AeadVector, sealer: NonceSealer): string {
  const { slot, start, end } = slotOf(vector, vector.plaintext);
  sealer.seal(slot, start, end, slot, start, ...noncesOf(vector));
  return slot.subarray(start, end + vector.tag.length / 2).toHex();
}

/** Opens what an example says that it is sealed to. @returns the plaintext in hexadecimal; null when it was refused. */
export function openVector(vector: AeadVector, opener: NonceOpener): string | null {
  const { slot, start, end } = slotOf(vector, vector.ciphertext + vector.tag);
  if (!opener.open(slot, start, end, slot, start, ...noncesOf(vector))) return null;
  return slot.subarray(start, end - vector.tag.length / 2).toHex();
}

function slotOf(
  vector: AeadVector,
  payload: string,
): { slot: Uint8Array<ArrayBuffer>; start: number; end: number } {
  const slot = new Uint8Array(new ArrayBuffer(512));
  const additionalData = Uint8Array.fromHex(vector.additionalData);
  slot.set(additionalData, 32 - additionalData.length);
  slot.set(Uint8Array.fromHex(payload), 32);
  return { slot, start: 32, end: 32 + payload.length / 2 };
}

function noncesOf({ nonce }: AeadVector): [number, number, number] {
  const view = new DataView(Uint8Array.fromHex(nonce).buffer);
  return [view.getUint32(0), view.getUint32(4), view.getUint32(8)];
}
