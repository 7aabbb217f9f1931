/**
 * What one direction of an emulated link is like. Figures are those of the IP layer, one way: two
 * directions of 20 ms make a ping of 40 ms.
 *
 * @module
 */

/** Loss in bursts: a Gilbert-Elliott chain of two states, in the worse of which all is lost. */
export interface BurstLoss {
  /** Share of all packets that is lost in bursts, 0 to below 1. */
  readonly fraction: number;
  /** Mean length of a burst in packets, at least 1. The lengths are geometrically distributed. */
  readonly meanLengthPkts: number;
}

/**
 * One direction of a link.
 *
 * Jitter is uniform over delayMs ± jitterMs (never below 0), in two kinds. `ordered` is what radio
 * links do: the extra delay holds for `jitterPeriodMs` and a packet never overtakes another one,
 * so a drop of the delay lets the packets behind it out in one burst (LTE's RLC layer delivers in
 * order and holds everything back while it repeats a block). `independent` draws for each packet on
 * its own, as `tc netem` does without further options: packets overtake each other.
 */
export interface LinkProfile {
  /** Bits per second, the headers of IP and UDP included. Infinity: no limit; 0: stalled. */
  readonly rateBps: number;
  /** Propagation delay in ms, queueing apart. */
  readonly delayMs: number;
  /** Half the width of the jitter in ms. */
  readonly jitterMs: number;
  /** See above. */
  readonly jitterKind: "ordered" | "independent";
  /** How long ordered jitter keeps one value, in ms. */
  readonly jitterPeriodMs: number;
  /** Random loss, 0..1. Lost packets take their time on the link all the same. */
  readonly lossFraction: number;
  /** Loss in bursts, on top of the random one; null for none. */
  readonly burstLoss: BurstLoss | null;
  /** Share of the packets that arrives twice, 0..1. */
  readonly duplicateFraction: number;
  /** Bytes the drop-tail queue in front of the link holds, the packet being sent included. */
  readonly queueBytes: number;
}

/** What ordered jitter keeps one value for: some LTE retransmission rounds (8 ms each). */
const JITTER_PERIOD_MS = 20;

/** The smallest default queue: some twenty full packets, as the poorest modems have. */
const MIN_QUEUE_BYTES = 32_768;

/** The default queue in time: phones buffer some hundred ms at least, and more on longer paths. */
const MIN_QUEUE_MS = 200;

/**
 * A whole profile from what differs from a perfect link. The queue, when it is not given, holds
 * what the link sends in two round trips (four times the one-way delay), 200 ms at least: as
 * bloated as phones on a good day.
 *
 * @throws RangeError when a figure makes no sense.
 *
 * @example
 * ```ts
 * const uplink = linkProfile({ rateBps: 8_000_000, delayMs: 60, jitterMs: 8, lossFraction: 0.005 });
 * ```
 */
export function linkProfile(partial: Partial<LinkProfile> = {}): LinkProfile {
  const rateBps = partial.rateBps ?? Infinity;
  const delayMs = partial.delayMs ?? 0;
  return changeProfile({
    rateBps,
    delayMs,
    jitterMs: 0,
    jitterKind: "ordered",
    jitterPeriodMs: JITTER_PERIOD_MS,
    lossFraction: 0,
    burstLoss: null,
    duplicateFraction: 0,
    queueBytes: defaultQueueBytes(rateBps, delayMs),
  }, partial);
}

/**
 * A profile with some figures changed. A changed rate or delay leaves the queue as it is: a phone's
 * buffer does not shrink when its radio gets slower, it gets longer in time.
 * @throws RangeError when a figure makes no sense.
 */
export function changeProfile(profile: LinkProfile, change: Partial<LinkProfile>): LinkProfile {
  const changed = { ...profile, ...change };
  for (const name of Object.keys(changed)) {
    if (!(name in profile)) throw new RangeError(`Cannot use link profile: no field "${name}"`);
  }
  requireRange("rateBps", changed.rateBps, 0, Infinity);
  requireRange("delayMs", changed.delayMs, 0, 1e6);
  requireRange("jitterMs", changed.jitterMs, 0, 1e6);
  requireRange("jitterPeriodMs", changed.jitterPeriodMs, 0, 1e6);
  requireRange("lossFraction", changed.lossFraction, 0, 1);
  requireRange("duplicateFraction", changed.duplicateFraction, 0, 1);
  requireRange("queueBytes", changed.queueBytes, 0, Infinity);
  if (changed.jitterKind !== "ordered" && changed.jitterKind !== "independent") {
    throw new RangeError(`Cannot use link profile: jitterKind "${changed.jitterKind}"`);
  }
  if (changed.burstLoss !== null) {
    requireRange("burstLoss.fraction", changed.burstLoss.fraction, 0, 0.99);
    requireRange("burstLoss.meanLengthPkts", changed.burstLoss.meanLengthPkts, 1, 1e6);
  }
  return changed;
}

/** What the link sends in two round trips or 200 ms, 32 KiB at least. */
function defaultQueueBytes(rateBps: number, delayMs: number): number {
  return Math.max(MIN_QUEUE_BYTES, rateBps / 8 * Math.max(4 * delayMs, MIN_QUEUE_MS) / 1000);
}

function requireRange(name: string, value: number, low: number, high: number): void {
  if (typeof value !== "number" || !(value >= low && value <= high)) {
    throw new RangeError(`Cannot use link profile: ${name} is ${value}, not in ${low}..${high}`);
  }
}
