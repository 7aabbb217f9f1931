/**
 * What the multiplexer knows of one link: what arrives over it, what the peer reports, whether it lives.
 *
 * @module
 */

import type { LinkPort } from "./link_port.ts";
import { Tallier, TALLIER_WINDOW_MS } from "./tallier.ts";

/** A link that nothing valid came over for this long carries no data. The original sent on for ever. */
export const LINK_SILENT_MS = 3_000;

/** State of one link in the multiplexer. Fields are read by the scheduler and by snapshots. */
export class MultiplexerLink {
  readonly port: LinkPort;
  /** Bytes of data packets received over the link in the last 5 s: what our control packets report. */
  readonly receivedTally = new Tallier();
  /** True while something valid was heard within {@link LINK_SILENT_MS}. */
  isAlive = false;
  /** Monotonic ms of the last valid packet over this link; -Infinity when there was none. */
  lastHeardMs = Number.NEGATIVE_INFINITY;
  /** Bytes the peer says it received from us on this link in its last 5 s. */
  peerReceivedBytes = 0;
  /** Fraction of the data packets the scheduler gives this link, 0..1. */
  share = 0;

  constructor(port: LinkPort) {
    this.port = port;
  }

  /**
   * The original's `link_rate`: bytes per second that reach the peer over this link, as the peer
   * reports it.
   */
  get linkRateBytesPerSecond(): number {
    return this.peerReceivedBytes * 1_000 / TALLIER_WINDOW_MS;
  }

  /** Bytes per second received over this link in the last 5 s. */
  receivedBytesPerSecond(now: number): number {
    return this.receivedTally.total(now) * 1_000 / TALLIER_WINDOW_MS;
  }
}
