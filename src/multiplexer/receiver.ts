/**
 * The receiving half of a multiplexer: puts packets back in order and tells the peer what arrived.
 *
 * @module
 */

import {
  DataFlag,
  readDataFlags,
  readGroupSeqNo,
  readOrderGroup,
  readSentUs,
  stripDataHeader,
} from "../wire/data_header.ts";
import { FeedbackWriter } from "../wire/feedback.ts";
import { GivenUp } from "../wire/given_up.ts";
import type { Packet } from "../wire/packet.ts";
import { clampMss, mayBeSyn } from "../wire/tcp_mss.ts";
import { type MultiplexerLink, OUTER_BYTES } from "./multiplexer_link.ts";
import type { PacketPool } from "./packet_pool.ts";
import type { ReceivedLog } from "./received_log.ts";
import { ReorderBuffer } from "./reorder_buffer.ts";

/** Feedback is due after so many packets, or so long after the first; under load after what comes in that time. */
const FEEDBACK_PKTS = 16;
const MAX_FEEDBACK_PKTS = 128;
/** And per link: feedback of many links is long. */
const FEEDBACK_PKTS_PER_LINK = 8;
/** A link over which nothing came for so long is left out: ten feedbacks have told all there is. */
const NEWS_MS = 200;
const FEEDBACK_MS = 10;

/** Feedback about a hole is sent sooner, as soon as what is late by a little may be there, but not that often. */
const HOLE_MS = 3;
const LEAST_INTERVAL_MS = 5;

/**
 * How long a packet may be waited for: the spread of the links, three round trips to send it again if the first time is
 * in vain, and some. What is lost for good is not waited for that long: the other end says so.
 */
const HOLD_ROUND_TRIPS = 3;
const HOLD_MARGIN_MS = 60;
const MIN_HOLD_MS = 80;
const MAX_HOLD_MS = 400;
const REALTIME_HOLD_MS = 30;
const SPREAD_WINDOW_MS = 2_000;

/** Receives one peer's packets. */
export class Receiver {
  readonly reorder: ReorderBuffer;
  readonly #links: readonly MultiplexerLink[];
  readonly #usefulMtu: () => number;
  readonly #writer = new FeedbackWriter();
  readonly #givenUp = new GivenUp();
  #number = 0;
  /** When feedback is due; Infinity: nothing came since the last. */
  #feedbackDueMs = Number.POSITIVE_INFINITY;
  #unreportedPkts = 0;
  #feedbackPkts = FEEDBACK_PKTS;
  #reportedMs = 0;

  /** @param usefulMtu MTU that TCP is fitted to, bytes */
  constructor(
    pool: PacketPool,
    links: readonly MultiplexerLink[],
    deliver: (packet: Packet) => number,
    usefulMtu: () => number,
  ) {
    this.#links = links;
    this.#usefulMtu = usefulMtu;
    this.reorder = new ReorderBuffer({ pool, deliver });
  }

  /** The peer says what will not come any more: it is waited for no longer. @returns 0, or a DropReason. */
  handleGivenUp(message: Packet, now: number): number {
    const list = this.#givenUp;
    const result = list.decode(message);
    for (let i = 0; i < list.count; i++) {
      this.reorder.giveUp(list.group(i), list.seqNo(i), now);
    }
    return result;
  }

  /** Monotonic ms when feedback is due; Infinity: never. */
  get feedbackDueMs(): number {
    return this.#feedbackDueMs;
  }

  /**
   * Hot. A data message came over a link, borrowed until return.
   * @returns 0 or more, or a DropReason.
   */
  handleData(
    link: MultiplexerLink,
    linkSeqNo: number,
    packet: Packet,
    datagramBytes: number,
    now: number,
  ): number {
    const result = stripDataHeader(packet);
    if (result < 0) return result;
    const wireBytes = datagramBytes + OUTER_BYTES;
    const isHole = linkSeqNo > link.received.newestSeqNo + 1;
    link.received.receive(linkSeqNo, wireBytes, readSentUs(packet), now);
    link.receivedTally.add(wireBytes, now);
    this.#unreportedPkts++;
    if (this.#unreportedPkts >= this.#feedbackPkts) this.#feedbackDueMs = now;
    else if (this.#feedbackDueMs === Infinity) this.#feedbackDueMs = now + FEEDBACK_MS;
    if (isHole) {
      const dueMs = Math.max(now + HOLE_MS, this.#reportedMs + LEAST_INTERVAL_MS);
      this.#feedbackDueMs = Math.min(this.#feedbackDueMs, dueMs);
    }
    const flags = readDataFlags(packet);
    packet.isPartial = (flags & DataFlag.PARTIAL_CHECKSUM) !== 0;
    if (mayBeSyn(packet)) clampMss(packet, this.#usefulMtu(), packet.isPartial);
    const isRealtime = (flags & DataFlag.REALTIME) !== 0;
    return this.reorder.receive(
      packet,
      readOrderGroup(packet),
      readGroupSeqNo(packet),
      isRealtime,
      now,
    );
  }

  /** Hot. Another message came over a link: it fills its number. */
  handleOther(link: MultiplexerLink, linkSeqNo: number, datagramBytes: number, now: number): void {
    link.received.receive(linkSeqNo, datagramBytes + OUTER_BYTES, -1, now);
  }

  /** Writes the feedback that is due. */
  craftFeedback(out: Packet, now: number): void {
    let links = 0;
    for (const { received } of this.#links) if (isNews(received, now)) links++;
    this.#writer.begin(out, this.#number++, links, now);
    for (const link of this.#links) {
      if (!isNews(link.received, now)) continue;
      this.#writer.addLink(link.port.id, link.received, now);
      link.received.takeReport();
    }
    this.#writer.finish();
    // Under load what comes in the time that a little load is given: so the peer hears as often, for less work.
    const elapsedMs = Math.max(1, now - this.#reportedMs);
    const sameTimePkts = this.#unreportedPkts * FEEDBACK_MS / elapsedMs;
    const leastPkts = Math.max(FEEDBACK_PKTS, FEEDBACK_PKTS_PER_LINK * links);
    this.#feedbackPkts = Math.max(leastPkts, Math.min(MAX_FEEDBACK_PKTS, sameTimePkts));
    this.#reportedMs = now;
    this.#unreportedPkts = 0;
    this.#feedbackDueMs = Number.POSITIVE_INFINITY;
  }

  /** Lets the time that packets are waited for follow the links. */
  tuneHold(now: number): void {
    let leastMs = Number.POSITIVE_INFINITY;
    let mostMs = Number.NEGATIVE_INFINITY;
    let roundTripMs = Number.POSITIVE_INFINITY;
    let originUs = Number.NaN;
    for (const { received, rtt, isAlive } of this.#links) {
      if (rtt.hasSample && isAlive) roundTripMs = Math.min(roundTripMs, rtt.srttMs);
      if (received.newestSeqNo < 0 || now - received.newestReceivedMs > SPREAD_WINDOW_MS) continue;
      const transitUs = received.minTransitUs(now);
      if (Number.isNaN(originUs)) originUs = transitUs;
      const transitMs = ((transitUs - originUs) | 0) / 1_000;
      leastMs = Math.min(leastMs, transitMs);
      mostMs = Math.max(mostMs, transitMs);
    }
    const spreadMs = Math.max(0, mostMs - leastMs);
    const holdMs = spreadMs + HOLD_ROUND_TRIPS * Math.min(roundTripMs, MAX_HOLD_MS) +
      HOLD_MARGIN_MS;
    this.reorder.setHold(Math.max(MIN_HOLD_MS, Math.min(MAX_HOLD_MS, holdMs)), REALTIME_HOLD_MS);
  }
}

/** Whether there is anything to tell of a link that was not told several times. */
function isNews({ newestSeqNo, newestReceivedMs }: ReceivedLog, now: number): boolean {
  return newestSeqNo >= 0 && now - newestReceivedMs < NEWS_MS;
}
