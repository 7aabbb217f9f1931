/**
 * A set of whole numbers kept as half-open ranges in order: packet numbers received, parts of a
 * stream received, acknowledged or lost.
 *
 * @module
 */

/**
 * Ranges `[start, end)`, ascending, never touching each other. Numbers up to 2^53.
 *
 * @example
 * ```ts
 * import { RangeSet } from "./stream_range_set.ts";
 *
 * const set = new RangeSet();
 * set.add(0, 10);
 * set.add(20, 30);
 * set.add(10, 20);
 * if (set.count !== 1 || !set.containsRange(0, 30)) throw new Error("not merged");
 * ```
 */
export class RangeSet {
  #starts = new Float64Array(INITIAL_RANGES);
  #ends = new Float64Array(INITIAL_RANGES);
  #count = 0;

  /** How many ranges. */
  get count(): number {
    return this.#count;
  }

  /** Start of range `index`, 0 being the lowest. Undefined behaviour outside 0..count-1. */
  startAt(index: number): number {
    return this.#starts[index]!;
  }

  /** End of range `index`. */
  endAt(index: number): number {
    return this.#ends[index]!;
  }

  /** Forgets everything. */
  clear(): void {
    this.#count = 0;
  }

  /** Hot. Index of the first range whose end is at or above `value`; `count` when there is none. */
  indexOf(value: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if (this.#ends[mid]! < value) low = mid + 1;
      else high = mid;
    }
    return low;
  }

  /** Hot. Whether all of `[start, end)` is in the set. */
  containsRange(start: number, end: number): boolean {
    if (start >= end) return true;
    // A range that ends exactly at `start` does not hold it; ranges never touch, so the next one
    // starts above `start` and does not either.
    const i = this.indexOf(start);
    return i < this.#count && this.#starts[i]! <= start && this.#ends[i]! >= end;
  }

  /** Hot. Adds `[start, end)`. @returns how many numbers are new. */
  add(start: number, end: number): number {
    if (start >= end) return 0;
    const first = this.indexOf(start);
    let last = first; // behind the last range that touches the new one
    let mergedStart = start;
    let mergedEnd = end;
    let known = 0;
    while (last < this.#count && this.#starts[last]! <= end) {
      const s = this.#starts[last]!;
      const e = this.#ends[last]!;
      known += Math.max(0, Math.min(e, end) - Math.max(s, start));
      if (s < mergedStart) mergedStart = s;
      if (e > mergedEnd) mergedEnd = e;
      last++;
    }
    this.#replace(first, last, 1);
    this.#starts[first] = mergedStart;
    this.#ends[first] = mergedEnd;
    return end - start - known;
  }

  /** Hot. Takes `[start, end)` out. */
  remove(start: number, end: number): void {
    if (start >= end) return;
    let first = this.indexOf(start);
    if (first < this.#count && this.#ends[first]! === start) first++;
    let last = first;
    while (last < this.#count && this.#starts[last]! < end) last++;
    if (first === last) return;
    const headStart = this.#starts[first]!;
    const tailEnd = this.#ends[last - 1]!;
    const keepsHead = headStart < start ? 1 : 0;
    const keepsTail = tailEnd > end ? 1 : 0;
    this.#replace(first, last, keepsHead + keepsTail);
    if (keepsHead === 1) {
      this.#starts[first] = headStart;
      this.#ends[first] = start;
    }
    if (keepsTail === 1) {
      this.#starts[first + keepsHead] = end;
      this.#ends[first + keepsHead] = tailEnd;
    }
  }

  /** Hot. Takes everything below `value` out. */
  removeBelow(value: number): void {
    if (this.#count > 0 && this.#starts[0]! < value) this.remove(this.#starts[0]!, value);
  }

  /** Makes room for `count` ranges in the place of `[first, last)`. */
  #replace(first: number, last: number, count: number): void {
    const next = this.#count - (last - first) + count;
    if (next > this.#starts.length) {
      this.#starts = grown(this.#starts);
      this.#ends = grown(this.#ends);
    }
    if (first + count !== last) {
      this.#starts.copyWithin(first + count, last, this.#count);
      this.#ends.copyWithin(first + count, last, this.#count);
    }
    this.#count = next;
  }
}

const INITIAL_RANGES = 4;

function grown(array: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const next = new Float64Array(array.length * 2);
  next.set(array);
  return next;
}
