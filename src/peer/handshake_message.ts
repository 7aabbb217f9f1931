/**
 * The layouts of the handshake's datagrams: initiation ('I'), response ('R'), cookie reply ('K'). All begin with
 * 'B' 'L' type 0: a handshake belongs to no link, so its bytes are the same on all of them. Pure.
 *
 * ```
 * I: header 4 | sender index 4 | Noise message 32 + 48 + payload + 16 | mac1 16 | mac2 16
 * R: header 4 | sender index 4 | receiver index 4 | Noise message 32 + payload + 16 | mac1 16 | mac2 16
 * K: header 4 | receiver index 4 | nonce 24 | sealed cookie 16 + 16
 * ```
 *
 * mac1 is over all before it, mac2 over all before it (mac1 included), as in WireGuard §5.4.4.
 *
 * @module
 */

import type { Packet } from "../wire/packet.ts";

/** Writes an initiation with its mac1 and a mac2 of zeros. @param masterKey the receiver's public key. */
export function writeInitiation(
  _out: Packet,
  _senderIndex: number,
  _noiseMessage: Uint8Array,
  _masterKey: Uint8Array,
): void {
  throw new Error("Invariant: not written yet");
}

/** Writes a response with its mac1 and a mac2 of zeros. @param slaveKey the receiver's public key. */
export function writeResponse(
  _out: Packet,
  _senderIndex: number,
  _receiverIndex: number,
  _noiseMessage: Uint8Array,
  _slaveKey: Uint8Array,
): void {
  throw new Error("Invariant: not written yet");
}

/** An initiation's or a response's fields; `noiseMessage` is a copy. */
export interface HandshakeFields {
  readonly senderIndex: number;
  /** 0 in an initiation. */
  readonly receiverIndex: number;
  readonly noiseMessage: Uint8Array<ArrayBuffer>;
}

/** Reads an initiation (whole datagram, header included); null when its length or header is wrong. Checks no mac. */
export function readInitiation(_packet: Packet): HandshakeFields | null {
  throw new Error("Invariant: not written yet");
}

/** Reads a response (whole datagram, header included); null when its length or header is wrong. Checks no mac. */
export function readResponse(_packet: Packet): HandshakeFields | null {
  throw new Error("Invariant: not written yet");
}
