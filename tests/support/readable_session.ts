/**
 * The twin of src/peer/session.ts that can be checked by reading: the transport packet of
 * docs/protocol.md, with big integers, arrays and sets. The fast one must do what this one does.
 *
 * @module
 */

import { chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { DropReason } from "../../src/wire/drop_reason.ts";

/** What opening came to: an inner message, or why there is none. */
export type Opened =
  | { readonly result: 0; readonly inner: readonly number[]; readonly isNewest: boolean }
  | { readonly result: number };

const HEADER_BYTES = 16;
const TAG_BYTES = 16;
const LARGEST_NUMBER = 2n ** 53n - 1n;
const WINDOW = 4_096n;

/** One end of a session. */
export class ReadableSession {
  readonly #sendKey: Uint8Array;
  readonly #receiveKey: Uint8Array;
  readonly #remoteIndex: number;
  /** By link id: the next number, and every number that was opened. */
  readonly next = new Map<number, bigint>();
  readonly #opened = new Map<number, Set<bigint>>();

  /** @param keys 32 bytes each, borrowed. */
  constructor(keys: { send: Uint8Array; receive: Uint8Array }, remoteIndex: number) {
    this.#sendKey = keys.send;
    this.#receiveKey = keys.receive;
    this.#remoteIndex = remoteIndex;
  }

  /** @returns the datagram. */
  seal(inner: readonly number[], linkId: number): readonly number[] {
    const number = this.next.get(linkId) ?? 0n;
    this.next.set(linkId, number + 1n);
    const header = [
      ...[0x42, 0x4c, 0x54, linkId],
      ...bigEndian(BigInt(this.#remoteIndex), 4),
      ...bigEndian(number, 8),
    ];
    const cipher = chacha20poly1305(this.#sendKey, nonce(linkId, number), Uint8Array.from(header));
    return [...header, ...cipher.encrypt(Uint8Array.from(inner))];
  }

  open(datagram: readonly number[], linkId: number): Opened {
    if (datagram.length < HEADER_BYTES + TAG_BYTES) return { result: DropReason.TRUNCATED };
    const header = datagram.slice(0, HEADER_BYTES);
    const number = header.slice(8).reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
    if (number > LARGEST_NUMBER) return { result: DropReason.NOT_AUTHENTIC };
    const opened = this.#opened.get(linkId) ?? new Set();
    const newest = [...opened].reduce((a, b) => a > b ? a : b, -1n);
    if (opened.has(number) || newest - number > WINDOW) return { result: DropReason.REPLAYED };
    const cipher = chacha20poly1305(
      this.#receiveKey,
      nonce(linkId, number),
      Uint8Array.from(header),
    );
    let inner: Uint8Array;
    try {
      inner = cipher.decrypt(Uint8Array.from(datagram.slice(HEADER_BYTES)));
    } catch {
      return { result: DropReason.NOT_AUTHENTIC };
    }
    this.#opened.set(linkId, opened.add(number));
    return { result: 0, inner: [...inner], isNewest: number > newest };
  }
}

function nonce(linkId: number, number: bigint): Uint8Array {
  return Uint8Array.from([...bigEndian(BigInt(linkId), 4), ...bigEndian(number, 8)]);
}

function bigEndian(value: bigint, lengthBytes: number): number[] {
  return Array.from(
    { length: lengthBytes },
    (_, i) => Number(value >> BigInt(8 * (lengthBytes - 1 - i)) & 0xffn),
  );
}
