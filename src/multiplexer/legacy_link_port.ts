/**
 * What the multiplexer needs of a link. The LinkMap's `Link` implements it over sockets, the
 * simulator over emulated links.
 *
 * @module
 */

import type { ControlPacket } from "../wire/control_packet.ts";
import type { Packet } from "../wire/packet.ts";

/** A way to the peer. */
export interface LegacyLinkPort {
  /** 1..255; chosen by the slave, learned by the master, kept while the link exists. */
  readonly id: number;
  /** True at the end that opened the link: that end probes it when it is silent, the other only answers. */
  readonly isInitiator: boolean;
  /**
   * Hot. Sends a data packet, borrowed until return.
   * @param now monotonic ms: whether a session may still be used depends on it.
   * @returns bytes put on the wire, or a DropReason.
   */
  send(packet: Packet, now: number): number;
  /** Sends a control packet. @returns bytes put on the wire, or a DropReason. */
  sendControl(controlPacket: ControlPacket, now: number): number;
}
