/**
 * The original's scheduler: each packet takes a link at random, weighted by what the *peer* says it
 * received over that link in its last five seconds.
 *
 * (The original weighed by what it received itself, so upload followed download.) Under a backlog
 * the shares settle at the capacities: a link that is sent more than it carries reports less, the
 * others gain. It does not order packets, so a single TCP flow gains little on unequal links.
 *
 * @module
 */

import type { Packet } from "../wire/packet.ts";
import type { LegacyLink } from "./legacy_link.ts";
import { Sampler } from "./sampler.ts";
import type { LegacyScheduler } from "./legacy_scheduler.ts";

/** Link ids are one byte, 0 is not used. */
const MAX_LINKS = 255;

/**
 * No live link's weight is below this fraction of the heaviest one's. Proportional weights never
 * give a link back what it has lost, so one that was cut, or carried nothing yet, needs a floor to
 * grow from. Larger finds capacity sooner; smaller loses less on a link that really is that slow
 * (tests/sim/shares_follow_capacity_test.ts, tests/sim/cut_link_test.ts).
 */
const FLOOR_FRACTION = 1 / 32;

/**
 * Bytes added to what each link is reported to have carried. A few pings that happened to take one
 * link say nothing about the others; without this they would lose their share to it before the first
 * real packet. 64 KiB in 5 s are 105 kbit/s: beside a transfer it vanishes.
 */
const PRIOR_BYTES = 65_536;

/** Weight of a deaf link as a fraction of the heaviest: enough to notice that it hears again. */
const DEAF_FRACTION = 1 / 256;

/** Weighted random choice. */
export class WeightedScheduler implements LegacyScheduler {
  readonly #rng: () => number;
  readonly #sampler = new Sampler(MAX_LINKS);
  readonly #weights = new Float64Array(MAX_LINKS);
  readonly #candidates: LegacyLink[] = [];

  /** @param rng uniform in [0, 1). */
  constructor(rng: () => number) {
    this.#rng = rng;
  }

  update(links: readonly LegacyLink[], now: number): void {
    const candidates = this.#candidates;
    candidates.length = 0;
    let heaviestBytes = 0;
    for (const link of links) {
      link.share = 0;
      if (!link.isAlive) continue;
      candidates.push(link);
      heaviestBytes = Math.max(heaviestBytes, link.peerReceivedBytes);
    }
    const floorBytes = heaviestBytes * FLOOR_FRACTION;
    for (let i = 0; i < candidates.length; i++) {
      const link = candidates[i]!;
      this.#weights[i] = link.isDeaf(now)
        ? (PRIOR_BYTES + heaviestBytes) * DEAF_FRACTION
        : PRIOR_BYTES + Math.max(floorBytes, link.peerReceivedBytes);
    }
    this.#sampler.setWeights(this.#weights, candidates.length);
    for (let i = 0; i < candidates.length; i++) {
      candidates[i]!.share = this.#weights[i]! / this.#sampler.total;
    }
  }

  pick(_packet: Packet): LegacyLink | null {
    const index = this.#sampler.draw(this.#rng());
    return index < 0 ? null : this.#candidates[index]!;
  }
}
