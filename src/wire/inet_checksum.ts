/**
 * The internet checksum (RFC 1071) of what the tunnel itself changes in, or answers to, an inner packet.
 * Pure.
 *
 * @module
 */

import type { Packet } from "./packet.ts";

/**
 * Hot. Adds the 16-bit words of `bytes[start..end)` of a packet's slot to a sum; an odd last byte counts as
 * the high one. Sums of up to 64 KiB stay below 2^32.
 * @param sum what was added up so far: 0, or a pseudo-header.
 */
export function addWords(packet: Packet, start: number, end: number, sum: number): number {
  const { view, bytes } = packet;
  const evenEnd = end - (end - start) % 2;
  for (let at = start; at < evenEnd; at += 2) sum += view.getUint16(at);
  return evenEnd < end ? sum + bytes[evenEnd]! * 256 : sum;
}

/** Hot. The checksum field for a sum: its folded one's complement. */
export function checksumOf(sum: number): number {
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/**
 * Hot. The checksum after one 16-bit word under it changed: RFC 1624 equation 3, HC' = ~(~HC + ~m + m').
 * (Equation 4, the shorter one, gives 0 where the right answer is 0xffff, and the other way round.)
 */
export function adjustChecksum(checksum: number, oldWord: number, newWord: number): number {
  return checksumOf((~checksum & 0xffff) + (~oldWord & 0xffff) + newWord);
}
