/**
 * What a slave does when its machine wakes, or its machine's networks change: it asks its master at once, over all links, with a new
 * handshake, since whatever it knows of the master's state may be old; links that wait for a try have it now; and after a sleep what
 * gets no answer is opened anew.
 *
 * @module
 */

import type { Logger } from "../log.ts";
import type { Initiator } from "../peer/initiator.ts";
import type { SlaveLinks } from "./slave_links.ts";
import { WakeDetector } from "./wake_detector.ts";

/** Networks that change again and again make no more than one handshake in this time, in ms. */
const LEAST_INTERVAL_MS = 500;

/** What a {@link SlaveWake} works with. */
export interface SlaveWakeOptions {
  readonly links: SlaveLinks;
  readonly initiator: Initiator;
  readonly logger: Logger;
  /** The machine's clock, ms since 1970. */
  readonly wallClock: () => number;
  readonly reschedule: (atMs: number) => void;
}

/** Brings a slave back. */
export class SlaveWake {
  readonly #options: SlaveWakeOptions;
  readonly #detector = new WakeDetector();
  #wokeMs = Number.NEGATIVE_INFINITY;
  /** Networks have changed; seen to when {@link LEAST_INTERVAL_MS} has passed. */
  #isChanged = false;

  constructor(options: SlaveWakeOptions) {
    this.#options = options;
  }

  /** Looks whether it slept; called about once a second. */
  handleTimeout(now: number): void {
    const sleptMs = this.#detector.look(now, this.#options.wallClock());
    if (sleptMs > 0) {
      this.#options.logger.info("Woke up: asking the master over all links", {
        sleptSeconds: Math.round(sleptMs / 1_000),
      });
      this.#options.links.linkMap.wake(now);
      this.#ask(now);
    } else if (this.#isChanged && now >= this.nextTimeout()) {
      this.#options.links.linkMap.retry();
      this.#ask(now);
    }
  }

  /** Monotonic ms of when {@link SlaveWake.handleTimeout} has to be called at the latest. */
  nextTimeout(): number {
    return this.#isChanged ? this.#wokeMs + LEAST_INTERVAL_MS : Number.POSITIVE_INFINITY;
  }

  /** The machine has a network, an address or a default route that it did not have before. */
  handleNetworkChange(now: number): void {
    this.#isChanged = true;
    this.#options.reschedule(Math.max(now, this.nextTimeout()));
  }

  #ask(now: number): void {
    const { initiator, reschedule } = this.#options;
    this.#isChanged = false;
    this.#wokeMs = now;
    initiator.handleWake(now);
    reschedule(now);
  }
}
