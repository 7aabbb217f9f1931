/**
 * mac1, mac2 and cookies, as in WireGuard §5.4.4-5.4.7: nobody who does not know the master's public key gets any
 * answer, and under load a source must first show that it receives what is sent to it. Pure.
 *
 * @module
 */

import type { RandomBytes } from "./key_pair.ts";
import type { Packet } from "../wire/packet.ts";

/** What a receiver of handshakes thinks of a datagram's macs. */
export const MacVerdict = { BAD_MAC1: 0, GOOD_MAC1: 1, GOOD_MAC2: 2 } as const;

/** One of {@link MacVerdict}'s values. */
export type MacVerdict = typeof MacVerdict[keyof typeof MacVerdict];

/** Checks macs of initiations (or responses) sent to us, and makes cookie replies. The secret changes every two minutes. */
export class CookieChecker {
  constructor(_publicKey: Uint8Array, _randomBytes: RandomBytes) {}

  /** Whether mac1 is right: a few µs. @param packet the whole datagram. */
  hasGoodMac1(_packet: Packet): boolean {
    throw new Error("Invariant: not written yet");
  }

  /** Whether mac2 is right for this source; of a datagram whose mac1 is. @param source address and port as text. */
  hasGoodMac2(_packet: Packet, _source: string, _now: number): boolean {
    throw new Error("Invariant: not written yet");
  }

  /** Writes the cookie reply to a datagram whose mac1 is right. */
  writeCookieReply(_out: Packet, _received: Packet, _source: string, _now: number): void {
    throw new Error("Invariant: not written yet");
  }
}

/** Adds mac2 to what is sent, once a cookie came. One for each link: a cookie belongs to the address that the master sees. */
export class CookieJar {
  /** @param remotePublicKey the master's. */
  constructor(_remotePublicKey: Uint8Array) {}

  /**
   * Takes a cookie reply (whole datagram).
   * @param mac1 that of the newest message sent: 16 bytes.
   * @returns whether it is a good one.
   */
  handleCookieReply(_packet: Packet, _mac1: Uint8Array, _now: number): boolean {
    throw new Error("Invariant: not written yet");
  }

  /** Writes mac2 into a whole handshake datagram: with the cookie while it is younger than two minutes, else zeros. */
  writeMac2(_packet: Packet, _now: number): void {
    throw new Error("Invariant: not written yet");
  }
}
