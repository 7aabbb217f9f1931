/**
 * The layouts of the handshake's datagrams: initiation ('I'), response ('R'), cookie reply ('K'). All begin with
 * 'B' 'L' type 0: a handshake belongs to no link, so its bytes are the same on all of them; then comes the index that the
 * slave chose for this attempt. Pure.
 *
 * ```
 * I: header 4 | sender index 4 | Noise message 32 + 48 + payload + 16 | mac1 16 | mac2 16
 * R: header 4 | receiver index 4 | Noise message 32 + payload + 16 | mac1 16 | mac2 16
 * K: header 4 | receiver index 4 | nonce 24 | sealed cookie 16 + 16
 * ```
 *
 * The index is big-endian. mac1 is over all before it, mac2 over all before it (mac1 included), as in WireGuard §5.4.4.
 *
 * WireGuard's response has the responder's index beside it, in the clear, where only mac1 protects it: mac1's key follows
 * from the slave's public key, which is no secret. Whoever is on one link could change it there, and all links would use a
 * session that the master does not have. So it stands in the welcome.
 *
 * @module
 */

import { KEY_BYTES } from "./key_pair.ts";
import { NOISE_INITIATION_OVERHEAD_BYTES, NOISE_RESPONSE_OVERHEAD_BYTES } from "./noise.ts";
import { hash, mac, MAC_BYTES, TAG_BYTES, XCHACHA_NONCE_BYTES } from "./primitives.ts";
import { DATAGRAM_HEADER_BYTES, DatagramType } from "../wire/datagram_header.ts";
import type { Packet } from "../wire/packet.ts";

/** Names the handshake's format: Noise's prologue (§6) begins with it, see handshake_prologue.ts. Another format has another. */
export const PROLOGUE: Uint8Array<ArrayBuffer> = new TextEncoder().encode("bindlink 1");

/**
 * The longest handshake datagram. It goes in one piece through every network (RFC 791 §3.1: 576 bytes), through a
 * SOCKS relay too.
 */
export const MAX_HANDSHAKE_BYTES = 512;

/** Bytes of a hello, padding included, at least: see {@link MIN_INITIATION_BYTES}. */
export const MIN_HELLO_BYTES = 256;

/** Bytes of mac1 and mac2. */
const MACS_BYTES = 2 * MAC_BYTES;

/** Offset of the index. */
const INDEX_OFFSET = DATAGRAM_HEADER_BYTES;

/** Offset of the Noise message of an initiation or a response. */
const NOISE_OFFSET = INDEX_OFFSET + 4;

/** Bytes of an initiation besides the hello. */
export const INITIATION_OVERHEAD_BYTES = NOISE_OFFSET + NOISE_INITIATION_OVERHEAD_BYTES +
  MACS_BYTES;

/** Bytes of a response besides the welcome or refusal. */
export const RESPONSE_OVERHEAD_BYTES = NOISE_OFFSET + NOISE_RESPONSE_OVERHEAD_BYTES + MACS_BYTES;

/**
 * The shortest initiation that is read, and at once the longest response: a master that answers never sends more
 * than it got, so that nobody can use it to multiply traffic to a forged source.
 */
export const MIN_INITIATION_BYTES = INITIATION_OVERHEAD_BYTES + MIN_HELLO_BYTES;

/** The longest response. */
export const MAX_RESPONSE_BYTES = MIN_INITIATION_BYTES;

/** Bytes of the longest hello, welcome or refusal. */
export const MAX_HELLO_BYTES = MAX_HANDSHAKE_BYTES - INITIATION_OVERHEAD_BYTES;
export const MAX_ANSWER_BYTES = MAX_RESPONSE_BYTES - RESPONSE_OVERHEAD_BYTES;

/** Offset of a cookie reply's nonce and of the sealed cookie behind it. */
export const COOKIE_NONCE_OFFSET = INDEX_OFFSET + 4;
export const COOKIE_SEALED_OFFSET = COOKIE_NONCE_OFFSET + XCHACHA_NONCE_BYTES;

/** Bytes of a cookie reply. */
export const COOKIE_REPLY_BYTES = COOKIE_SEALED_OFFSET + MAC_BYTES + TAG_BYTES;

/** WireGuard §5.4.4: LABEL-MAC1. */
const LABEL_MAC1 = new TextEncoder().encode("mac1----");

/** The key of mac1 of datagrams to whom the public key belongs. */
export function mac1KeyOf(receiverPublicKey: Uint8Array): Uint8Array<ArrayBuffer> {
  if (receiverPublicKey.length !== KEY_BYTES) throw new Error("Invariant: a key has 32 bytes");
  return hash(LABEL_MAC1, receiverPublicKey);
}

/** Writes an initiation with its mac1 and a mac2 of zeros. @param masterKey the receiver's public key. */
export function writeInitiation(
  out: Packet,
  senderIndex: number,
  noiseMessage: Uint8Array,
  masterKey: Uint8Array,
): void {
  const bytes = datagramOf(DatagramType.INITIATION, senderIndex, noiseMessage);
  if (bytes.length < MIN_INITIATION_BYTES || bytes.length > MAX_HANDSHAKE_BYTES) {
    throw new Error(`Invariant: an initiation cannot have ${bytes.length} bytes`);
  }
  writeMac1(bytes, masterKey);
  out.fill(bytes);
}

/**
 * Writes a response with its mac1 and a mac2 of zeros.
 * @param receiverIndex the initiation's sender index. @param slaveKey the receiver's public key.
 */
export function writeResponse(
  out: Packet,
  receiverIndex: number,
  noiseMessage: Uint8Array,
  slaveKey: Uint8Array,
): void {
  const bytes = datagramOf(DatagramType.RESPONSE, receiverIndex, noiseMessage);
  if (bytes.length < RESPONSE_OVERHEAD_BYTES || bytes.length > MAX_RESPONSE_BYTES) {
    throw new Error(`Invariant: a response cannot have ${bytes.length} bytes`);
  }
  writeMac1(bytes, slaveKey);
  out.fill(bytes);
}

/** An initiation's fields; `noiseMessage` is a copy. */
export interface InitiationFields {
  readonly senderIndex: number;
  readonly noiseMessage: Uint8Array<ArrayBuffer>;
}

/** A response's fields; `noiseMessage` is a copy. */
export interface ResponseFields {
  /** The initiation's sender index. Nothing authenticates it: it only finds the attempt. */
  readonly receiverIndex: number;
  readonly noiseMessage: Uint8Array<ArrayBuffer>;
}

/** Reads an initiation (whole datagram, header included); null when its length or header is wrong. Checks no mac. */
export function readInitiation(packet: Packet): InitiationFields | null {
  if (!isInitiation(packet)) return null;
  return { senderIndex: indexOf(packet), noiseMessage: noiseMessageOf(packet) };
}

/** Reads a response (whole datagram, header included); null when its length or header is wrong. Checks no mac. */
export function readResponse(packet: Packet): ResponseFields | null {
  if (!isResponse(packet)) return null;
  return { receiverIndex: indexOf(packet), noiseMessage: noiseMessageOf(packet) };
}

/** The receiver index of a cookie reply; null when its length or header is wrong. */
export function readCookieReceiver(packet: Packet): number | null {
  return isCookieReply(packet) ? indexOf(packet) : null;
}

/** Hot. Whether length and header are those of an initiation. */
export function isInitiation(packet: Packet): boolean {
  return packet.length >= MIN_INITIATION_BYTES && packet.length <= MAX_HANDSHAKE_BYTES &&
    hasHeader(packet, DatagramType.INITIATION);
}

/** Whether length and header are those of a response. */
export function isResponse(packet: Packet): boolean {
  return packet.length >= RESPONSE_OVERHEAD_BYTES && packet.length <= MAX_RESPONSE_BYTES &&
    hasHeader(packet, DatagramType.RESPONSE);
}

/** Whether length and header are those of a cookie reply. */
export function isCookieReply(packet: Packet): boolean {
  return packet.length === COOKIE_REPLY_BYTES && hasHeader(packet, DatagramType.COOKIE);
}

/** mac1 of an initiation or a response that is long enough: a copy, 16 bytes. */
export function mac1Of(packet: Packet): Uint8Array<ArrayBuffer> {
  return packet.bytes.slice(packet.end - MACS_BYTES, packet.end - MAC_BYTES);
}

/** Hot. mac1 of an initiation as a text of 16 characters: what a Map finds. */
export function mac1TextOf(packet: Packet): string {
  const { bytes: b, end } = packet;
  const i = end - MACS_BYTES;
  // Spelt out: spreading the bytes costs ten times as much.
  // deno-fmt-ignore
  return String.fromCharCode(
    b[i]!, b[i + 1]!, b[i + 2]!, b[i + 3]!, b[i + 4]!, b[i + 5]!, b[i + 6]!, b[i + 7]!,
    b[i + 8]!, b[i + 9]!, b[i + 10]!, b[i + 11]!, b[i + 12]!, b[i + 13]!, b[i + 14]!, b[i + 15]!,
  );
}

/** Hot. 'B' 'L' type 0. */
function hasHeader(packet: Packet, type: DatagramType): boolean {
  const { bytes, start } = packet;
  return bytes[start] === 0x42 && bytes[start + 1] === 0x4c && bytes[start + 2] === type &&
    bytes[start + 3] === 0;
}

function indexOf({ view, start }: Packet): number {
  return view.getUint32(start + INDEX_OFFSET);
}

function noiseMessageOf({ bytes, start, end }: Packet): Uint8Array<ArrayBuffer> {
  return bytes.slice(start + NOISE_OFFSET, end - MACS_BYTES);
}

function datagramOf(
  type: DatagramType,
  index: number,
  noiseMessage: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(NOISE_OFFSET + noiseMessage.length + MACS_BYTES);
  bytes.set([0x42, 0x4c, type, 0]);
  new DataView(bytes.buffer).setUint32(INDEX_OFFSET, index);
  bytes.set(noiseMessage, NOISE_OFFSET);
  return bytes;
}

function writeMac1(bytes: Uint8Array, receiverPublicKey: Uint8Array): void {
  const end = bytes.length - MACS_BYTES;
  bytes.set(mac(mac1KeyOf(receiverPublicKey), bytes.subarray(0, end)), end);
}
