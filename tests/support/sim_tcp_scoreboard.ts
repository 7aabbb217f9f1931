/**
 * What the simulator's TCP sender knows of each segment under way: Linux's retransmission queue
 * with its SACK tags, and the list of segments in the order they were last sent, which RACK walks.
 *
 * Segments are numbered from 0 and all of the same size, so a ring over typed arrays holds them.
 *
 * @module
 */

/** Tags of a segment, as Linux's TCPCB_*. */
export const SegmentTag = {
  SACKED: 1,
  /** A retransmission is taken to be under way. */
  RETRANS: 2,
  LOST: 4,
  EVER_RETRANS: 8,
} as const;

const { SACKED, RETRANS, LOST, EVER_RETRANS } = SegmentTag;

/** Segments [una, nxt), their tags and the times they were sent. */
export class SimTcpScoreboard {
  /** The first segment that is not acknowledged. */
  una = 0;
  /** The first segment that was never sent. */
  nxt = 0;
  sackedPkts = 0;
  lostPkts = 0;
  /** Retransmissions under way. */
  retransPkts = 0;
  /** Lost, and to be sent again. */
  pendingPkts = 0;
  /** Marked lost since the start, the retransmissions too. */
  lostTotalPkts = 0;
  /** The highest segment sacked; use {@link highestSacked}. */
  #topSacked = 0;
  /** No pending segment is below. */
  #pendingHint = 0;

  readonly #mask: number;
  readonly #tags: Uint8Array;
  readonly #sentMs: Float64Array;
  readonly #segs: Float64Array;
  /** Delivered in all when the segment was sent last. */
  readonly #priorPkts: Float64Array;
  /** Links of the list by time sent; the entry after the last slot is its head and tail. */
  readonly #next: Int32Array;
  readonly #prev: Int32Array;
  readonly #anchor: number;

  /** @param windowPkts the most segments under way. */
  constructor(windowPkts: number) {
    const capacity = 2 ** Math.ceil(Math.log2(windowPkts + 2));
    this.#mask = capacity - 1;
    this.#tags = new Uint8Array(capacity);
    this.#sentMs = new Float64Array(capacity);
    this.#segs = new Float64Array(capacity);
    this.#priorPkts = new Float64Array(capacity);
    this.#next = new Int32Array(capacity + 1).fill(-1);
    this.#prev = new Int32Array(capacity + 1).fill(-1);
    this.#anchor = capacity;
    this.#next[capacity] = capacity;
    this.#prev[capacity] = capacity;
  }

  /** Sent and not acknowledged, whatever became of them. */
  get outPkts(): number {
    return this.nxt - this.una;
  }

  /** Taken to be in the network. */
  get inFlightPkts(): number {
    return this.nxt - this.una - this.sackedPkts - this.lostPkts + this.retransPkts;
  }

  /** The highest segment sacked, or `una` when none is. */
  get highestSacked(): number {
    return this.sackedPkts === 0 ? this.una : this.#topSacked;
  }

  /** Hot. Tags of a segment under way. */
  tagsOf(seg: number): number {
    return this.#tags[seg & this.#mask]!;
  }

  /** Hot. When a segment was sent last. */
  sentMsOf(seg: number): number {
    return this.#sentMs[seg & this.#mask]!;
  }

  /** Hot. How many had been delivered in all when a segment was sent last. */
  priorPktsOf(seg: number): number {
    return this.#priorPkts[seg & this.#mask]!;
  }

  /** Hot. A new segment was sent. @returns its number. */
  sendNew(now: number, deliveredPkts: number): number {
    const seg = this.nxt++;
    const slot = seg & this.#mask;
    this.#tags[slot] = 0;
    this.#segs[slot] = seg;
    this.#sentMs[slot] = now;
    this.#priorPkts[slot] = deliveredPkts;
    this.#append(slot);
    return seg;
  }

  /** A segment was sent again. @param asProbe as a loss probe, which does not count as under way. */
  resend(seg: number, now: number, deliveredPkts: number, asProbe: boolean): void {
    const slot = seg & this.#mask;
    this.#sentMs[slot] = now;
    this.#priorPkts[slot] = deliveredPkts;
    this.#unlink(slot);
    this.#append(slot);
    const tags = this.#tags[slot]!;
    if (asProbe) {
      this.#tags[slot] = tags | EVER_RETRANS;
      return;
    }
    if ((tags & LOST) !== 0 && (tags & RETRANS) === 0) this.pendingPkts--;
    if ((tags & RETRANS) === 0) this.retransPkts++;
    this.#tags[slot] = tags | RETRANS | EVER_RETRANS;
  }

  /** A segment, or its retransmission, is taken for lost: tcp_mark_skb_lost. */
  markLost(seg: number): void {
    const slot = seg & this.#mask;
    const tags = this.#tags[slot]!;
    if ((tags & SACKED) !== 0) return;
    this.#unlink(slot);
    if ((tags & (LOST | RETRANS)) === LOST) return;
    if ((tags & LOST) === 0) this.lostPkts++;
    if ((tags & RETRANS) !== 0) this.retransPkts--;
    this.#tags[slot] = (tags & ~RETRANS) | LOST;
    this.lostTotalPkts++;
    this.pendingPkts++;
    if (seg < this.#pendingHint) this.#pendingHint = seg;
  }

  /** Hot. Sacks a segment that was not yet. */
  markSacked(seg: number): void {
    const slot = seg & this.#mask;
    let tags = this.#tags[slot]!;
    if ((tags & LOST) !== 0) {
      this.lostPkts--;
      if ((tags & RETRANS) !== 0) this.retransPkts--;
      else this.pendingPkts--;
      tags &= ~(LOST | RETRANS);
    }
    this.#tags[slot] = tags | SACKED;
    this.sackedPkts++;
    this.#unlink(slot);
    if (this.sackedPkts === 1 || seg > this.#topSacked) this.#topSacked = seg;
  }

  /** Hot. The segment `una` is acknowledged. */
  shift(): void {
    const slot = this.una++ & this.#mask;
    const tags = this.#tags[slot]!;
    if ((tags & SACKED) !== 0) this.sackedPkts--;
    if ((tags & RETRANS) !== 0) this.retransPkts--;
    if ((tags & LOST) !== 0) {
      this.lostPkts--;
      if ((tags & RETRANS) === 0) this.pendingPkts--;
    }
    this.#unlink(slot);
  }

  /** Takes back all loss marks. */
  unmarkLost(): void {
    for (let seg = this.una; seg < this.nxt && this.lostPkts > 0; seg++) {
      const slot = seg & this.#mask;
      const tags = this.#tags[slot]!;
      if ((tags & LOST) === 0) continue;
      this.lostPkts--;
      if ((tags & RETRANS) === 0) {
        this.pendingPkts--;
        if (this.#next[slot] === -1) this.#insertByTime(slot);
      }
      this.#tags[slot] = tags & ~LOST;
    }
  }

  /** The lowest segment to be sent again; -1 when there is none. */
  firstPending(): number {
    if (this.pendingPkts === 0) return -1;
    if (this.#pendingHint < this.una) this.#pendingHint = this.una;
    while ((this.#tags[this.#pendingHint & this.#mask]! & (LOST | RETRANS | SACKED)) !== LOST) {
      this.#pendingHint++;
    }
    return this.#pendingHint;
  }

  /** The segment sent the longest ago that is neither sacked nor lost; -1 when there is none. */
  oldestSent(): number {
    return this.#segAt(this.#next[this.#anchor]!);
  }

  /** The one sent after it; -1 at the end. Ask before `seg` is marked. */
  sentAfter(seg: number): number {
    return this.#segAt(this.#next[seg & this.#mask]!);
  }

  #segAt(slot: number): number {
    return slot === this.#anchor ? -1 : this.#segs[slot]!;
  }

  #append(slot: number): void {
    this.#link(slot, this.#prev[this.#anchor]!);
  }

  /** Puts a segment back to where its time belongs. */
  #insertByTime(slot: number): void {
    let after = this.#prev[this.#anchor]!;
    while (after !== this.#anchor && this.#isSentBefore(slot, after)) after = this.#prev[after]!;
    this.#link(slot, after);
  }

  #isSentBefore(a: number, b: number): boolean {
    const aMs = this.#sentMs[a]!;
    const bMs = this.#sentMs[b]!;
    return aMs < bMs || (aMs === bMs && this.#segs[a]! < this.#segs[b]!);
  }

  #link(slot: number, after: number): void {
    const before = this.#next[after]!;
    this.#next[slot] = before;
    this.#prev[slot] = after;
    this.#next[after] = slot;
    this.#prev[before] = slot;
  }

  #unlink(slot: number): void {
    const next = this.#next[slot]!;
    if (next === -1) return;
    const prev = this.#prev[slot]!;
    this.#next[prev] = next;
    this.#prev[next] = prev;
    this.#next[slot] = -1;
  }
}
