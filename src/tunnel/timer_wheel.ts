/**
 * Timers of many things that are each due every few seconds, by when they are due: so that a wake-up asks only those
 * that are. Asking all of a thousand slaves a hundred times a second took a sixth of a core (measured:
 * tests/bench/scale.ts). The few that are busy, and due within milliseconds, are in a hurry: apart, and served when it
 * is their time. Pure.
 *
 * @module
 */

/**
 * What is due within this time is served together: a thousand slaves would otherwise each wake the program by
 * themselves.
 */
const GRAIN_MS = 50;

/** Who is due again within this time is in a hurry, and stays so: the wheel would serve it up to a grain late. */
const HURRY_MS = 2 * GRAIN_MS;

/** More than a ping interval, 12.8 s: what is due later is asked again when the wheel has turned. */
const SLOTS = 256;

/** A wheel of slots of 50 ms. Each item is in it once at most; one in a hurry keeps its place, too. */
export class TimerWheel<Item> {
  /** Serves an item that may be due. @returns monotonic ms of when to ask it again; Infinity: never. */
  readonly #serve: (item: Item, now: number) => number;
  readonly #slots: Item[][] = Array.from({ length: SLOTS }, () => []);
  /** Items in the wheel, with the grain at which they are served. */
  readonly #items = new Map<Item, number>();
  /** Those that are due before the wheel comes to them, and when the first of them is. */
  readonly #hurried = new Set<Item>();
  #hurriedMs = Number.POSITIVE_INFINITY;
  /** The first grain that was not served yet: time in ms / 50, rounded down. */
  #next: number;

  constructor(serve: (item: Item, now: number) => number, now: number) {
    this.#serve = serve;
    this.#next = Math.floor(now / GRAIN_MS);
  }

  /** Asks an item from now on, until it says Infinity. Does nothing when it is in the wheel. */
  add(item: Item, now: number): void {
    if (this.#items.has(item)) return;
    this.#put(item, now);
  }

  /** Hot. An item is due at that time, which may be earlier than it said. Does nothing when it is not in the wheel. */
  hurry(item: Item, atMs: number): void {
    if (!this.#items.has(item)) return;
    this.#hurried.add(item);
    this.#hurriedMs = Math.min(this.#hurriedMs, atMs);
  }

  /** Serves all that is due. After a long pause that is all there is. */
  handleTimeout(now: number): void {
    this.#turn(now);
    if (this.#hurriedMs <= now) this.#serveHurried(now);
  }

  /** Monotonic ms of the next {@link handleTimeout} that has something to do; Infinity: none has. */
  nextTimeout(): number {
    return Math.min(this.#hurriedMs, this.#nextTurnMs());
  }

  #turn(now: number): void {
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
        else {
          this.#put(item, atMs);
          if (atMs - now < HURRY_MS || this.#hurried.has(item)) this.hurry(item, atMs);
        }
      }
    }
  }

  /** Serves those in a hurry; which are no longer so when they are due later, and the wheel comes to them in time. */
  #serveHurried(now: number): void {
    this.#hurriedMs = Number.POSITIVE_INFINITY;
    for (const item of this.#hurried) {
      const grain = this.#items.get(item);
      const atMs = grain === undefined ? Infinity : this.#serve(item, now);
      const isCalm = grain === undefined || (atMs >= grain * GRAIN_MS && atMs - now >= HURRY_MS);
      if (isCalm) this.#hurried.delete(item);
      else this.#hurriedMs = Math.min(this.#hurriedMs, Math.max(atMs, now));
    }
  }

  #nextTurnMs(): number {
    for (let grain = this.#next; grain < this.#next + SLOTS; grain++) {
      if (this.#slots[grain % SLOTS]!.length > 0) return grain * GRAIN_MS;
    }
    return Infinity;
  }

  #put(item: Item, atMs: number): void {
    const wanted = Math.max(this.#next, Math.ceil(atMs / GRAIN_MS));
    const grain = Math.min(wanted, this.#next + SLOTS - 1);
    this.#slots[grain % SLOTS]!.push(item);
    this.#items.set(item, grain);
  }
}
