/**
 * The master's way from a transport packet to its session: random 32-bit indices, unique at this end. Pure.
 *
 * Random, so that an index tells an observer nothing about how many slaves there are or which handshakes
 * belong together (WireGuard §5.4.2), and a stranger has to guess before anything is decrypted.
 *
 * @module
 */

import type { RandomBytes } from "./key_pair.ts";

/** Bytes of an index. */
const INDEX_BYTES = 4;

/**
 * With a million indices taken one try in 4,300 hits one of them: so many misses in a row come of a source of randomness
 * that repeats itself only.
 */
const MAX_TRIES = 64;

/** Things (sessions with their slaves) by index. */
export class SessionTable<Entry> {
  readonly #randomBytes: RandomBytes;
  /**
   * By the index as a signed number: a V8 small integer, which a Map finds without making a heap
   * number of it, as it would of one beyond 2^31.
   */
  readonly #entries = new Map<number, Entry>();

  constructor(randomBytes: RandomBytes) {
    this.#randomBytes = randomBytes;
  }

  /** A random index that is free now; it is taken by {@link SessionTable.set}. @returns u32 */
  freeIndex(): number {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const bytes = this.#randomBytes(INDEX_BYTES);
      const index = new DataView(bytes.buffer, bytes.byteOffset, INDEX_BYTES).getUint32(0);
      if (!this.#entries.has(index | 0)) return index;
    }
    throw new Error("Invariant: the source of randomness repeats itself");
  }

  /** Takes an index, or replaces its entry. */
  set(index: number, entry: Entry): void {
    this.#entries.set(index | 0, entry);
  }

  /** Hot. The entry, or undefined. */
  get(index: number): Entry | undefined {
    return this.#entries.get(index | 0);
  }

  /** Frees an index; nothing happens when it is free. */
  delete(index: number): void {
    this.#entries.delete(index | 0);
  }

  /** Indices that are taken. */
  get size(): number {
    return this.#entries.size;
  }
}
