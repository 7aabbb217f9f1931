/**
 * What the multiplexer knows of one link: what arrives over it, what the peer reports, whether it lives.
 *
 * @module
 */

import type { LegacyLinkPort } from "./legacy_link_port.ts";
import { Tallier, TALLIER_WINDOW_MS } from "./tallier.ts";

/** A link that nothing valid came over for this long carries no data. The original sent on for ever. */
export const LINK_SILENT_MS = 3_000;

/**
 * A link is deaf once this many data packets were sent over it and the peer has reported none of them
 * for {@link DEAF_AFTER_MS}: its outgoing direction is dead while the other lives.
 */
const DEAF_AFTER_PKTS = 8;

/** A report covers the tallier's window and is a second old at most. */
const DEAF_AFTER_MS = TALLIER_WINDOW_MS + 1_000;

/** State of one link in the multiplexer. Fields are read by the scheduler and by snapshots. */
export class LegacyLink {
  readonly port: LegacyLinkPort;
  /** Bytes of data packets received over the link in the last 5 s: what our control packets report. */
  readonly receivedTally = new Tallier();
  /** True while something valid was heard within {@link LINK_SILENT_MS}. */
  isAlive = false;
  /** Monotonic ms of the last valid packet over this link; -Infinity when there was none. */
  lastHeardMs = Number.NEGATIVE_INFINITY;
  /** Bytes the peer says it received from us on this link in its last 5 s. */
  peerReceivedBytes = 0;
  /** Data packets sent since the peer last reported any. */
  unreportedPkts = 0;
  /** Monotonic ms when the peer last reported any, or when the link came up. */
  reportedMs = Number.NEGATIVE_INFINITY;
  /** Fraction of the data packets the scheduler gives this link, 0..1. */
  share = 0;

  constructor(port: LegacyLinkPort) {
    this.port = port;
  }

  /** Takes what the peer reports. */
  handleReport(receivedBytes: number, now: number): void {
    this.peerReceivedBytes = receivedBytes;
    if (receivedBytes > 0) this.#clearUnreported(now);
  }

  /** The link carries data from now on. */
  handleUp(now: number): void {
    this.isAlive = true;
    this.#clearUnreported(now);
  }

  /** Whether the peer hears nothing of what we send over this link, though we hear the peer. */
  isDeaf(now: number): boolean {
    return this.unreportedPkts >= DEAF_AFTER_PKTS && now - this.reportedMs >= DEAF_AFTER_MS;
  }

  #clearUnreported(now: number): void {
    this.unreportedPkts = 0;
    this.reportedMs = now;
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
