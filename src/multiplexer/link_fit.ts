/**
 * Which packets fit which of the links in use: a data packet goes only over links it fits, however soon another one would
 * have it there. Pure.
 *
 * Where the links differ, the smallest one is what new TCP connections are fitted to (by their MSS), so that all links carry
 * them; other packets go where they fit. The tun's own MTU stays what the master assigned.
 *
 * @module
 */

import type { Packet } from "../wire/packet.ts";
import type { MultiplexerLink } from "./multiplexer_link.ts";

/** Every link of IPv6 carries it (RFC 8200 §5), so no sender is told less: what does not fit is fragmented outside. */
export const LEAST_MTU_BYTES = 1_280;

/**
 * A link that takes no more than this in one packet carries small packets only. TCP is not fitted to it: headers of some 110
 * bytes around each segment would cost all links more than such a link adds.
 */
const LEAST_USEFUL_BYTES = 1_000;

/**
 * A packet from the tun, borrowed until return, fits no link.
 * @param mtuBytes what would
 * @returns whether its sender is told, so that the packet can be dropped. If not, it is sent all the same.
 */
export type TooBigHandler = (packet: Packet, mtuBytes: number, now: number) => boolean;

/** What fits the links that may carry data now. */
export class LinkFit {
  /** IP packets up to this size fit all of them; 0 while there is none. */
  leastBytes = 0;
  /** Larger ones fit none; Infinity while there is none. */
  mostBytes = Number.POSITIVE_INFINITY;

  /** Looks at the links anew. */
  measure(links: readonly MultiplexerLink[]): void {
    let leastBytes = Number.POSITIVE_INFINITY;
    let mostBytes = 0;
    for (let i = 0; i < links.length; i++) {
      const link = links[i]!;
      link.updateMaxPacket();
      const { maxPacketBytes } = link;
      leastBytes = Math.min(leastBytes, maxPacketBytes);
      mostBytes = Math.max(mostBytes, maxPacketBytes);
    }
    const isNone = links.length === 0;
    this.leastBytes = isNone ? 0 : leastBytes;
    this.mostBytes = isNone ? Number.POSITIVE_INFINITY : mostBytes;
  }

  /** Largest packet that is carried: of a larger one its sender is told this. */
  get limitBytes(): number {
    return Math.max(this.mostBytes, LEAST_MTU_BYTES);
  }
}

/**
 * What TCP is to be fitted to: IP packets that all links carry which are up and carry more than small packets; those for
 * worse times count, too, since connections live on when they are needed. Infinity: there are none.
 */
export function usefulMtuOf(links: readonly MultiplexerLink[]): number {
  let bytes = Number.POSITIVE_INFINITY;
  for (const link of links) {
    if (!link.isAlive) continue;
    link.updateMaxPacket();
    if (link.maxPacketBytes >= LEAST_USEFUL_BYTES) bytes = Math.min(bytes, link.maxPacketBytes);
  }
  return bytes;
}

/** Hot. The n-th (from 0 on) of the links that a packet fits; if it fits none, of all. Null: there are not so many. */
export function pickNth(
  links: readonly MultiplexerLink[],
  n: number,
  packetBytes: number,
): MultiplexerLink | null {
  let fitting = 0;
  for (let i = 0; i < links.length; i++) {
    const link = links[i]!;
    if (packetBytes <= link.maxPacketBytes && fitting++ === n) return link;
  }
  return fitting === 0 && n < links.length ? links[n]! : null;
}

/**
 * The link for a bulk packet that does not fit the one whose turn it is: the first one that it fits and that has credit; of
 * those that take part in bulk, if it fits any of them.
 * @returns null: it has to wait.
 */
export function pickFitting(
  bulk: readonly MultiplexerLink[],
  order: readonly MultiplexerLink[],
  packetBytes: number,
  now: number,
): MultiplexerLink | null {
  const bytes = fitsAny(order, packetBytes) ? packetBytes : 0;
  const links = fitsAny(bulk, bytes) ? bulk : order;
  for (let i = 0; i < links.length; i++) {
    const link = links[i]!;
    if (bytes > link.maxPacketBytes) continue;
    if (!link.pacer.hasCredit(now)) link.limitedMs = now;
    else if (link.inFlightRoomBytes() > 0) return link;
  }
  return null;
}

function fitsAny(links: readonly MultiplexerLink[], packetBytes: number): boolean {
  for (let i = 0; i < links.length; i++) {
    if (packetBytes <= links[i]!.maxPacketBytes) return true;
  }
  return false;
}
