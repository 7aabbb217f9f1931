/**
 * mac1, mac2 and cookies, as in WireGuard §5.4.4-5.4.7: nobody who does not know the master's public key gets any
 * answer, and under load a source must first show that it receives what is sent to it. Pure.
 *
 * @module
 */

import {
  COOKIE_NONCE_OFFSET,
  COOKIE_REPLY_BYTES,
  COOKIE_SEALED_OFFSET,
  isCookieReply,
  isInitiation,
  isResponse,
  mac1KeyOf,
  mac1Of,
} from "./handshake_message.ts";
import type { RandomBytes } from "./key_pair.ts";
import {
  hash,
  isEqual,
  mac,
  MAC_BYTES,
  XCHACHA_NONCE_BYTES,
  xchachaPolyOpen,
  xchachaPolySeal,
} from "./primitives.ts";
import { DATAGRAM_HEADER_BYTES, DatagramType } from "../wire/datagram_header.ts";
import type { Packet } from "../wire/packet.ts";

/**
 * How long one secret makes cookies, in ms (WireGuard §5.4.7: "changes every two minutes"). WireGuard takes only
 * cookies of the present secret, so that one given just before the change is worth nothing; here the one before
 * counts for as long again, so that every cookie is good for at least this long.
 */
export const COOKIE_SECRET_MS = 120_000;

/**
 * How long a slave uses a cookie, in ms: what it is good for, less its way there and back (COOKIE_SECRET_LATENCY of
 * the Linux kernel's drivers/net/wireguard/messages.h, 5 s).
 */
export const COOKIE_USABLE_MS = COOKIE_SECRET_MS - 5_000;

/** Bytes of the secret: WireGuard's R_m. */
const COOKIE_SECRET_BYTES = 32;

/** WireGuard §5.4.7: LABEL-COOKIE. */
const LABEL_COOKIE = new TextEncoder().encode("cookie--");

/** Keyed BLAKE2s with 16 bytes of output, under a key that it holds. The data is borrowed until return. */
export type Mac = (data: Uint8Array) => Uint8Array;

/** Checks macs of initiations (or responses) sent to us, and makes cookie replies. The secret changes every two minutes. */
export class CookieChecker {
  readonly #mac1: Mac;
  readonly #cookieKey: Uint8Array<ArrayBuffer>;
  readonly #randomBytes: RandomBytes;
  readonly #encoder = new TextEncoder();
  #secret: Uint8Array<ArrayBuffer> | null = null;
  #madeAt = 0;
  /** The secret before; null when it has had its time. */
  #previous: Uint8Array<ArrayBuffer> | null = null;

  /** @param mac1 the MAC under `mac1KeyOf(publicKey)`, when there is a faster one than noble's. */
  constructor(publicKey: Uint8Array, randomBytes: RandomBytes, mac1?: Mac) {
    const mac1Key = mac1KeyOf(publicKey);
    this.#mac1 = mac1 ?? ((data) => mac(mac1Key, data));
    this.#cookieKey = hash(LABEL_COOKIE, publicKey);
    this.#randomBytes = randomBytes;
  }

  /** Whether mac1 is right: a few µs. False for what has not the length and header of an initiation or a response. @param packet the whole datagram. */
  hasGoodMac1(packet: Packet): boolean {
    if (!isInitiation(packet) && !isResponse(packet)) return false;
    const { bytes, start, end } = packet;
    const macStart = end - 2 * MAC_BYTES;
    const expected = this.#mac1(bytes.subarray(start, macStart));
    return isEqual(expected, bytes.subarray(macStart, macStart + MAC_BYTES));
  }

  /** Whether mac2 is right for this source; of a datagram whose mac1 is. @param source address and port as text. */
  hasGoodMac2(packet: Packet, source: string, now: number): boolean {
    // Most initiations come without a cookie: their zeros need no arithmetic.
    if (!hasMac2(packet)) return false;
    const { bytes, start, end } = packet;
    const covered = bytes.subarray(start, end - MAC_BYTES);
    const given = bytes.subarray(end - MAC_BYTES, end);
    const text = this.#encoder.encode(source);
    if (isEqual(mac(mac(this.#secretAt(now), text), covered), given)) return true;
    return this.#previous !== null &&
      isEqual(mac(mac(this.#previous, text), covered), given);
  }

  /** Writes the cookie reply to a datagram whose mac1 is right. */
  writeCookieReply(out: Packet, received: Packet, source: string, now: number): void {
    const cookie = mac(this.#secretAt(now), this.#encoder.encode(source));
    const nonce = this.#randomBytes(XCHACHA_NONCE_BYTES);
    const reply = new Uint8Array(COOKIE_REPLY_BYTES);
    reply.set([0x42, 0x4c, DatagramType.COOKIE, 0]);
    const indexStart = received.start + DATAGRAM_HEADER_BYTES;
    reply.set(received.bytes.subarray(indexStart, indexStart + 4), DATAGRAM_HEADER_BYTES);
    reply.set(nonce, COOKIE_NONCE_OFFSET);
    const sealed = xchachaPolySeal(this.#cookieKey, nonce, mac1Of(received), cookie);
    reply.set(sealed, COOKIE_SEALED_OFFSET);
    out.fill(reply);
  }

  /** The secret of now; changes it when it has had its time, and forgets the one before when that has. */
  #secretAt(now: number): Uint8Array<ArrayBuffer> {
    const ageMs = now - this.#madeAt;
    if (this.#secret !== null && ageMs < COOKIE_SECRET_MS) return this.#secret;
    this.#previous?.fill(0);
    this.#previous = ageMs < 2 * COOKIE_SECRET_MS ? this.#secret : null;
    this.#secret = this.#randomBytes(COOKIE_SECRET_BYTES);
    this.#madeAt = now;
    return this.#secret;
  }
}

/** Hot. Whether there is a mac2 at all, right or wrong: zeros are none. @param packet an initiation or a response. */
export function hasMac2(packet: Packet): boolean {
  const { bytes, end } = packet;
  let anyBit = 0;
  for (let i = end - MAC_BYTES; i < end; i++) anyBit |= bytes[i]!;
  return anyBit !== 0;
}

/** Adds mac2 to what is sent, once a cookie came. One for each link: a cookie belongs to the address that the master sees. */
export class CookieJar {
  readonly #cookieKey: Uint8Array<ArrayBuffer>;
  #cookie: Uint8Array<ArrayBuffer> | null = null;
  #receivedAt = 0;

  /** @param remotePublicKey the master's. */
  constructor(remotePublicKey: Uint8Array) {
    this.#cookieKey = hash(LABEL_COOKIE, remotePublicKey);
  }

  /**
   * Takes a cookie reply (whole datagram). A new cookie replaces the one before; a reply that is not good changes nothing.
   * @param mac1 that of the newest message sent: 16 bytes.
   * @returns whether it is a good one.
   */
  handleCookieReply(packet: Packet, mac1: Uint8Array, now: number): boolean {
    if (!isCookieReply(packet)) return false;
    const { bytes, start, end } = packet;
    const sealedStart = start + COOKIE_SEALED_OFFSET;
    const nonce = bytes.subarray(start + COOKIE_NONCE_OFFSET, sealedStart);
    const sealed = bytes.subarray(sealedStart, end);
    const cookie = xchachaPolyOpen(this.#cookieKey, nonce, mac1, sealed);
    if (cookie === null) return false;
    this.#cookie = cookie;
    this.#receivedAt = now;
    return true;
  }

  /**
   * Writes mac2 into a whole handshake datagram: with the cookie while it is younger than {@link COOKIE_USABLE_MS},
   * else zeros. All other bytes stay as they are.
   */
  writeMac2(packet: Packet, now: number): void {
    if (this.#cookie !== null && now - this.#receivedAt >= COOKIE_USABLE_MS) this.#cookie = null;
    const { bytes, start, end } = packet;
    const macStart = end - MAC_BYTES;
    if (this.#cookie === null) bytes.fill(0, macStart, end);
    else bytes.set(mac(this.#cookie, bytes.subarray(start, macStart)), macStart);
  }
}
