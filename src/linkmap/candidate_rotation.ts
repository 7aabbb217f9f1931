/**
 * Which way a slave's link tries next: which endpoint of the master, over UDP or TCP. Pure.
 *
 * UDP tells nobody whether it arrives; only hearing from the master does. So candidates are tried in
 * turn: every endpoint over UDP, once more (the first datagrams through a relay are often lost), then
 * every endpoint over TCP, and so on from the start. The one that was heard is kept: the next opening
 * begins with it, and goes on behind it when it is not heard again.
 *
 * A tunnel over TCP is worse than one over UDP. So TCP is kept for a while only: the next opening after
 * that begins with UDP. Where UDP was heard before, or TCP failed before, the network or the master was
 * most likely gone for a while and it was TCP's turn as they returned: then even a working TCP
 * connection is left for another try, see {@link CandidateRotation.wantsUdp}.
 *
 * @module
 */

import type { Transport } from "./datagram_socket.ts";

/** How long a proxy that refuses UDP is not asked for it again, and how long TCP is kept where UDP seems blocked. */
export const UDP_RETRY_MS = 600_000;

/**
 * The same where UDP may work, at first; it doubles with each try that fails. A try costs a link some
 * four seconds.
 */
export const FIRST_UDP_RETRY_MS = 60_000;

/** Limit of that doubling. */
export const LONGEST_UDP_RETRY_MS = 3_600_000;

/** Times that all endpoints are tried over UDP before TCP. */
const UDP_PASSES = 2;

/** A way to try. */
export interface Candidate {
  /** One of the endpoints given to {@link CandidateRotation.next}. */
  readonly endpoint: string;
  readonly transport: Transport;
}

/** What to try now. */
export interface CandidatePick extends Candidate {
  /** Where the endpoint is among those given. */
  readonly index: number;
  /** How many other ways there are. */
  readonly alternatives: number;
}

/** The turns of one link. Times are monotonic ms. */
export class CandidateRotation {
  readonly #allowsTcp: boolean;
  /** The place in the cycle: which pass, and which endpoint in it. */
  #pass = 0;
  #index = 0;
  #current: CandidatePick | null = null;
  #isCurrentHeard = false;
  /** The way that is tried before the cycle goes on. */
  #kept: Candidate | null = null;
  /** UDP was heard, or TCP fared no better: that UDP was not heard this time says little. */
  #mayUdpWork = false;
  /** How long TCP is kept the next time, where UDP may work. */
  #udpRetryMs = FIRST_UDP_RETRY_MS;
  #udpRetryAtMs = Number.NEGATIVE_INFINITY;
  #udpRefusedUntilMs = Number.NEGATIVE_INFINITY;
  /** Whole cycles since the master was heard. */
  #cycles = 0;
  #hasFreshWay = false;

  /** @param options `allowsTcp`: whether TCP may stand in for UDP at all. */
  constructor({ allowsTcp }: { readonly allowsTcp: boolean }) {
    this.#allowsTcp = allowsTcp;
  }

  /**
   * What to try now. The same again until the outcome is told, by {@link handleFailed},
   * {@link handleUdpRefused} or {@link handleHeard}.
   * @param endpoints at least one, in order of preference; they may be others each time.
   */
  next(endpoints: readonly string[], now: number): CandidatePick {
    const kept = this.#takeKept(endpoints, now);
    const isUdpRefused = this.isUdpRefused(now);
    if (kept === null) this.#enterCycle(endpoints.length, isUdpRefused);
    const { endpoint, transport } = kept ?? {
      endpoint: endpoints[this.#index]!,
      transport: this.#pass < UDP_PASSES ? "udp" : "tcp",
    };
    const ways = endpoints.length * (this.#allowsTcp && !isUdpRefused ? 2 : 1);
    this.#current = {
      endpoint,
      transport,
      index: endpoints.indexOf(endpoint),
      alternatives: ways - 1,
    };
    this.#isCurrentHeard = false;
    this.#hasFreshWay = false;
    return this.#current;
  }

  /** The current way could not be opened, or ended unheard: on to the next. */
  handleFailed(): void {
    if (this.#current === null || this.#isCurrentHeard) return;
    if (this.#current.transport === "tcp") this.#mayUdpWork = true;
    this.#kept = null;
    this.#current = null;
    this.#index++;
    this.#hasFreshWay = this.#allowsTcp && this.#cycles === 0;
  }

  /** The proxy says that it does no UDP: until {@link UDP_RETRY_MS} have passed there is only TCP. */
  handleUdpRefused(now: number): void {
    this.#kept = null;
    this.#current = null;
    this.#mayUdpWork = false;
    this.#udpRefusedUntilMs = now + UDP_RETRY_MS;
  }

  /** The master was heard over the current way. May be called again and again. */
  handleHeard(now: number): void {
    const current = this.#current;
    if (current === null || this.#isCurrentHeard) return;
    this.#isCurrentHeard = true;
    this.#cycles = 0;
    this.#kept = current;
    this.#index = current.index;
    if (current.transport === "udp") {
      this.#pass = 0;
      this.#mayUdpWork = true;
      this.#udpRetryMs = FIRST_UDP_RETRY_MS;
      return;
    }
    this.#pass = UDP_PASSES;
    // Kept on from before: the time goes on, or a link that often breaks would never try UDP.
    if (now < this.#udpRetryAtMs) return;
    this.#udpRetryAtMs = now + (this.#mayUdpWork ? this.#udpRetryMs : UDP_RETRY_MS);
    this.#udpRetryMs = Math.min(2 * this.#udpRetryMs, LONGEST_UDP_RETRY_MS);
  }

  /** Whether the proxy said, not long ago, that it does no UDP. */
  isUdpRefused(now: number): boolean {
    return this.#allowsTcp && now < this.#udpRefusedUntilMs;
  }

  /**
   * Whether a way failed just now and the next one had no turn in this cycle: no reason to wait long.
   * (Not without TCP: the few addresses of one name were always tried at the backoff's pace.)
   */
  get hasFreshWay(): boolean {
    return this.#hasFreshWay;
  }

  /** Whether a link that is heard over TCP should be opened anew: UDP may well work by now. */
  wantsUdp(now: number): boolean {
    return this.#isCurrentHeard && this.#current?.transport === "tcp" && this.#mayUdpWork &&
      now >= this.#udpRetryAtMs && !this.isUdpRefused(now);
  }

  /** The way to begin with, or null when there is none, or no longer. */
  #takeKept(endpoints: readonly string[], now: number): Candidate | null {
    const kept = this.#kept;
    if (kept === null) return null;
    const isOver = kept.transport === "tcp"
      ? now >= this.#udpRetryAtMs && !this.isUdpRefused(now)
      : this.isUdpRefused(now);
    if (!isOver && endpoints.includes(kept.endpoint)) return kept;
    this.#kept = null;
    if (isOver && kept.transport === "tcp") {
      // One pass over UDP, then TCP again.
      this.#pass = UDP_PASSES - 1;
      this.#index = 0;
    }
    return null;
  }

  /** Brings the place in the cycle to one that exists. */
  #enterCycle(endpoints: number, isUdpRefused: boolean): void {
    const passes = this.#allowsTcp ? UDP_PASSES + 1 : 1;
    if (this.#index >= endpoints) {
      this.#index = 0;
      this.#pass++;
    }
    if (this.#pass >= passes) {
      this.#pass = 0;
      this.#cycles++;
    }
    if (isUdpRefused && this.#pass < UDP_PASSES) {
      this.#pass = UDP_PASSES;
      this.#index = 0;
    }
  }
}
