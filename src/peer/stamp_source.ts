/**
 * The stamps of a slave's initiations: from the machine's clock, and always later than all before, whatever that clock does. Pure.
 *
 * @module
 */

import { compareStamps, nextStamp, NO_STAMP, stampOf } from "./stamp.ts";

/** Gives stamps that only grow. */
export class StampSource {
  readonly #wallClock: () => number;
  #last: Uint8Array = NO_STAMP;

  /** @param wallClock ms since 1970: may be wrong, may jump. */
  constructor(wallClock: () => number) {
    this.#wallClock = wallClock;
  }

  /** The clock's, or one nanosecond more than the last when the clock has not gone on. */
  next(): Uint8Array<ArrayBuffer> {
    const byClock = stampOf(this.#wallClock());
    const stamp = compareStamps(byClock, this.#last) > 0 ? byClock : nextStamp(this.#last);
    this.#last = stamp;
    return stamp;
  }

  /** All stamps from now on are later than this one: the master knows it as ours. */
  raise(stamp: Uint8Array): void {
    if (compareStamps(stamp, this.#last) > 0) this.#last = stamp;
  }
}
