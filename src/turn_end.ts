/**
 * The end of a turn: when all who were woken together have read what there was, and nothing more is at hand. What is sent waits
 * for it, so that what several readers make of their packets goes in one system call.
 *
 * @module
 */

import { setImmediate } from "node:timers";

/** Counts who reads, and calls those that have something to send. */
export class TurnEnd {
  #readers = 0;
  /** Which turn it is, for those who come back when theirs is over. */
  #turn = 0;
  #isLimited = false;
  #waiting: (() => void)[] = [];
  /** The other list, empty: who sends may wait anew. */
  #spare: (() => void)[] = [];

  /** Hot. Somebody begins to read. @returns the turn, for {@link leave}. */
  enter(): number {
    if (this.#readers++ === 0) this.#limit();
    return this.#turn;
  }

  /** Hot. Has read all there is, or lets others go first. The last one ends the turn. */
  leave(turn: number): void {
    if (turn === this.#turn && --this.#readers === 0) this.#end();
  }

  /**
   * Hot. Calls back once: when the turn ends, or, while nobody reads, when the piece of work ends that is under way (a microtask).
   * @param send made once, not for each call; throws nothing
   */
  add(send: () => void): void {
    this.#waiting.push(send);
    if (this.#readers === 0 && this.#waiting.length === 1) queueMicrotask(this.#handleIdle);
  }

  /** A turn lasts until the event loop goes on at the latest: nobody waits for a reader that does something else first. */
  #limit(): void {
    if (this.#isLimited) return;
    this.#isLimited = true;
    setImmediate(this.#handleLimit);
  }

  #end(): void {
    this.#turn++;
    this.#readers = 0;
    const waiting = this.#waiting;
    this.#waiting = this.#spare;
    for (let i = 0; i < waiting.length; i++) waiting[i]!();
    waiting.length = 0;
    this.#spare = waiting;
  }

  readonly #handleIdle = (): void => {
    if (this.#readers === 0) this.#end();
  };

  readonly #handleLimit = (): void => {
    this.#isLimited = false;
    if (this.#readers > 0) this.#end();
  };
}

/** The part of one reader in the turns. */
export class TurnPart {
  readonly #turnEnd: TurnEnd;
  /** The turn that it takes part in; -1: none. */
  #turn = -1;

  constructor(turnEnd: TurnEnd) {
    this.#turnEnd = turnEnd;
  }

  /** Hot. Begins to read. */
  enter(): void {
    this.leave();
    this.#turn = this.#turnEnd.enter();
  }

  /** Hot. Reads no more for now; does nothing when it did not. */
  leave(): void {
    if (this.#turn < 0) return;
    this.#turnEnd.leave(this.#turn);
    this.#turn = -1;
  }
}
