/**
 * Timers of many things that are each due about once a second, by when they are due: so that a wake-up asks only those
 * that are. Asking all of a thousand slaves a hundred times a second took a sixth of a core (measured:
 * tests/bench/scale.ts). Pure.
 *
 * @module
 */

/**
 * What is due within this time is served together: a thousand slaves would otherwise each wake the program once a
 * second.
 */
const GRAIN_MS = 10;

/** More than a second and a pause of the program: what is due later is asked again when the wheel has turned. */
const SLOTS = 256;

/** A wheel of slots of 10 ms. Each item is in it once at most. */
export class TimerWheel<Item> {
  /** Serves an item that may be due. @returns monotonic ms of when to ask it again; Infinity: never. */
  readonly #serve: (item: Item, now: number) => number;
  readonly #slots: Item[][] = Array.from({ length: SLOTS }, () => []);
  readonly #items = new Set<Item>();
  /** The first grain that was not served yet: time in ms / 10, rounded down. */
  #next: number;

  constructor(serve: (item: Item, now: number) => number, now: number) {
    this.#serve = serve;
    this.#next = Math.floor(now / GRAIN_MS);
  }

  /** Asks an item from now on, until it says Infinity. Does nothing when it is in the wheel. */
  add(item: Item, now: number): void {
    if (this.#items.has(item)) return;
    this.#items.add(item);
    this.#put(item, now);
  }

  /** Serves all that is due. After a long pause that is all there is. */
  handleTimeout(now: number): void {
    const first = this.#next;
    const end = Math.floor(now / GRAIN_MS) + 1;
    // Before anything is served: what that is to be asked at next comes into a slot behind these.
    this.#next = Math.max(first, end);
    for (let grain = Math.max(first, end - SLOTS); grain < end; grain++) {
      const at = grain % SLOTS;
      const items = this.#slots[at]!;
      if (items.length === 0) continue;
      this.#slots[at] = [];
      for (const item of items) {
        const atMs = this.#serve(item, now);
        if (atMs === Infinity) this.#items.delete(item);
        else this.#put(item, atMs);
      }
    }
  }

  /** Monotonic ms of the next {@link handleTimeout} that has something to do; Infinity: none has. */
  nextTimeout(): number {
    for (let grain = this.#next; grain < this.#next + SLOTS; grain++) {
      if (this.#slots[grain % SLOTS]!.length > 0) return grain * GRAIN_MS;
    }
    return Infinity;
  }

  #put(item: Item, atMs: number): void {
    const grain = Math.max(this.#next, Math.ceil(atMs / GRAIN_MS));
    this.#slots[Math.min(grain, this.#next + SLOTS - 1) % SLOTS]!.push(item);
  }
}
