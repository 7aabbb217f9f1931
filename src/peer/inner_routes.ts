/**
 * Inner addresses to slaves, and the check of inner sources: who a packet from the tun goes to, whether a slave may send
 * what it sent. Pure; a few memory reads per packet, nothing allocated.
 *
 * @module
 */

import type { InnerAddress } from "./handshake_payload.ts";
import type { Packet } from "../wire/packet.ts";

/** A slave's place in the routes; `Slave` is whatever the owner hangs on it. */
export class InnerRoutes<Slave> {
  /** @param master the master's own addresses, with the networks that the slaves' addresses are from. */
  constructor(_master: readonly InnerAddress[]) {}

  /** Takes a slave's addresses on. @throws Error when one is taken or outside the master's networks: a bug of the caller's. */
  add(_slave: Slave, _addresses: readonly InnerAddress[]): void {
    throw new Error("Invariant: not written yet");
  }

  remove(_addresses: readonly InnerAddress[]): void {
    throw new Error("Invariant: not written yet");
  }

  /** Hot. The slave that an IP packet's destination belongs to; null: none. The packet has passed checkIpPacket. */
  findByDestination(_packet: Packet): Slave | null {
    throw new Error("Invariant: not written yet");
  }

  /** Hot. The slave that an IP packet's source belongs to; null: none. */
  findBySource(_packet: Packet): Slave | null {
    throw new Error("Invariant: not written yet");
  }
}
