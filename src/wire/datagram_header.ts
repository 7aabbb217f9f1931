/**
 * The four bytes every datagram begins with: 'B' 'L' type linkId. They tell the formats apart, so
 * one demultiplexer serves all of them.
 *
 * @module
 */

import { DropReason } from "./drop_reason.ts";
import type { Packet } from "./packet.ts";

/** Bytes of the header. */
export const DATAGRAM_HEADER_BYTES = 4;

/** The type byte. */
export const DatagramType = {
  /** Legacy control packet ('C'): a gob stream. */
  CONTROL: 0x43,
  /** Legacy data packet ('D'): the IP packet as the tun gave it. */
  DATA: 0x44,
  /** Initiation of a handshake ('I'), of no link. */
  INITIATION: 0x49,
  /** Cookie reply ('K'), of no link. */
  COOKIE: 0x4b,
  /** Response of a handshake ('R'), of no link. */
  RESPONSE: 0x52,
  /** Transport packet ('T'): sealed. */
  TRANSPORT: 0x54,
} as const;

/** One of {@link DatagramType}'s values. */
export type DatagramType = typeof DatagramType[keyof typeof DatagramType];

const MAGIC_0 = 0x42; // 'B'
const MAGIC_1 = 0x4c; // 'L'

/**
 * Hot. Writes the header in front of the packet and moves `start` there; the caller moves it back.
 * @param linkId 1..255; 0 for handshakes, which are of no link
 */
export function prependDatagramHeader(packet: Packet, type: DatagramType, linkId: number): void {
  const start = packet.start - DATAGRAM_HEADER_BYTES;
  const bytes = packet.bytes;
  bytes[start] = MAGIC_0;
  bytes[start + 1] = MAGIC_1;
  bytes[start + 2] = type;
  bytes[start + 3] = linkId;
  packet.start = start;
}

/**
 * Hot. Checks the header and moves `start` behind it.
 * @returns type and link id as `type << 8 | linkId`, or a {@link DropReason}; on a drop the packet is unchanged.
 *
 * @example
 * ```ts
 * import { DatagramType, prependDatagramHeader, readDatagramHeader } from "./datagram_header.ts";
 * import { Packet } from "./packet.ts";
 *
 * const packet = new Packet(100);
 * packet.fill(Uint8Array.of(0x45));
 * prependDatagramHeader(packet, DatagramType.DATA, 3);
 * const header = readDatagramHeader(packet);
 * if (header >> 8 !== DatagramType.DATA || (header & 0xff) !== 3) throw new Error("not what was written");
 * ```
 */
export function readDatagramHeader(packet: Packet): number {
  const { bytes, start } = packet;
  if (packet.end - start < DATAGRAM_HEADER_BYTES) return DropReason.TRUNCATED;
  if (bytes[start] !== MAGIC_0 || bytes[start + 1] !== MAGIC_1) return DropReason.BAD_MAGIC;
  const type = bytes[start + 2]!;
  const linkId = bytes[start + 3]!;
  switch (type) {
    case DatagramType.TRANSPORT:
    case DatagramType.DATA:
    case DatagramType.CONTROL:
      if (linkId === 0) return DropReason.BAD_LINK_ID;
      break;
    case DatagramType.INITIATION:
    case DatagramType.RESPONSE:
    case DatagramType.COOKIE:
      if (linkId !== 0) return DropReason.BAD_LINK_ID;
      break;
    default:
      return DropReason.UNKNOWN_TYPE;
  }
  packet.start = start + DATAGRAM_HEADER_BYTES;
  return type << 8 | linkId;
}
