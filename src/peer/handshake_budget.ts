/**
 * How much work strangers can make a master do by handshakes, and how much memory that takes: all bounds are constant. Pure.
 *
 * A stranger who knows the master's public key can send initiations with a good mac1 as fast as the network carries them.
 * What each costs the master is a Diffie-Hellman or several; so under load a source must prove its address (by a cookie)
 * before any is done, each source that did has its share, and the sum is bounded whatever happens.
 *
 * @module
 */

import { Allowance } from "./allowance.ts";
import { sourceNetwork } from "./source_network.ts";

/** Diffie-Hellman operations that it takes to read an initiation: es, ss. */
export const READ_COST = 2;

/** Those that an answer takes on top: the ephemeral key, ee, se. */
const ANSWER_COST = 3;

/**
 * Diffie-Hellman operations a second, for all sources together: 200 handshakes. At 70 µs each (X25519 of node:crypto,
 * docs/dependencies.md) and about as much for the hashes around them, 15 % of a core.
 */
const WORK = { capacity: 2_000, perSecond: 1_000 };

/**
 * Initiations in a second from which on there is load: what an initiation may cost before anybody has proved an address.
 * A slave makes one in two minutes, so 100 a second are 12,000 slaves.
 */
const LOAD_INITIATIONS = 100;

/** Load holds this long after the newest second of it (WireGuard's UnderLoadAfterTime), in ms. */
const LOAD_MS = 1_000;

/**
 * Cookie replies a second: 26 µs each (noble) and about 15 to send it, so 4 % of a core. The more, the sooner a slave among
 * forgers gets one: of 10,000 a second each tenth is answered, and a slave of two links sends ten in an attempt, so two
 * attempts of three succeed. (A slave that has links already needs none: see takeSource.)
 */
const COOKIES = { capacity: 1_000, perSecond: 1_000 };

/** Handshakes of one source that has proved its address, under load. */
const SOURCE = { capacity: 20, perSecond: 10 };

/** Sources that are remembered: the one not seen for longest goes first. About 1 MB when full. */
const MAX_SOURCES = 4_096;

/** What a master spends on handshakes. */
export class HandshakeBudget {
  readonly #work = new Allowance(WORK);
  readonly #cookies = new Allowance(COOKIES);
  /** By network; in order of last use. */
  readonly #sources = new Map<string, Allowance>();
  #windowStartMs = -Infinity;
  #windowInitiations = 0;
  #loadUntilMs = -Infinity;

  /** Sources remembered now. */
  get sources(): number {
    return this.#sources.size;
  }

  /** An initiation came that is to be worked on. @returns whether there is load: its source must prove its address first. */
  countInitiation(now: number): boolean {
    if (!(now - this.#windowStartMs < 1_000)) {
      this.#windowStartMs = now;
      this.#windowInitiations = 0;
    }
    this.#windowInitiations++;
    if (this.#windowInitiations > LOAD_INITIATIONS) this.#loadUntilMs = now + LOAD_MS;
    return now < this.#loadUntilMs;
  }

  /**
   * Whether an initiation that proves no address gets nothing now, however good it is: there is load, and the
   * cookies are used up. One with a wrong mac2 still costs 12 µs on top of mac1's 4, so that 10,000 a second are 16 % of a
   * core. Those checks have no budget: forgers would use it up, and shut out whom the cookies are for. Nor is the secret
   * before skipped: its cookies are in use until the next change.
   */
  isSwamped(now: number): boolean {
    return now < this.#loadUntilMs && !this.#cookies.isThere(now);
  }

  /** Whether there is work left to read an initiation with; takes it. */
  takeRead(now: number): boolean {
    return this.#work.take(now, READ_COST);
  }

  /** Takes the work of an answer: its asker has a key, so it gets one, if on credit. */
  chargeAnswer(now: number): void {
    this.#work.charge(now, ANSWER_COST);
  }

  /** Whether a cookie reply may be sent. */
  takeCookie(now: number): boolean {
    return this.#cookies.take(now, 1);
  }

  /**
   * Whether a source that proved its address may have one more handshake.
   * @param source address and port as text.
   * @param proof a cookie is the sender's own. That there is a link at the address says nothing of who sent this: whoever
   * forges the address uses up that allowance, and must not use up the other.
   */
  takeSource(source: string, proof: "cookie" | "address", now: number): boolean {
    const network = `${proof} ${sourceNetwork(source)}`;
    let allowance = this.#sources.get(network);
    if (allowance !== undefined) this.#sources.delete(network); // comes last again
    else {
      allowance = new Allowance(SOURCE);
      if (this.#sources.size >= MAX_SOURCES) this.#dropOldest();
    }
    this.#sources.set(network, allowance);
    return allowance.take(now, 1);
  }

  #dropOldest(): void {
    for (const network of this.#sources.keys()) {
      this.#sources.delete(network);
      return;
    }
  }
}
