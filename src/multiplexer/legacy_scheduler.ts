/**
 * The seam between the multiplexer and the way it spreads packets.
 *
 * @module
 */

import type { Packet } from "../wire/packet.ts";
import type { LegacyLink } from "./legacy_link.ts";

/** Chooses the link for each data packet. */
export interface LegacyScheduler {
  /**
   * The links that may carry data, or what is known of them, changed. Called at most a few times a
   * second; the scheduler sets each link's `share`.
   * @param links all links; those that are not alive must not be picked.
   */
  update(links: readonly LegacyLink[], now: number): void;

  /** Hot. The link for this packet, or null when none may carry it. */
  pick(packet: Packet, now: number): LegacyLink | null;
}
