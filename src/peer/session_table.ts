/**
 * The master's way from a transport packet to its session: random 32-bit indices, unique at this end. Pure.
 *
 * @module
 */

import type { RandomBytes } from "./key_pair.ts";

/** Things (sessions with their slaves) by index. */
export class SessionTable<Entry> {
  constructor(_randomBytes: RandomBytes) {}

  /** A random index that is free now; it is taken by {@link SessionTable.set}. */
  freeIndex(): number {
    throw new Error("Invariant: not written yet");
  }

  set(_index: number, _entry: Entry): void {
    throw new Error("Invariant: not written yet");
  }

  /** Hot. The entry, or undefined. */
  get(_index: number): Entry | undefined {
    throw new Error("Invariant: not written yet");
  }

  delete(_index: number): void {
    throw new Error("Invariant: not written yet");
  }

  get size(): number {
    throw new Error("Invariant: not written yet");
  }
}
