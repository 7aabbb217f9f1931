/**
 * Whose turn it is to be received from: many TCP connections, one event loop.
 *
 * What a connection has brought lies in its buffer, up to 128 KiB of it, and is taken frame by frame without a turn of the
 * event loop between them: promises that are settled already are microtasks, and those come before every timer and every
 * other socket. So whoever sends more than is worked off, or tiny frames in bulk, would have the program to itself for
 * hundreds of milliseconds. Here all connections share what may be received in one turn of the event loop: it is handed out
 * in small portions, and when it is used up they queue for the next turn.
 *
 * @module
 */

import { setImmediate } from "node:timers";

/**
 * What may be received in one turn, in units (see {@link unitsOf}). A small frame that is thrown away takes some 4 µs, one
 * that is opened and put into the tun some 10 to 20: a turn is 0.5 to 2.5 ms, like the tun's (src/tundev/tun_device.ts).
 */
const TURN_UNITS = 128;

/**
 * What one connection gets at a time. Smaller is fairer. Measured through a connection that always has more: portions and
 * turns together add 0.04 µs to the 0.3 µs that a frame takes.
 */
export const PORTION_UNITS = 16;

/** A frame counts once, and once more for each 2 KiB: those of 65,507 bytes cost the time of many. */
const UNIT_SHIFT = 11;

/** Hot. What a frame counts as. */
export function unitsOf(lengthBytes: number): number {
  return 1 + (lengthBytes >> UNIT_SHIFT);
}

/** Turns of the event loop, for the connections that share them. */
export class TcpTurns {
  /** Units of this turn that nobody has. Below 0 when a long frame took more than its portion. */
  #leftUnits = TURN_UNITS;
  readonly #waiting: ((units: number) => void)[] = [];
  #isNextDue = false;

  /** Hot. Takes a portion of this turn. @returns its units; 0: none is left, {@link TcpTurns.wait}. */
  take(): number {
    if (this.#waiting.length > 0 || this.#leftUnits < PORTION_UNITS) return 0;
    this.#leftUnits -= PORTION_UNITS;
    return PORTION_UNITS;
  }

  /** Hot. Puts back what was not used of a portion, or (below 0) says how much more it was. */
  settle(units: number): void {
    this.#leftUnits = Math.min(TURN_UNITS, this.#leftUnits + units);
  }

  /** Waits for a portion of a later turn: first come, first served. @returns its units. */
  wait(): Promise<number> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#awaitNext();
    });
  }

  /** Only setImmediate lets datagrams and timers have their share: measured in src/tundev/tun_device.ts. */
  #awaitNext(): void {
    if (this.#isNextDue) return;
    this.#isNextDue = true;
    setImmediate(() => this.#beginTurn());
  }

  #beginTurn(): void {
    this.#isNextDue = false;
    this.#leftUnits = TURN_UNITS;
    while (this.#waiting.length > 0 && this.#leftUnits >= PORTION_UNITS) {
      this.#leftUnits -= PORTION_UNITS;
      this.#waiting.shift()!(PORTION_UNITS);
    }
    if (this.#waiting.length > 0) this.#awaitNext();
  }
}
