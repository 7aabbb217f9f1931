/**
 * What the multiplexer knows of one link, in the direction it sends and in the one it receives.
 *
 * @module
 */

import { ByteRate } from "./byte_rate.ts";
import { CapacityEstimator } from "./capacity_estimator.ts";
import { costTierOf, LOSSY_TIER } from "./cost_tier.ts";
import { DelayEstimator } from "./delay_estimator.ts";
import type { LinkPort } from "./link_port.ts";
import { LinkSlack } from "./link_slack.ts";
import { LossEstimator } from "./loss_estimator.ts";
import { Pacer } from "./pacer.ts";
import { DATAGRAM_OVERHEAD_BYTES, PathMtu } from "./path_mtu.ts";
import { RateControl } from "./rate_control.ts";
import { ReceivedLog } from "./received_log.ts";
import { RttEstimator } from "./rtt_estimator.ts";
import { SentLog } from "./sent_log.ts";
import { Tallier, TALLIER_WINDOW_MS } from "./tallier.ts";

/** A link over which nothing valid came for this long carries no data, unless its peer said to ask more rarely. */
export const LINK_SILENT_MS = 3_000;

/**
 * Nor one whose peer is asked more rarely and does not answer for this long, though asked each second then; or for two and a half of
 * the times between, if that is shorter.
 */
const UNANSWERED_MS = 5_000;

/** A suspect link is down after this long without a word: it is asked every 50 ms then. */
export const SUSPECT_SILENT_MS = 2_000;

/** A few packets that were not acknowledged within a late round trip and this are sent again: nothing after them shows that they are lost. */
export const TAIL_PKTS = 8;

/** What every network carries is not lost for its size. So many large packets in a row are hardly lost by chance. */
const LARGE_BYTES = 600;
const BLACK_HOLE_PKTS = 6;

/** IPv4 and UDP headers around a datagram: what a link's rate counts, too. */
export const OUTER_BYTES = 28;

/** More than any transit, so that a link of which nothing is known comes behind those that are. */
const UNKNOWN_TRANSIT_MS = 1e9;

/** Why the scheduler uses a link or does not. */
export const LinkUse = {
  /** It takes part. */
  CARRYING: 0,
  /** The links that are faster suffice. */
  SPARE: 1,
  /** Its packets would come later than the others are willing to wait. */
  LATE: 2,
  /** It adds too little for the time it costs. */
  LITTLE: 3,
  /** It loses too much. */
  LOSSY: 4,
  /** For when no other link is up. */
  BACKUP: 5,
  /** For when the links that cost nothing do not suffice. */
  COSTLY: 6,
  /** It is about to go. */
  LEAVING: 7,
  /** Its budget is used up: for when no other link is up. */
  SPENT: 8,
} as const;

/** One link. Fields are plain: the scheduler reads them for each packet. */
export class MultiplexerLink {
  readonly port: LinkPort;
  readonly rtt = new RttEstimator();
  readonly delay = new DelayEstimator();
  readonly loss = new LossEstimator();
  readonly capacity = new CapacityEstimator();
  readonly rate: RateControl = new RateControl(this.capacity, this.delay, this.rtt);
  readonly pacer = new Pacer();
  readonly slack = new LinkSlack();
  readonly sent = new SentLog();
  readonly received = new ReceivedLog();
  readonly mtu = new PathMtu();
  readonly sentTally = new Tallier();
  readonly #sentRate = new ByteRate();
  readonly receivedTally = new Tallier();

  /** True while something valid is heard over it. */
  isAlive = false;
  /** Data is not acknowledged any more: nothing new goes over it until it proves itself. */
  isSuspect = false;
  isLeaving = false;
  /** Monotonic ms; -Infinity for never. */
  lastHeardMs = Number.NEGATIVE_INFINITY;
  /** Round trip of the last ping, there and back over this very link, ms; 0 before the first. */
  ownRoundTripMs = 0;
  lastAckedMs = Number.NEGATIVE_INFINITY;
  /** When its socket was opened. */
  openedMs = 0;
  suspectSinceMs = Number.NEGATIVE_INFINITY;
  /** Signs of life since. */
  proofs = 0;
  /** When nothing had been acknowledged for too long. */
  doubtedMs = Number.NEGATIVE_INFINITY;
  /** When it last had no credit though packets waited. */
  limitedMs = Number.NEGATIVE_INFINITY;
  /** Longest time until the peer says something by itself, ms. */
  peerIntervalMs = 0;
  /** When the next ping is due. */
  nextPingMs = Number.NEGATIVE_INFINITY;
  /** How long after the newest ping of ours the next one is due, once that one is answered. */
  askIntervalMs = 0;
  /** The newest ping that came: its time, when it came, what it took; NaN for none. */
  pingSentUs = Number.NaN;
  pingReceivedMs = 0;
  pingTransitUs = 0;
  /** Pings of ours that were answered since the link came up. */
  echoes = 0;
  /** Whether the peer knows of {@link LinkPort.settings}. */
  isNoticeHeard = false;

  /** Largest IP packet that fits; larger ones go over other links. */
  maxPacketBytes = 0;
  /** Time of the newest MTU probe, u32 µs; -1: it was answered. */
  mtuProbeUs = -1;
  /** Large packets lost in a row, and the least of their sizes on the wire: none of that size was acknowledged since. */
  largeLostPkts = 0;
  largeLostBytes = 0;

  /** Newest number acknowledged, and when that packet was sent. */
  newestAckedSeqNo = -1;
  newestAckedSentMs = Number.NEGATIVE_INFINITY;
  /** The peer's clock as its feedback has it, unwrapped; ms. */
  peerClockMs = 0;
  peerClockUs = -1;

  /** One of {@link LinkUse}. */
  use: number = LinkUse.SPARE;
  /** Since when the faster links would suffice without it. */
  spareSinceMs = Number.POSITIVE_INFINITY;
  /** When a packet given to it now would arrive, on the scale of transit times; and how much later than over the best link. */
  etaMs = 0;
  /** Links of a lower tier are taken first, whatever their ETA: see {@link costTierOf}. */
  tier = 0;
  laterMs = 0;
  /** Fraction of the data sent in the last seconds, 0..1. */
  share = 0;
  resentPkts = 0;
  /** Taken for lost, those that only were late included. */
  lostPkts = 0;

  constructor(port: LinkPort) {
    this.port = port;
    this.updateMaxPacket();
  }

  /** To be used only when the links that cost nothing, or less, do not suffice. */
  get isCostly(): boolean {
    return costTierOf(this.port.settings) > 0;
  }

  /**
   * It costs money and carries nothing, as this end has it: what is sent over it besides is spared. Pings and feedback
   * would come to megabytes an hour while others carry.
   */
  get isResting(): boolean {
    return this.port.settings.isMetered && this.use !== LinkUse.CARRYING;
  }

  /** Whether it rests at both ends: no data has come or gone over it in the last 5 s. It is only kept open then. */
  isIdleAt(now: number): boolean {
    return this.isResting && this.sentTally.total(now) === 0 && this.receivedTally.total(now) === 0;
  }

  /** Usable for new data. */
  get isUsable(): boolean {
    return this.isAlive && !this.isSuspect;
  }

  /** The end that opened a link asks; the other one does only while the link is suspect. */
  get isAsking(): boolean {
    return this.port.isInitiator || (this.isAlive && this.isSuspect);
  }

  /** Monotonic ms when something is to be done about it; what data in flight asks for apart from its tail is looked at often. */
  nextTimeout(): number {
    let next = this.tailAtMs();
    if (this.isAsking) next = Math.min(next, this.nextPingMs);
    if (this.isAlive && this.port.canProbeMtu) next = Math.min(next, this.mtu.nextTimeoutMs);
    return this.isAlive ? Math.min(next, this.silentAtMs()) : next;
  }

  /** The peer is a new instance, which counts anew and knows nothing. */
  forgetPeer(): void {
    this.received.reset();
    this.newestAckedSeqNo = -1;
    this.peerClockUs = -1;
    this.delay.reset();
    this.capacity.restart();
    this.pingSentUs = Number.NaN;
    this.echoes = 0;
    this.isNoticeHeard = false;
  }

  /** Its other end is at another address: another path, which may carry less. @param isSameSocket ours is the one it was */
  handleMoved(isSameSocket: boolean, now: number): void {
    if (isSameSocket) this.mtu.recheck(now);
    else this.mtu.restart(this.port.maxDatagramBytes, now);
    this.updateMaxPacket();
  }

  /** Monotonic ms after which it counts as silent. */
  silentAtMs(): number {
    if (this.isSuspect) {
      return Math.max(this.lastHeardMs, this.suspectSinceMs) + SUSPECT_SILENT_MS;
    }
    const interval = this.peerIntervalMs;
    const saidMs = Math.min(2.5 * interval + 500, interval + UNANSWERED_MS);
    return this.lastHeardMs + Math.max(LINK_SILENT_MS, saidMs);
  }

  /** Monotonic ms at which the last few packets in flight are to be sent again; Infinity: there are none, or they are many. */
  tailAtMs(): number {
    const { sent, rtt } = this;
    if (sent.inFlightPkts === 0 || sent.inFlightPkts > TAIL_PKTS || this.port.isReliable) {
      return Number.POSITIVE_INFINITY;
    }
    const at = sent.find(sent.oldestSeqNo);
    if (at < 0) return Number.POSITIVE_INFINITY;
    return sent.sentMs[at]! + rtt.tailMs;
  }

  /** Works out {@link MultiplexerLink.maxPacketBytes}; a link's socket, and with it what fits, changes under it. */
  updateMaxPacket(): void {
    const { canProbeMtu, maxDatagramBytes } = this.port;
    const datagramBytes = canProbeMtu
      ? Math.min(this.mtu.bytes, maxDatagramBytes)
      : maxDatagramBytes;
    this.maxPacketBytes = datagramBytes - DATAGRAM_OVERHEAD_BYTES;
    this.port.fragmentAboveBytes = datagramBytes;
  }

  /** A data packet was lost: after a few large ones in a row its path is looked at again. */
  noteLost(wireBytes: number, now: number): void {
    if (wireBytes < LARGE_BYTES) return;
    this.largeLostBytes = this.largeLostPkts === 0
      ? wireBytes
      : Math.min(wireBytes, this.largeLostBytes);
    this.largeLostPkts++;
    if (this.largeLostPkts < BLACK_HOLE_PKTS) return;
    this.largeLostPkts = 0;
    this.mtu.handleLargeLost(now);
  }

  /** Hot. A data packet was acknowledged. */
  noteAcked(wireBytes: number): void {
    if (wireBytes >= this.largeLostBytes) this.largeLostPkts = 0;
  }

  /** Hot. Bytes more that may be in flight; negative: too many are. */
  inFlightRoomBytes(): number {
    return this.rate.maxInFlightBytes - this.sent.inFlightBytes;
  }

  /** Hot. Works out {@link MultiplexerLink.etaMs}. */
  updateEta(packetBytes: number): void {
    const bytesPerMs = this.capacity.capacityBps / 8_000;
    const standingBytes = this.sent.inFlightBytes - bytesPerMs * this.rtt.minMs;
    const queueMs = Math.max(this.delay.queueMs, standingBytes / bytesPerMs);
    // Transits hold an offset that round trips do not: before the first ping is answered a link comes last.
    const baseMs = this.delay.hasSample ? this.delay.baseMs : UNKNOWN_TRANSIT_MS;
    this.etaMs = baseMs + Math.max(0, queueMs) + this.delay.jitterMs + packetBytes / bytesPerMs;
    this.tier = costTierOf(this.port.settings) + (this.use === LinkUse.LOSSY ? LOSSY_TIER : 0);
  }

  /** Hot. Whether another link is taken before this one. */
  isBehind(other: MultiplexerLink): boolean {
    return this.tier === other.tier ? this.etaMs > other.etaMs : this.tier > other.tier;
  }

  /** Hot. Counts what was sent. */
  countSent(wireBytes: number, now: number): void {
    this.sentTally.add(wireBytes, now);
    this.#sentRate.add(wireBytes, now);
  }

  /** Bytes per second sent in the last few hundred ms. */
  recentSentBytesPerSecond(now: number): number {
    return this.#sentRate.bps(now) / 8;
  }

  /** Bytes per second sent over the link in the last 5 s. */
  sentBytesPerSecond(now: number): number {
    return this.sentTally.total(now) * 1_000 / TALLIER_WINDOW_MS;
  }

  /** Bytes per second received over it in the last 5 s. */
  receivedBytesPerSecond(now: number): number {
    return this.receivedTally.total(now) * 1_000 / TALLIER_WINDOW_MS;
  }
}
