/**
 * How much one link changes the order of its packets by itself: what comes later than that is lost. Pure.
 *
 * Radio links keep the order; a network that sends packets over several ways, or an emulator with jitter of its own for
 * each packet, does not. It is learned from packets that come after later ones, and unlearned slowly.
 *
 * @module
 */

/** The least: three packets (RFC 5681 §3.2) and 2 ms. */
export const SLACK_PKTS = 3;
const MIN_SLACK_MS = 2;

/** Above it everything is late anyway. */
const MAX_SLACK_MS = 200;

/** What was learned falls to half in this time. */
const HALF_LIFE_MS = 20_000;

/** Room above the latest that was seen. */
const MARGIN = 1.25;

/** Reordering of one link and direction. */
export class LinkSlack {
  #ms = MIN_SLACK_MS;
  #learnedMs = Number.NEGATIVE_INFINITY;

  /** Whether the link was ever seen to change the order. */
  get isLearned(): boolean {
    return this.#learnedMs > Number.NEGATIVE_INFINITY;
  }

  /** A packet sent that much before the newest acknowledged one is lost. */
  ms(now: number): number {
    if (!this.isLearned) return MIN_SLACK_MS;
    return Math.max(MIN_SLACK_MS, this.#ms * 2 ** (-(now - this.#learnedMs) / HALF_LIFE_MS));
  }

  /** A packet came after one that was sent later. @param latenessMs by how much later that one was sent */
  handleLate(latenessMs: number, now: number): void {
    const neededMs = Math.min(MAX_SLACK_MS, latenessMs * MARGIN);
    if (neededMs <= this.ms(now)) return;
    this.#ms = neededMs;
    this.#learnedMs = now;
  }
}
