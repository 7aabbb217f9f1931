/**
 * A queue of small integers with a time each, over preallocated arrays.
 *
 * @module
 */

/** First in, first out; grows by doubling, never shrinks, allocates nothing per entry. */
export class IndexRing {
  #indexes: Int32Array;
  #times: Float64Array;
  #head = 0;
  #length = 0;

  /** @param capacity entries it has room for before it grows; a power of two. */
  constructor(capacity: number = 256) {
    this.#indexes = new Int32Array(capacity);
    this.#times = new Float64Array(capacity);
  }

  /** Entries in it. */
  get length(): number {
    return this.#length;
  }

  /** Hot. Appends an entry. */
  push(index: number, time: number = 0): void {
    if (this.#length === this.#indexes.length) this.#grow();
    const at = (this.#head + this.#length) & (this.#indexes.length - 1);
    this.#indexes[at] = index;
    this.#times[at] = time;
    this.#length++;
  }

  /** Hot. The oldest entry's integer; meaningless when the ring is empty. */
  get headIndex(): number {
    return this.#indexes[this.#head]!;
  }

  /** Hot. The oldest entry's time; Infinity when the ring is empty. */
  get headTime(): number {
    return this.#length === 0 ? Infinity : this.#times[this.#head]!;
  }

  /** Hot. The newest entry's time; -Infinity when the ring is empty. */
  get tailTime(): number {
    if (this.#length === 0) return -Infinity;
    return this.#times[(this.#head + this.#length - 1) & (this.#times.length - 1)]!;
  }

  /** Hot. Removes the oldest entry. @returns its integer; the ring must not be empty. */
  shift(): number {
    const index = this.#indexes[this.#head]!;
    this.#head = (this.#head + 1) & (this.#indexes.length - 1);
    this.#length--;
    return index;
  }

  #grow(): void {
    const capacity = this.#indexes.length;
    const indexes = new Int32Array(capacity * 2);
    const times = new Float64Array(capacity * 2);
    for (let i = 0; i < capacity; i++) {
      const from = (this.#head + i) & (capacity - 1);
      indexes[i] = this.#indexes[from]!;
      times[i] = this.#times[from]!;
    }
    this.#indexes = indexes;
    this.#times = times;
    this.#head = 0;
  }
}
