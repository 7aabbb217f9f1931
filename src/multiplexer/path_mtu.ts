/**
 * The largest datagram that one link carries, found by trying: nothing depends on ICMP from routers, which firewalls
 * eat. A search first tries what is in use, then the most there can be, then what networks usually carry, then halves
 * what is left. Pure; who sends the probes is mtu_prober.ts.
 *
 * ```
 * 548 ..... proven ......... refuted ..... most
 *              ^ largest        ^ least size of which three probes were
 *                that arrived     lost while small pings arrived
 * ```
 *
 * All sizes are of the UDP payload, and of the way there; the other end looks for its own.
 *
 * @module
 */

import { DATA_HEADER_BYTES } from "../wire/data_header.ts";
import { TRANSPORT_HEADER_BYTES } from "../wire/transport_header.ts";

/** What a datagram is larger than the IP packet in it: transport header, tag (both AEADs: 16 bytes), data header. */
export const DATAGRAM_OVERHEAD_BYTES = TRANSPORT_HEADER_BYTES + 16 + DATA_HEADER_BYTES;

/** Every IPv4 host takes 576 bytes (RFC 791 §3.1), with 28 of them headers: believed without a proof. */
export const LEAST_DATAGRAM_BYTES = 548;

/**
 * What a new link is believed to carry until its search is over, the largest first: the default tun MTU, 1340, with our
 * headers makes 1,412 bytes of IP, which pass PPPoE, mobile networks and WireGuard; then the least MTU of IPv6
 * (RFC 8200 §5).
 */
const ASSUMED_BYTES = [1_384, 1_232, LEAST_DATAGRAM_BYTES];

/**
 * What networks usually carry, less IP and UDP headers: jumbo frames, Ethernet over IPv4, PPPoE, Ethernet over IPv6,
 * WireGuard (1420), GRE and LTE (1428 and less), 1400, 1380, 1350, 1300, IPv6's least, 1200, 1100, 1000, 900, 800, IPv4's least.
 */
const USUAL_BYTES = [
  8_972,
  1_472,
  1_464,
  1_452,
  1_432,
  1_412,
  1_392,
  1_372,
  1_352,
  1_322,
  1_272,
  1_232,
  1_172,
  1_072,
  972,
  872,
  772,
  LEAST_DATAGRAM_BYTES,
];

/** A search ends when it is known that closely: less is not worth the probes. */
const CLOSE_BYTES = 8;

/** A size is too large when so many probes of it were lost though a small ping beside each arrived. */
const MAX_TRIES = 3;

/** Routes change: searches are repeated. The first one is soon when less was found than there may be: probes are lost by chance, too. */
const REPEAT_MS = 600_000;
const SECOND_SEARCH_MS = 60_000;

/** Large packets that vanish set off no search sooner than this after the last one: what a full queue drops may be large, too. */
const RECHECK_MS = 5_000;

/** The longest pause before a probe is repeated on a link that answers nothing. */
const MAX_PAUSE_MS = 1_000;

/** Searches for one link. Idle until {@link PathMtu.restart}. */
export class PathMtu {
  /** When {@link PathMtu.handleTimeout} has something to do, monotonic ms. */
  nextTimeoutMs = Number.POSITIVE_INFINITY;
  #mostBytes = 0;
  #usableBytes = 0;
  #provenBytes = LEAST_DATAGRAM_BYTES;
  #refutedBytes = Number.POSITIVE_INFINITY;
  /** What is being tried; 0: nothing. */
  #probedBytes = 0;
  #tries = 0;
  /** Probes in a row beside which no small ping arrived either: they say nothing. */
  #deafTries = 0;
  #probedMs = Number.NEGATIVE_INFINITY;
  /** When the newest small ping that was answered had been sent. */
  #answeredMs = Number.NEGATIVE_INFINITY;
  #endedMs = Number.NEGATIVE_INFINITY;
  #searches = 0;
  #isSearching = false;

  /** Largest datagram that may be sent now, bytes. */
  get bytes(): number {
    return this.#usableBytes;
  }

  /** Whether a search has ended since the link was opened: until then {@link PathMtu.bytes} is a good guess. */
  get isKnown(): boolean {
    return this.#searches > 0;
  }

  /** The link leads another way now: nothing is known. @param mostBytes what the socket takes at most */
  restart(mostBytes: number, now: number): void {
    this.#mostBytes = mostBytes;
    this.#usableBytes = Math.min(mostBytes, ASSUMED_BYTES[0]!);
    this.#searches = 0;
    this.#begin(now);
  }

  /** The link was silent for a time and may lead another way: what is known is looked at again. */
  recheck(now: number): void {
    if (!this.#isSearching) this.#begin(now);
  }

  /** A search that only repeats what is known is put off, as if it had been made: the link costs money, and nothing goes over it. */
  putOff(now: number): void {
    if (this.isKnown && !this.#isSearching && now >= this.nextTimeoutMs) {
      this.nextTimeoutMs = now + REPEAT_MS;
    }
  }

  /** Several large packets in a row were lost: a router that drops them silently is now on the way, or it was chance. */
  handleLargeLost(now: number): void {
    if (now - this.#endedMs >= RECHECK_MS) this.recheck(now);
  }

  /** A small ping was answered. @param sentMs when it was sent */
  handleSmallAnswer(sentMs: number): void {
    this.#answeredMs = Math.max(this.#answeredMs, sentMs);
  }

  /** The newest probe was answered. The next one is due at once. */
  handleAnswer(now: number): void {
    if (this.#probedBytes === 0) return;
    this.#provenBytes = Math.max(this.#provenBytes, this.#probedBytes);
    this.#usableBytes = Math.max(this.#usableBytes, this.#provenBytes);
    this.#forgetProbe();
    this.nextTimeoutMs = now;
  }

  /**
   * Does what is due.
   * @param waitMs how long an answer may take
   * @returns size of a probe that is to be sent now, together with a small ping; 0: none.
   */
  handleTimeout(waitMs: number, now: number): number {
    if (now < this.nextTimeoutMs) return 0;
    if (!this.#isSearching) this.#begin(now);
    this.#judgeProbe();
    if (this.#probedBytes === 0) {
      this.#probedBytes = this.#nextSize();
      if (this.#probedBytes === 0) return this.#finish(now);
    }
    this.#probedMs = now;
    const pauseMs = Math.min(MAX_PAUSE_MS, waitMs * this.#deafTries);
    this.nextTimeoutMs = now + waitMs + pauseMs;
    return this.#probedBytes;
  }

  #begin(now: number): void {
    this.#isSearching = true;
    this.#provenBytes = Math.min(LEAST_DATAGRAM_BYTES, this.#mostBytes);
    this.#refutedBytes = this.#mostBytes + 1;
    this.#forgetProbe();
    this.nextTimeoutMs = now;
  }

  /** The probe was not answered in time. That says something when the ping beside it was. */
  #judgeProbe(): void {
    if (this.#probedBytes === 0) return;
    if (this.#answeredMs < this.#probedMs) {
      this.#deafTries++;
      return;
    }
    this.#deafTries = 0;
    this.#tries++;
    if (this.#tries < MAX_TRIES) return;
    this.#refutedBytes = this.#probedBytes;
    if (this.#usableBytes >= this.#refutedBytes) this.#lower();
    this.#forgetProbe();
  }

  /** What was in use is too large. */
  #lower(): void {
    this.#usableBytes = this.#provenBytes;
    if (this.#provenBytes > LEAST_DATAGRAM_BYTES) return;
    for (const bytes of ASSUMED_BYTES) {
      if (bytes >= this.#refutedBytes) continue;
      this.#usableBytes = bytes;
      return;
    }
  }

  /** @returns 0 when the search is over. */
  #nextSize(): number {
    const lowBytes = this.#provenBytes;
    const highBytes = this.#refutedBytes - 1;
    if (lowBytes < this.#usableBytes) return this.#usableBytes;
    if (highBytes - lowBytes < CLOSE_BYTES) return 0;
    if (highBytes === this.#mostBytes) return this.#mostBytes;
    // USUAL_BYTES falls: those between the two bounds stand side by side.
    let first = 0;
    while (first < USUAL_BYTES.length && USUAL_BYTES[first]! > highBytes) first++;
    let end = first;
    while (end < USUAL_BYTES.length && USUAL_BYTES[end]! > lowBytes) end++;
    return first < end
      ? USUAL_BYTES[(first + end) >> 1]!
      : lowBytes + Math.ceil((highBytes - lowBytes) / 2);
  }

  #finish(now: number): 0 {
    this.#isSearching = false;
    this.#usableBytes = this.#provenBytes;
    this.#endedMs = now;
    this.#searches++;
    const isLess = this.#mostBytes - this.#provenBytes >= CLOSE_BYTES;
    this.nextTimeoutMs = now + (isLess && this.#searches === 1 ? SECOND_SEARCH_MS : REPEAT_MS);
    return 0;
  }

  #forgetProbe(): void {
    this.#probedBytes = 0;
    this.#tries = 0;
    this.#deafTries = 0;
  }
}
