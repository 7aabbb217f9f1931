/**
 * What became of the packets sent: takes acknowledgements, declares packets lost, and asks for
 * probes when nothing comes back at all.
 *
 * @module
 */

import type { StreamChannel } from "./stream_channel.ts";
import type { StreamCongestion } from "./stream_congestion.ts";
import { FrameKind } from "./stream_frames.ts";
import { RecordState, type SentLog, slotOf } from "./stream_sent_log.ts";
import type { StreamTable } from "./stream_table.ts";

/** Packets per probe: one alone may go over a dead link. */
const PROBE_PKTS = 2;

/**
 * Probes come at most this far apart, ms, while the peer was heard of lately: so a tunnel that
 * returns after a few seconds is used at once. Later the distance grows.
 */
const PROBE_MAX_MS = 250;
const PROBE_LATE_MAX_MS = 3000;
const PROBE_LATE_AFTER_MS = 10_000;
const PROBE_BACKOFF = 1.5;

/** Nothing acknowledged for so long, with packets under way: an outage, not a loss, ms. */
const OUTAGE_MS = 1000;

/** Lost packets are remembered this much longer than it took to declare them lost, ms. */
const MEMORY_MS = 200;

/** Acknowledgements, losses, probes. */
export class StreamLossDetector {
  /** Packets that may go out in spite of window and pacer. */
  probes = 0;
  /** Packets declared lost so far. */
  lostPkts = 0;

  readonly #sent: SentLog;
  readonly #streams: StreamTable;
  readonly #congestion: StreamCongestion;
  #largestAcked = 0;
  /** Packets below this number are acknowledged or declared lost. */
  #judgedTo = 1;
  /** When the first packet that may be lost is so, ms. */
  #lossMs = Infinity;
  #probeCount = 0;
  #waitingSinceMs = 0;
  #lastSentMs = 0;
  #limitedUntil = 0;
  #wantsPing = false;
  #ackedPkts = 0;
  #heardMs = 0;
  /** Latencies of packets sent earlier are those of an outage. */
  #trustSentFromMs = 0;

  /** The parts it works on are the transport's. */
  constructor(sent: SentLog, streams: StreamTable, congestion: StreamCongestion) {
    this.#sent = sent;
    this.#streams = streams;
    this.#congestion = congestion;
  }

  /** Whether a packet of this number went out. */
  wasSent(packetNumber: number): boolean {
    return packetNumber >= 1 && packetNumber < this.#sent.next;
  }

  /** Hot. The first packet after none was under way goes out. */
  handleFirstInFlight(now: number): void {
    this.#waitingSinceMs = now;
    this.#probeCount = 0;
    // After a pause: it says nothing of a rate, and the receiver's clock wraps after 71 minutes, half
    // of which is as far back as one can tell. (Where round trips are short, the pacer alone makes
    // every packet the first in flight.)
    if (this.#limitedUntil >= this.#sent.next) this.#congestion.rate.forgetAnchor();
  }

  /** Hot. A numbered packet went out. */
  handleSent(now: number): void {
    this.#lastSentMs = now;
    if (this.probes > 0) this.probes--;
  }

  /** Hot. There was nothing to send: rates measured up to the packets under way say little. */
  noteLimited(windowBytes: number): void {
    if (this.#sent.inFlightBytes < windowBytes) this.#limitedUntil = this.#sent.next;
  }

  /** Hot. An ACK begins. */
  handleAckStart(now: number): void {
    // What arrived before an outage, its ACK lost in it, is acknowledged after it: that says how
    // long the outage was, not how long packets take.
    if (this.#isOutage(now)) {
      this.#trustSentFromMs = now - this.#congestion.latency.lossTimeoutMs;
    }
  }

  /** Hot. Packets `[first, end)` arrived; all of them were sent. */
  handleAckedRun(first: number, end: number, now: number): void {
    const sent = this.#sent;
    for (let pn = Math.max(first, sent.floor); pn < end; pn++) {
      const slot = slotOf(pn);
      if (sent.states[slot] === RecordState.RESOLVED) continue;
      this.#ackedPkts++;
      const sentMs = sent.sentMs[slot]!;
      if (sentMs >= this.#trustSentFromMs) this.#congestion.latency.add(now - sentMs);
      const stream = sent.streams[slot] ?? null;
      if (stream !== null && !stream.isOver) this.#acknowledge(stream, slot);
      sent.settle(slot, RecordState.RESOLVED);
    }
    if (end - 1 > this.#largestAcked) this.#largestAcked = end - 1;
  }

  /** An ACK was read whole. */
  handleAckEnd(clockUs: number, receivedBytes: number, now: number): void {
    const sent = this.#sent;
    if (this.#ackedPkts > 0) {
      this.#ackedPkts = 0;
      if (this.#isOutage(now)) this.#congestion.handleOutageEnd(now);
      this.#probeCount = 0;
      this.#waitingSinceMs = now;
    }
    const isLimited = this.#largestAcked < this.#limitedUntil;
    this.#congestion.handleAck(clockUs, receivedBytes, isLimited, sent.inFlightBytes, now);
    this.#detectLosses(now);
  }

  /** Declares losses, asks for probes. `heardMs` is when the peer was last heard of. */
  handleTimeout(now: number, heardMs: number): void {
    if (now >= this.#lossMs) this.#detectLosses(now);
    this.#heardMs = heardMs;
    if (now < this.#probeMs()) return;
    this.#probeCount++;
    this.probes = PROBE_PKTS;
    this.#lastSentMs = now; // the next probe's time runs from here even if none can go out
    this.#loseOldest(PROBE_PKTS);
    if (this.#streams.peek() === null) this.#wantsPing = true;
  }

  /** Whether a PING should go out for want of anything else; asking clears it. */
  takePingRequest(): boolean {
    const wants = this.#wantsPing;
    this.#wantsPing = false;
    return wants;
  }

  /** When handleTimeout has something to do, ms. */
  nextTimeout(): number {
    return Math.min(this.#lossMs, this.#probeMs());
  }

  /** Begins again with an empty log. */
  reset(): void {
    this.probes = 0;
    this.#largestAcked = 0;
    this.#judgedTo = 1;
    this.#lossMs = Infinity;
    this.#probeCount = 0;
    this.#limitedUntil = 0;
    this.#ackedPkts = 0;
    this.#wantsPing = false;
    this.#congestion.rate.forgetAnchor();
  }

  #isOutage(now: number): boolean {
    const silenceMs = now - this.#waitingSinceMs;
    const { lossTimeoutMs } = this.#congestion.latency;
    return this.#probeCount > 1 && silenceMs > Math.max(OUTAGE_MS, 2 * lossTimeoutMs);
  }

  #probeMs(): number {
    if (this.#sent.inFlightPkts === 0) return Infinity;
    const isLate = this.#lastSentMs - this.#heardMs > PROBE_LATE_AFTER_MS;
    const maxMs = isLate ? PROBE_LATE_MAX_MS : PROBE_MAX_MS;
    const waitMs = this.#congestion.latency.lossTimeoutMs * PROBE_BACKOFF ** this.#probeCount;
    return Math.max(this.#waitingSinceMs, this.#lastSentMs) + Math.min(maxMs, waitMs);
  }

  /** Lost: unacknowledged for the loss timeout, while a packet sent later is acknowledged. */
  #detectLosses(now: number): void {
    const sent = this.#sent;
    const { lossTimeoutMs } = this.#congestion.latency;
    this.#lossMs = Infinity;
    let pn = Math.max(this.#judgedTo, sent.floor);
    for (; pn < this.#largestAcked; pn++) {
      const slot = slotOf(pn);
      if (sent.states[slot] !== RecordState.IN_FLIGHT) continue;
      const dueMs = sent.sentMs[slot]! + lossTimeoutMs;
      if (now < dueMs) {
        this.#lossMs = dueMs;
        break;
      }
      this.#lose(slot);
    }
    this.#judgedTo = pn;
    sent.raiseFloor(now - 2 * lossTimeoutMs - MEMORY_MS);
  }

  #loseOldest(count: number): void {
    const sent = this.#sent;
    let left = count;
    for (let pn = Math.max(this.#judgedTo, sent.floor); pn < sent.next && left > 0; pn++) {
      if (sent.states[slotOf(pn)] !== RecordState.IN_FLIGHT) continue;
      this.#lose(slotOf(pn));
      left--;
    }
  }

  #lose(slot: number): void {
    const sent = this.#sent;
    this.lostPkts++;
    sent.settle(slot, RecordState.LOST);
    const stream = sent.streams[slot] ?? null;
    if (stream === null || stream.isOver) return;
    const kind = sent.kinds[slot]!;
    if (kind === FrameKind.RESET) stream.needsReset = true;
    else if (stream.resetReason !== 0) return;
    else if (kind === FrameKind.OPEN) stream.needsOpen = true;
    else if (kind === FrameKind.WINDOW) stream.needsWindow = true;
    else stream.sendHalf.handleLost(sent.starts[slot]!, sent.ends[slot]!);
    this.#streams.enqueue(stream);
  }

  #acknowledge(stream: StreamChannel, slot: number): void {
    const kind = this.#sent.kinds[slot];
    if (kind === FrameKind.RESET) this.#streams.remove(stream);
    else if (kind === FrameKind.DATA && stream.resetReason === 0) {
      stream.sendHalf.handleAcked(this.#sent.starts[slot]!, this.#sent.ends[slot]!);
      this.#streams.settle(stream);
      this.#streams.enqueue(stream); // room to remember more
    }
  }
}
