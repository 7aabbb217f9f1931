/**
 * What one measurement gives. What a kind of traffic does not have is left out.
 *
 * @module
 */

import type { PingFigures } from "./ping_series.ts";

/** One measurement, or the medians of some. */
export interface Figures {
  /** Payload that arrived, Mbit/s; of both flows together when they go both ways. */
  readonly goodputMbps?: number;
  readonly goodputUpMbps?: number;
  readonly goodputDownMbps?: number;
  /** The links' capacity in that time, Mbit/s. */
  readonly capacityMbps?: number;
  readonly ping?: PingFigures;
  /** Segments the inner sender sent again, as a fraction, and how often its kernel saw disorder. */
  readonly retransmitted?: number;
  readonly reorderings?: number;
  /** Bytes offered to the links in the payload's direction, beyond the goodput, as a fraction of it. */
  readonly overhead?: number;
  /** Bytes in the other direction as a fraction of the goodput: the TCP's and the tunnel's own answers. */
  readonly answers?: number;
  /** What came out of each link in the payload's direction, Mbit/s of IP. */
  readonly linkMbps?: readonly number[];
  /** Packets that found each link's queue full. */
  readonly queueFullPkts?: readonly number[];
  /** Datagrams lost in the sockets of laptop and server, and those the relay lost by its own fault. */
  readonly socketDrops?: number;
  readonly relayDrops?: number;
  /** Packets that the devices of laptop and server dropped: tun and veth. */
  readonly deviceDrops?: number;
  /** Processors used: 1 is a whole one. */
  readonly slaveCpu?: number;
  readonly masterCpu?: number;
  readonly relayCpu?: number;
  /** Packets the daemons dropped, by reason. */
  readonly drops?: Readonly<Record<string, number>>;
  /** Longest time without data, in ms. */
  readonly stallMs?: number;
  readonly sentPkts?: number;
  readonly lostPkts?: number;
  readonly lostFraction?: number;
  /** One way, in ms. */
  readonly delayP50Ms?: number;
  readonly delayP99Ms?: number;
  /** From a cut link's return until it carries a quarter of what it did before. */
  readonly usedAgainMs?: number;
}
