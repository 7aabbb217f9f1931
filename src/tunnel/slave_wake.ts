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

/**
 * One that comes and goes without end, as by a bad plug, must not keep other links from opening, which may take seconds: after so many
 * times each next one waits twice as long, up to this, in ms. As long without a change, and all is forgotten.
 */
const FREE_CHANGES = 4;
const LONGEST_INTERVAL_MS = 8_000;

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
  /** How often they were seen to without a longer rest. */
  #changes = 0;

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
      this.#changes++;
      this.#options.links.linkMap.retry();
      this.#ask(now);
    }
  }

  /** Monotonic ms of when {@link SlaveWake.handleTimeout} has to be called at the latest. */
  nextTimeout(): number {
    return this.#isChanged ? this.#wokeMs + this.#intervalMs : Number.POSITIVE_INFINITY;
  }

  /** The machine has a network, an address or a default route that it did not have before. */
  handleNetworkChange(now: number): void {
    if (!this.#isChanged && now - this.#wokeMs > LONGEST_INTERVAL_MS) this.#changes = 0;
    this.#isChanged = true;
    this.#options.reschedule(Math.max(now, this.nextTimeout()));
  }

  get #intervalMs(): number {
    const doublings = Math.max(0, this.#changes - FREE_CHANGES);
    return Math.min(LONGEST_INTERVAL_MS, LEAST_INTERVAL_MS * 2 ** doublings);
  }

  #ask(now: number): void {
    const { initiator, reschedule } = this.#options;
    this.#isChanged = false;
    this.#wokeMs = now;
    initiator.handleWake(now);
    reschedule(now);
  }
}
