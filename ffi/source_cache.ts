/**
 * The sources of datagrams as text, made once for each: a master hears the same few addresses a hundred
 * thousand times a second, and text costs a microsecond and an allocation.
 *
 * @module
 */

import { sockaddrHostname, sockaddrPort } from "./socket_address.ts";

/** Where datagrams came from: an IP literal (IPv4-mapped shown as IPv4) and a port. */
export interface DatagramSource {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Remembers sources by the kernel's bytes. Bounded: foreign datagrams may carry any source, and push out
 * what is there; the object of a source is then made anew when it comes again.
 */
export class SourceCache {
  /** The bytes of each slot, as words; all zero (no family) while it is empty. */
  readonly #words = new Int32Array(SLOTS * SOURCE_WORDS);
  readonly #sources: DatagramSource[] = new Array(SLOTS).fill(NO_SOURCE);
  #last = 0;
  #victim = 0;

  /**
   * Hot. The source in a `struct sockaddr_in` or `sockaddr_in6`, which a zeroed `view` of 28 bytes holds:
   * the same object while the source stays the same.
   */
  find(view: DataView<ArrayBuffer>): DatagramSource {
    if (!this.#isAt(this.#last, view)) this.#last = this.#search(view);
    return this.#sources[this.#last]!;
  }

  #search(view: DataView<ArrayBuffer>): number {
    const first = hash(view);
    for (let i = 0; i < WAYS; i++) {
      const slot = (first + i) & (SLOTS - 1);
      if (this.#isAt(slot, view)) return slot;
    }
    return this.#put(first, view);
  }

  /** Takes an empty one of the few slots where this source may be, else each in turn. */
  #put(first: number, view: DataView<ArrayBuffer>): number {
    let slot = first;
    for (let i = 0; i < WAYS && this.#sources[slot] !== NO_SOURCE; i++) {
      slot = (first + i) & (SLOTS - 1);
    }
    if (this.#sources[slot] !== NO_SOURCE) slot = (first + this.#victim++ % WAYS) & (SLOTS - 1);
    for (let i = 0; i < SOURCE_WORDS; i++) {
      this.#words[slot * SOURCE_WORDS + i] = view.getInt32(4 * i, true);
    }
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
    this.#sources[slot] = { hostname: sockaddrHostname(bytes), port: sockaddrPort(bytes) };
    return slot;
  }

  #isAt(slot: number, view: DataView<ArrayBuffer>): boolean {
    const start = slot * SOURCE_WORDS;
    for (let i = 0; i < SOURCE_WORDS; i++) {
      if (this.#words[start + i] !== view.getInt32(4 * i, true)) return false;
    }
    return true;
  }
}

function hash(view: DataView<ArrayBuffer>): number {
  let value = 0;
  for (let i = 0; i < SOURCE_WORDS; i++) {
    value = Math.imul(value ^ view.getInt32(4 * i, true), GOLDEN_RATIO);
    value ^= value >>> 15; // a product's low bits know nothing of its factors' high ones
  }
  return value & (SLOTS - 1);
}

/** What {@link SourceCache} has where nothing is; also the source of nothing. */
export const NO_SOURCE: DatagramSource = { hostname: "", port: 0 };

/** `struct sockaddr_in6` in words of 32 bits. */
const SOURCE_WORDS = 7;

/** A power of two. More than a small master's links; 7 KiB of words for each socket. */
const SLOTS = 256;

/** Slots in which one source may be: with 64 sources, chances are that none ever pushes another out. */
const WAYS = 4;

/** 2^32 divided by the golden ratio, odd: Knuth, The Art of Computer Programming 3, section 6.4. */
const GOLDEN_RATIO = 0x9e3779b1;
