/**
 * Which incarnation of the other end a packet comes from.
 *
 * Each end draws a random id for its session and learns the other's from its packets. A packet
 * names both; 0 stands for "not known yet". So packets that were under way while an end restarted
 * never touch the streams of the new session, and a stranger would have to guess 64 bits.
 *
 * @module
 */

/** What to do with a packet. */
export const Verdict = {
  /** It belongs to this session. */
  ACCEPT: 0,
  /** The other end has begun anew: drop all streams, then take the packet in. */
  PEER_RESTARTED: 1,
  /** It speaks to a session this end does not have: say so. */
  UNKNOWN_HERE: 2,
  /** Left over from a session that ended. */
  STALE: 3,
} as const;

/** One of {@link Verdict}'s values. */
export type Verdict = typeof Verdict[keyof typeof Verdict];

/** Ended sessions of the other end that are remembered: one restart each. */
const RETIRED = 16;

/** The two ids. */
export class StreamSession {
  readonly #rng: () => number;
  readonly #retired = new Uint32Array(RETIRED);
  #nextRetired = 0;
  #ownId: number;
  #peerId = 0;

  /** @param rng uniform in [0, 1); better a cryptographic one. */
  constructor(rng: () => number) {
    this.#rng = rng;
    this.#ownId = this.#draw();
  }

  /** This end's id, not 0. */
  get ownId(): number {
    return this.#ownId;
  }

  /** The other end's id; 0 while it is not known. */
  get peerId(): number {
    return this.#peerId;
  }

  /** Hot. Judges a packet's two ids; learns the other end's from one that it accepts. */
  judge(src: number, dst: number): Verdict {
    if (src === 0) return Verdict.STALE;
    // Also to a session that ended here only: its other half may not have noticed.
    if (dst !== 0 && dst !== this.#ownId) return Verdict.UNKNOWN_HERE;
    if (this.#isRetired(src)) return Verdict.STALE;
    if (src === this.#peerId) return Verdict.ACCEPT;
    if (this.#peerId === 0) {
      this.#peerId = src;
      return Verdict.ACCEPT;
    }
    // Only a new beginning may take the place of a session; other strangers may not.
    return dst === 0 ? Verdict.PEER_RESTARTED : Verdict.STALE;
  }

  /** Whether the other end's word that it does not know `quotedId` concerns this session. */
  isEndedBy(dst: number, quotedId: number): boolean {
    return dst === this.#ownId && this.#peerId !== 0 && quotedId === this.#peerId;
  }

  /** Begins anew, with an id of its own; the other end's old one is over. */
  restart(): void {
    if (this.#peerId !== 0) {
      this.#retired[this.#nextRetired] = this.#peerId;
      this.#nextRetired = (this.#nextRetired + 1) % RETIRED;
    }
    this.#peerId = 0;
    this.#ownId = this.#draw();
  }

  #isRetired(id: number): boolean {
    for (let i = 0; i < RETIRED; i++) if (this.#retired[i] === id) return true;
    return false;
  }

  #draw(): number {
    return 1 + Math.floor(this.#rng() * 0xffff_fffe);
  }
}
