/**
 * What the peer's feedback says, put to use: packets that arrived leave the logs, packets that did not are lost, and
 * each link's estimators learn. Pure.
 *
 * @module
 */

import { toWireUs } from "../wire/data_header.ts";
import type { FeedbackReader } from "../wire/feedback_reader.ts";
import { SLACK_PKTS } from "./link_slack.ts";
import type { MultiplexerLink } from "./multiplexer_link.ts";
import type { Sender } from "./sender.ts";
import { SentState } from "./sent_log.ts";

/** A link that was short of credit within this time is used as much as it is let. */
const LIMITED_MS = 60;

/** A link that was sent less than this share of what it may carry of late was not tried: its startup is not over. */
const USED_FRACTION = 0.5;

/** How far below the oldest packet in flight a late acknowledgement is still looked for, in packets. */
const LATE_PKTS = 256;

const US_PER_MS = 1_000;

/** Reads feedback for one peer. */
export class Acknowledgements {
  readonly #sender: Sender;
  /** Transits are counted from the first one that ever came, so that they fit a double's whole ms and do not wrap. */
  #transitOriginUs = Number.NaN;

  constructor(sender: Sender) {
    this.#sender = sender;
  }

  /** The link's part of a feedback message: the reader stands at it. */
  handle(link: MultiplexerLink, reader: FeedbackReader, now: number): void {
    const { sent } = link;
    const newestSeqNo = reader.newestSeqNo;
    const isNews = newestSeqNo > link.newestAckedSeqNo;
    const ackedPkts = this.#settle(link, reader, now);
    if (ackedPkts > 0) link.lastAckedMs = now;
    const isLimited = now - link.limitedMs < LIMITED_MS;
    // Of a link that the user has capped far below its capacity no more can be asked than the cap.
    const mayCarryBps = Math.min(link.capacity.capacityBps, link.rate.capBps);
    const isUsed = 8 * link.recentSentBytesPerSecond(now) >= USED_FRACTION * mayCarryBps;
    if (isNews) {
      link.newestAckedSeqNo = newestSeqNo;
      const at = sent.find(newestSeqNo);
      if (at >= 0) this.#sample(link, sent.sentMs[at]!, isLimited, reader, now);
    }
    const lostPkts = this.#findLost(link, now);
    sent.advance();
    if (ackedPkts > 0 || lostPkts > 0) link.loss.handle(ackedPkts, lostPkts, now);
    const wasStartingUp = link.rate.isStartingUp;
    link.rate.update(isLimited, isUsed, link.loss.isSudden(), now);
    if (wasStartingUp && !link.rate.isStartingUp) link.loss.reset();
    link.pacer.setRate(link.rate.rateBps, now);
  }

  /** A transit time on the scale of {@link DelayEstimator}, in ms. @param transitUs u32 */
  transitMs(transitUs: number): number {
    if (Number.isNaN(this.#transitOriginUs)) this.#transitOriginUs = transitUs;
    return ((transitUs - this.#transitOriginUs) | 0) / US_PER_MS;
  }

  /** Packets of the log that arrived. @returns how many are news. */
  #settle(link: MultiplexerLink, reader: FeedbackReader, now: number): number {
    const { sent } = link;
    let ackedPkts = 0;
    // Below the oldest in flight there is news only of what was taken for lost: without that nothing is read twice.
    const isLateLikely = sent.newestLostSeqNo >= sent.oldestSeqNo - LATE_PKTS;
    const lowest = sent.oldestSeqNo - (isLateLikely ? LATE_PKTS : 0);
    while (reader.nextRange()) {
      const first = Math.max(reader.rangeFirst, lowest);
      const last = Math.min(reader.rangeLast, sent.endSeqNo - 1);
      for (let seqNo = last; seqNo >= first; seqNo--) {
        const at = sent.find(seqNo);
        if (at < 0) continue;
        const state = sent.states[at]!;
        if (state === SentState.IN_FLIGHT) {
          const slot = sent.settle(at, SentState.ACKED);
          if (slot !== null) this.#sender.release(slot);
          if (link.largeLostPkts > 0) link.noteAcked(sent.wireBytes[at]!);
          ackedPkts++;
          this.#noteOrder(link, seqNo, sent.sentMs[at]!, now);
        } else if (state === SentState.LOST) {
          // It only was late.
          sent.states[at] = SentState.ACKED;
          link.noteAcked(sent.wireBytes[at]!);
          link.loss.handle(1, sent.sentMs[at]! < link.rate.startedUpMs ? 0 : -1, now);
          this.#noteOrder(link, seqNo, sent.sentMs[at]!, now);
        }
      }
    }
    return ackedPkts;
  }

  /** A packet that is acknowledged after later ones shows how much the link mixes up. */
  #noteOrder(link: MultiplexerLink, seqNo: number, sentMs: number, now: number): void {
    if (seqNo >= link.newestAckedSeqNo) return;
    link.slack.handleLate(link.newestAckedSentMs - sentMs, now);
  }

  #sample(
    link: MultiplexerLink,
    sentMs: number,
    isLimited: boolean,
    reader: FeedbackReader,
    now: number,
  ): void {
    link.newestAckedSentMs = sentMs;
    const heldMs = ((reader.sentUs - reader.newestReceivedUs) | 0) / US_PER_MS;
    link.rtt.handleSample(Math.max(0.1, now - sentMs - Math.max(0, heldMs)), now);
    const receivedMs = unwrapClock(link, reader.newestReceivedUs);
    const newestMs = this.transitMs((reader.newestReceivedUs - toWireUs(sentMs)) >>> 0);
    const leastMs = reader.minTransitUs === 0 ? newestMs : this.transitMs(reader.minTransitUs);
    const { delay, rate } = link;
    if (delay.handleSample(Math.min(leastMs, newestMs), newestMs, rate.drainFraction, now)) {
      link.rtt.forgetLeast();
    }
    link.capacity.handleSample(
      sentMs,
      receivedMs,
      reader.receivedBytes,
      link.rate.windowMs,
      link.loss.ownFraction,
      link.rate.isBusy,
      link.rate.mayFall(isLimited, now),
      link.delay.queueMs,
      isLimited ? link.rate.growthMs : Number.POSITIVE_INFINITY,
      now,
    );
  }

  /** Holes with later packets beyond them. @returns packets that are lost, but for those that say nothing about the link. */
  #findLost(link: MultiplexerLink, now: number): number {
    const { sent } = link;
    if (link.port.isReliable) return 0;
    const slackMs = link.slack.ms(now);
    // A link that never mixed anything up: three later packets will do, however soon after it they were sent.
    const sureSeqNo = link.slack.isLearned ? -1 : link.newestAckedSeqNo - SLACK_PKTS;
    const end = Math.min(sent.endSeqNo, link.newestAckedSeqNo);
    let lostPkts = 0;
    for (let seqNo = sent.oldestSeqNo; seqNo < end; seqNo++) {
      const at = sent.find(seqNo);
      if (at < 0 || sent.states[at] !== SentState.IN_FLIGHT) continue;
      if (seqNo > sureSeqNo && link.newestAckedSentMs - sent.sentMs[at]! < slackMs) break;
      if (sent.sentMs[at]! >= link.rate.startedUpMs) lostPkts++;
      this.#sender.handleLost(link, at, false, now);
    }
    return lostPkts;
  }
}

/** The peer's clock, from its 32 bits of µs. */
function unwrapClock(link: MultiplexerLink, us: number): number {
  if (link.peerClockUs < 0) link.peerClockUs = us;
  link.peerClockMs += ((us - link.peerClockUs) | 0) / US_PER_MS;
  link.peerClockUs = us;
  return link.peerClockMs;
}
