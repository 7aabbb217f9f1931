/**
 * What the multiplexer needs of a link. The LinkMap's links implement it over sockets, the simulator over
 * emulated links.
 *
 * @module
 */

import type { Packet } from "../wire/packet.ts";
import type { LinkSettings } from "./link_settings.ts";

/** A way to the peer. */
export interface LinkPort {
  /** 1..255; chosen by the slave, learned by the master, kept while the link exists. */
  readonly id: number;
  /** For people. */
  readonly name: string;
  /** True at the end that opened the link: that end asks when it is silent, the other only answers. */
  readonly isInitiator: boolean;
  /** What arrives over it arrives in order, or the link ends: it goes over TCP now. */
  readonly isReliable: boolean;
  /**
   * Largest datagram that it takes, in bytes: where the MTU can be probed, the most that is tried; elsewhere what is sure
   * enough to pass, or is no matter since the link goes over TCP. A larger one may be given to it all the same, when no link
   * takes it and its sender cannot be told; then IP fragments it on the way.
   */
  readonly maxDatagramBytes: number;
  /** Whether what is sent is never fragmented, except a datagram that is larger than was found to pass: so a probe that arrives proves something. */
  readonly canProbeMtu: boolean;
  /**
   * Where the MTU can be probed: a larger datagram may be fragmented on the way, since nothing else is known to pass. Set by the
   * multiplexer.
   */
  fragmentAboveBytes?: number;
  /** What the user said of the link; a master learns it from the slave. */
  readonly settings: LinkSettings;
  /** Link sequence number of the datagram that was sent last. */
  readonly lastSeqNo: number;
  /**
   * Hot. Sends an inner message, borrowed until return; it needs the headroom of a {@link Packet}.
   * @param now monotonic ms: whether a session may still be used depends on it.
   * @returns bytes of the datagram, or a DropReason.
   */
  send(message: Packet, now: number): number;
}
