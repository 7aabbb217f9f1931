/**
 * What every tundev that carries IP refuses, decided in one place. Pure.
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import { checkExactIpPacket, checkIpPacket } from "../wire/ip_packet.ts";
import type { Packet } from "../wire/packet.ts";

/**
 * Hot. Whether an IP tundev of this MTU takes the packet.
 * @returns 0, or EMPTY, TOO_LARGE, NOT_IP, in this order of precedence.
 */
export function checkTunPacket(packet: Packet, mtuBytes: number): number {
  return packet.end - packet.start > mtuBytes ? DropReason.TOO_LARGE : checkIpPacket(packet);
}

/**
 * Whether a packet is so surely IP that an unknown sender may be believed for it: garbage that makes
 * a link, or moves one, would draw packets of the tunnel to whoever sent it.
 * @returns as {@link checkTunPacket}.
 */
export function checkStrangerPacket(packet: Packet, mtuBytes: number): number {
  return packet.end - packet.start > mtuBytes ? DropReason.TOO_LARGE : checkExactIpPacket(packet);
}
