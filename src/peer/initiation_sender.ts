/**
 * Sends a slave's initiation over its links: the same bytes over all, but for the proof of the address that the master
 * sees, which is another one on each. Pure.
 *
 * @module
 */

import { CookieJar } from "./cookie.ts";
import type { HandshakeAttempt } from "./handshake_attempt.ts";
import type { Packet } from "../wire/packet.ts";

/** What an {@link InitiationSender} is made of. */
export interface InitiationSenderOptions {
  /** The master's public key. */
  readonly remoteStatic: Uint8Array<ArrayBuffer>;
  /** Ids of the links that are open now. */
  readonly openLinks: () => Iterable<number>;
  /** Sends a datagram over a link; borrowed until return. */
  readonly send: (linkId: number, datagram: Packet) => void;
}

/** The way to the links. */
export class InitiationSender {
  readonly #options: InitiationSenderOptions;
  /** By link id: at most 255. */
  readonly #jars = new Map<number, CookieJar>();

  constructor(options: InitiationSenderOptions) {
    this.#options = options;
  }

  /** Whether there is a link to send over. */
  hasOpenLink(): boolean {
    for (const _ of this.#options.openLinks()) return true;
    return false;
  }

  /** Sends over all open links. @returns how many they are. */
  sendRound(attempt: HandshakeAttempt, now: number): number {
    attempt.countRound();
    let links = 0;
    for (const linkId of this.#options.openLinks()) {
      this.sendOver(attempt, linkId, now);
      links++;
    }
    return links;
  }

  /** Sends over one link. */
  sendOver(attempt: HandshakeAttempt, linkId: number, now: number): void {
    this.#options.send(linkId, attempt.datagramFor(this.#jarOf(linkId), now));
  }

  /** Takes a cookie reply: a good one is used at once. @returns whether it is one. */
  takeCookie(attempt: HandshakeAttempt, linkId: number, packet: Packet, now: number): boolean {
    const isToSend = attempt.takeCookie(this.#jarOf(linkId), linkId, packet, now);
    if (isToSend) this.sendOver(attempt, linkId, now);
    return isToSend !== null;
  }

  #jarOf(linkId: number): CookieJar {
    let jar = this.#jars.get(linkId);
    if (jar === undefined) {
      jar = new CookieJar(this.#options.remoteStatic);
      this.#jars.set(linkId, jar);
    }
    return jar;
  }
}
