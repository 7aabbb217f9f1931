/**
 * Datagrams with a number, whose length and content follow from it, and who checks them. Pure.
 *
 * ```
 *  0        4                       n
 *  | number | known bytes of number |     n: 4 to 1,312
 * ```
 *
 * @module
 */

import type { KnownBytes } from "./known_bytes.ts";

const HEADER_BYTES = 4;

/** Payload of a packet as large as the tunnel takes: 1,340 bytes less those of IPv4 and UDP. */
export const MAX_DATAGRAM_BYTES = 1_312;

/** From one number to the next: coprime to the number of lengths, so that all of them occur, large and small in turns. */
const LENGTH_STEP = 571;

/** From one number's content to the next one's in the stream of known bytes: longer than a datagram, and no multiple of anything. */
const CONTENT_STEP = 7_919;

/** A number that is this much below the highest one seen is forgotten: then a second copy counts as a late one. */
const WINDOW_PKTS = 65_536;

/** So long is the one with that number. */
export function lengthOf(number: number): number {
  return HEADER_BYTES + number * LENGTH_STEP % (MAX_DATAGRAM_BYTES - HEADER_BYTES + 1);
}

/** Makes them. */
export class NumberedDatagrams {
  readonly #known: KnownBytes;

  constructor(known: KnownBytes) {
    this.#known = known;
  }

  /** Writes one into the buffer. @returns the part of it that is the datagram. */
  write(number: number, buffer: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const datagram = buffer.subarray(0, lengthOf(number));
    new DataView(buffer.buffer, buffer.byteOffset).setUint32(0, number);
    const contentBytes = datagram.length - HEADER_BYTES;
    datagram.set(this.#known.at(number * CONTENT_STEP, contentBytes), HEADER_BYTES);
    return datagram;
  }
}

/** What came, so far. What is missing of what was sent is lost. */
export interface DatagramReport {
  /** Different ones that are as they were sent. */
  readonly good: number;
  /** Of another length or content than their number says. */
  readonly corrupted: number;
  /** Good ones that had come already. */
  readonly repeated: number;
  /** Of the good ones, those that came after a higher number. */
  readonly overtaken: number;
}

/** Checks them. */
export class DatagramCheck {
  readonly #known: KnownBytes;
  /** By number modulo the window's length: 1 + the number that was seen last. */
  readonly #seen = new Float64Array(WINDOW_PKTS);
  #highest = -1;
  #good = 0;
  #corrupted = 0;
  #repeated = 0;
  #overtaken = 0;

  constructor(known: KnownBytes) {
    this.#known = known;
  }

  /** Takes one that came. */
  take(datagram: Uint8Array<ArrayBuffer>): void {
    if (datagram.length < HEADER_BYTES) {
      this.#corrupted++;
      return;
    }
    const number = new DataView(datagram.buffer, datagram.byteOffset).getUint32(0);
    const content = datagram.subarray(HEADER_BYTES);
    const isGood = datagram.length === lengthOf(number) &&
      this.#known.countWrong(content, number * CONTENT_STEP) === 0;
    if (isGood) this.#count(number);
    else this.#corrupted++;
  }

  report(): DatagramReport {
    return {
      good: this.#good,
      corrupted: this.#corrupted,
      repeated: this.#repeated,
      overtaken: this.#overtaken,
    };
  }

  #count(number: number): void {
    const place = number % WINDOW_PKTS;
    if (this.#seen[place] === 1 + number) {
      this.#repeated++;
      return;
    }
    this.#good++;
    if (number < this.#highest) this.#overtaken++;
    this.#highest = Math.max(this.#highest, number);
    this.#seen[place] = Math.max(this.#seen[place]!, 1 + number);
  }
}
