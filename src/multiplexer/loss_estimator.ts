/**
 * Loss of one link and direction over the last second and the last ten, and how much of it is the link's own:
 * what is lost however little is sent. Pure.
 *
 * @module
 */

const BUCKET_MS = 1_000;
const BUCKETS = 10;

/** A second with fewer packets says nothing about the share that is lost. */
const LEAST_PKTS = 20;
/** But of a new link that loses a third it should be known before a flow has suffered. */
const LEAST_RECENT_PKTS = 12;

/** More loss than that beyond the link's own is somebody's doing. */
const SUDDEN_FRACTION = 0.08;
/** Of so many packets at least: by chance two of twenty are lost soon. */
const SUDDEN_PKTS = 100;

/**
 * A link that lost more than this is believed to, but not for ten seconds on end once it loses next to nothing: what went
 * wrong is over. So many seconds with so many packets show it; a link that loses a fifth would pass by chance once in half an hour.
 */
const MUCH_FRACTION = 0.08;
const OVER_BUCKETS = 3;
const OVER_PKTS = 45;
const OVER_FRACTION = 0.04;

/** Shares of packets that are lost, 0..1. */
export class LossEstimator {
  readonly #ackedPkts = new Float64Array(BUCKETS);
  readonly #lostPkts = new Float64Array(BUCKETS);
  #bucket = 0;
  #bucketEndMs = Number.NEGATIVE_INFINITY;
  /** Over about the last ten seconds. */
  longFraction = 0;
  /** Least share of any of the last ten seconds that says something: the link's own loss. */
  ownFraction = 0;

  /** Takes packets that were acknowledged or declared lost; a negative number takes lost ones back. */
  handle(ackedPkts: number, lostPkts: number, now: number): void {
    if (now >= this.#bucketEndMs) this.#turn(now);
    this.#ackedPkts[this.#bucket]! += ackedPkts;
    if (lostPkts < 0) this.#takeBack(-lostPkts);
    else this.#lostPkts[this.#bucket]! += lostPkts;
  }

  /** They may have been declared lost in the second before. */
  #takeBack(pkts: number): void {
    const before = (this.#bucket + BUCKETS - 1) % BUCKETS;
    const takenPkts = Math.min(pkts, this.#lostPkts[this.#bucket]!);
    this.#lostPkts[this.#bucket]! -= takenPkts;
    this.#lostPkts[before] = Math.max(0, this.#lostPkts[before]! - (pkts - takenPkts));
  }

  /** What was lost is known to have been lost for another reason than the link's quality. */
  reset(): void {
    this.#ackedPkts.fill(0);
    this.#lostPkts.fill(0);
    this.longFraction = 0;
    this.ownFraction = 0;
  }

  /** Share lost in the running second and the one before it; 0 when there were fewer packets than that. */
  recentFraction(leastPkts: number = LEAST_RECENT_PKTS): number {
    const before = (this.#bucket + BUCKETS - 1) % BUCKETS;
    const lostPkts = this.#lostPkts[this.#bucket]! + this.#lostPkts[before]!;
    const pkts = lostPkts + this.#ackedPkts[this.#bucket]! + this.#ackedPkts[before]!;
    return pkts < leastPkts ? 0 : lostPkts / pkts;
  }

  /** Whether far more is lost than the link loses anyway: more was sent than something lets through. */
  isSudden(): boolean {
    return this.recentFraction(SUDDEN_PKTS) > this.ownFraction + SUDDEN_FRACTION;
  }

  #turn(now: number): void {
    if (now >= this.#bucketEndMs + BUCKETS * BUCKET_MS) {
      this.#ackedPkts.fill(0);
      this.#lostPkts.fill(0);
      this.#bucketEndMs = now;
    }
    this.#forgetWhatIsOver();
    this.#summarise();
    while (now >= this.#bucketEndMs) {
      this.#bucket = (this.#bucket + 1) % BUCKETS;
      this.#ackedPkts[this.#bucket] = 0;
      this.#lostPkts[this.#bucket] = 0;
      this.#bucketEndMs += BUCKET_MS;
    }
  }

  #forgetWhatIsOver(): void {
    if (this.longFraction <= MUCH_FRACTION) return;
    let acked = 0;
    let lost = 0;
    for (let back = 0; back < OVER_BUCKETS; back++) {
      const bucket = (this.#bucket + BUCKETS - back) % BUCKETS;
      acked += this.#ackedPkts[bucket]!;
      lost += this.#lostPkts[bucket]!;
    }
    if (acked + lost < OVER_PKTS || lost > OVER_FRACTION * (acked + lost)) return;
    for (let back = OVER_BUCKETS; back < BUCKETS; back++) {
      const bucket = (this.#bucket + BUCKETS - back) % BUCKETS;
      this.#ackedPkts[bucket] = 0;
      this.#lostPkts[bucket] = 0;
    }
  }

  #summarise(): void {
    let acked = 0;
    let lost = 0;
    let own = 1;
    let isKnown = false;
    for (let i = 0; i < BUCKETS; i++) {
      const pkts = this.#ackedPkts[i]! + this.#lostPkts[i]!;
      acked += this.#ackedPkts[i]!;
      lost += this.#lostPkts[i]!;
      if (pkts < LEAST_PKTS) continue;
      isKnown = true;
      own = Math.min(own, this.#lostPkts[i]! / pkts);
    }
    // What is sent nothing shows nothing: a link that lost much is believed to, until it is seen to lose less.
    if (acked + lost >= LEAST_PKTS) this.longFraction = lost / (acked + lost);
    if (isKnown) this.ownFraction = own;
  }
}
