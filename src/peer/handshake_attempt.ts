/**
 * One attempt of a slave: one initiation with its ephemeral key, its stamp and its index, sent over every link and again
 * and again, until it is answered or given up. Pure.
 *
 * @module
 */

import { CookieJar } from "./cookie.ts";
import { mac1Of, MAX_HANDSHAKE_BYTES, writeInitiation } from "./handshake_message.ts";
import { handshakePrologue } from "./handshake_prologue.ts";
import { type DiffieHellman, generateKeyPair, type KeyPair, type RandomBytes } from "./key_pair.ts";
import { NoiseInitiator, type NoiseKeys } from "./noise.ts";
import { Packet } from "../wire/packet.ts";

/**
 * When the initiation is sent again, in ms after the first time. The first datagrams through a SOCKS relay are often lost
 * or late, and a copy costs a master that has answered no arithmetic.
 */
const REPEATS_MS: readonly number[] = [250, 500, 1_000, 2_000];

/** What an attempt is made of. */
export interface HandshakeAttemptOptions {
  readonly localStatic: KeyPair;
  readonly remoteStatic: Uint8Array<ArrayBuffer>;
  readonly psk: Uint8Array<ArrayBuffer>;
  readonly dh: DiffieHellman;
  readonly randomBytes: RandomBytes;
}

/** What one attempt differs in from the next. */
export interface HandshakeAttemptTerms {
  /** u32, free at this end. */
  readonly localIndex: number;
  /** The hello, encoded. */
  readonly hello: Uint8Array;
  readonly startedMs: number;
  /** When it is given up. */
  readonly endMs: number;
}

/** An initiation under way. */
export class HandshakeAttempt {
  readonly localIndex: number;
  readonly startedMs: number;
  readonly endMs: number;
  readonly #noise: NoiseInitiator;
  readonly #packet = new Packet(MAX_HANDSHAKE_BYTES);
  readonly #mac1: Uint8Array<ArrayBuffer>;
  /** Times sent, over all open links each. */
  #rounds = 0;
  /** Links over which a cookie has caused a copy since the last round. */
  readonly #cookieLinks = new Set<number>();

  constructor(options: HandshakeAttemptOptions, terms: HandshakeAttemptTerms) {
    const { localStatic, remoteStatic, psk, dh, randomBytes } = options;
    this.localIndex = terms.localIndex;
    this.startedMs = terms.startedMs;
    this.endMs = terms.endMs;
    const localEphemeral = generateKeyPair(dh, randomBytes);
    const prologue = handshakePrologue(terms.localIndex);
    this.#noise = new NoiseInitiator({
      dh,
      prologue,
      localStatic,
      remoteStatic,
      localEphemeral,
      psk,
    });
    const message = this.#noise.writeInitiation(terms.hello);
    writeInitiation(this.#packet, terms.localIndex, message, remoteStatic);
    this.#mac1 = mac1Of(this.#packet);
  }

  /** The initiation as it goes over a link; valid until the next call. */
  datagramFor(jar: CookieJar, now: number): Packet {
    jar.writeMac2(this.#packet, now);
    return this.#packet;
  }

  /** The initiation goes over all open links now. */
  countRound(): void {
    this.#rounds++;
    this.#cookieLinks.clear();
  }

  /** When the next round is due, after `now`, or the attempt is given up. */
  nextDueMs(now: number): number {
    // Rounds that time has passed over (a machine that slept) are left out.
    while (this.#rounds <= REPEATS_MS.length && this.#repeatMs() <= now) this.#rounds++;
    return Math.min(this.#repeatMs(), this.endMs);
  }

  #repeatMs(): number {
    const repeatMs = REPEATS_MS[Math.max(0, this.#rounds - 1)];
    return repeatMs === undefined ? Infinity : this.startedMs + repeatMs;
  }

  /**
   * Whether a cookie reply makes this initiation go over a link again at once: a good one, and the first of this round; so
   * a master that never takes what it gave (another address each time) cannot keep both ends busy.
   * @returns null when it is no good.
   */
  takeCookie(jar: CookieJar, linkId: number, packet: Packet, now: number): boolean | null {
    if (!jar.handleCookieReply(packet, this.#mac1, now)) return null;
    if (this.#cookieLinks.has(linkId)) return false;
    this.#cookieLinks.add(linkId);
    return true;
  }

  /** The answer's payload and the keys; null when it does not authenticate, and then the attempt goes on. */
  readResponse(
    noiseMessage: Uint8Array,
  ): { readonly payload: Uint8Array<ArrayBuffer>; readonly keys: NoiseKeys } | null {
    return this.#noise.readResponse(noiseMessage);
  }

  /** Wipes its secrets. Idempotent. */
  wipe(): void {
    this.#noise.wipe();
  }
}
