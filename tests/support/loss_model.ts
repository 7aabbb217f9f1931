/**
 * Which packets of an emulated link are lost.
 *
 * @module
 */

import type { BurstLoss, LinkProfile } from "./link_profile.ts";

/** What became of a packet. */
export const Loss = {
  NONE: 0,
  RANDOM: 1,
  BURST: 2,
} as const;

/** One of {@link Loss}'s values. */
export type Loss = typeof Loss[keyof typeof Loss];

/**
 * Random loss and a Gilbert-Elliott chain beside it, stepped once for each packet.
 *
 * With the mean burst length L and the share f, the chain leaves the bad state with probability
 * 1 / L and enters it with f / (L (1 - f)): its stationary share of bad packets is then f
 * (Gilbert, "Capacity of a Burst-Noise Channel", 1960). A bad packet is always lost, a good one never.
 */
export class LossModel {
  readonly #rng: () => number;
  #isBad = false;

  /** @param rng numbers in [0, 1); drawn only for the kinds of loss that are on. */
  constructor(rng: () => number) {
    this.#rng = rng;
  }

  /** Hot. Decides on the next packet. */
  next(profile: LinkProfile): Loss {
    const burst = profile.burstLoss;
    if (burst !== null && this.#stepChain(burst)) return Loss.BURST;
    return profile.lossFraction > 0 && this.#rng() < profile.lossFraction ? Loss.RANDOM : Loss.NONE;
  }

  #stepChain(burst: BurstLoss): boolean {
    const leave = 1 / burst.meanLengthPkts;
    const enter = Math.min(1, leave * burst.fraction / (1 - burst.fraction));
    this.#isBad = this.#isBad ? this.#rng() >= leave : this.#rng() < enter;
    return this.#isBad;
  }
}
