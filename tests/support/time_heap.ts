/**
 * A priority queue of small integers by time.
 *
 * @module
 */

/** Binary heap; entries with the same time leave in the order they came. */
export class TimeHeap {
  #times: number[] = [];
  #seqs: number[] = [];
  #indexes: number[] = [];
  #nextSeq = 0;

  /** Entries in it. */
  get length(): number {
    return this.#times.length;
  }

  /** The earliest time, Infinity when empty. */
  get headTime(): number {
    return this.#times.length === 0 ? Infinity : this.#times[0]!;
  }

  /** Hot. Adds an entry. O(log n). */
  push(index: number, time: number): void {
    const seq = this.#nextSeq++;
    let at = this.#times.length;
    this.#times.push(time);
    this.#seqs.push(seq);
    this.#indexes.push(index);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#times[parent]! <= time) break; // an equal time there came earlier
      this.#move(parent, at);
      at = parent;
    }
    this.#set(at, index, time, seq);
  }

  /** Hot. Removes the earliest entry. @returns its integer; the heap must not be empty. O(log n). */
  shift(): number {
    const index = this.#indexes[0]!;
    const lastIndex = this.#indexes.pop()!;
    const lastTime = this.#times.pop()!;
    const lastSeq = this.#seqs.pop()!;
    if (this.#times.length > 0) this.#sink(lastIndex, lastTime, lastSeq);
    return index;
  }

  /** Puts an entry in at the top and lets it sink to its place. */
  #sink(index: number, time: number, seq: number): void {
    const length = this.#times.length;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      if (
        child + 1 < length && this.#isBefore(child + 1, this.#times[child]!, this.#seqs[child]!)
      ) {
        child++;
      }
      if (!this.#isBefore(child, time, seq)) break;
      this.#move(child, at);
      at = child;
    }
    this.#set(at, index, time, seq);
  }

  #isBefore(at: number, time: number, seq: number): boolean {
    return this.#times[at]! < time || (this.#times[at] === time && this.#seqs[at]! < seq);
  }

  #move(from: number, to: number): void {
    this.#set(to, this.#indexes[from]!, this.#times[from]!, this.#seqs[from]!);
  }

  #set(at: number, index: number, time: number, seq: number): void {
    this.#times[at] = time;
    this.#seqs[at] = seq;
    this.#indexes[at] = index;
  }
}
