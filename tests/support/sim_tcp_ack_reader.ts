/**
 * Reads ACKs for the simulator's TCP sender: SACK blocks onto the scoreboard, what is acknowledged
 * off it, and the round-trip times both give. Linux's tcp_sacktag_write_queue and
 * tcp_clean_rtx_queue.
 *
 * @module
 */

import type { Packet } from "../../src/wire/packet.ts";
import type { SimTcpCubic } from "./sim_tcp_cubic.ts";
import type { SimTcpRack } from "./sim_tcp_rack.ts";
import { SegmentTag } from "./sim_tcp_scoreboard.ts";
import {
  MAX_SACK_BLOCKS,
  readAckNo,
  readSackBlocks,
  readSackLeft,
  readSackRight,
  readTsEcho,
} from "./sim_tcp_segment.ts";
import { CaState, type SimTcpState, timestampAt } from "./sim_tcp_state.ts";

const { SACKED, RETRANS, EVER_RETRANS } = SegmentTag;

/** Brings the state up to date with an ACK. */
export class SimTcpAckReader {
  /** Segments that DSACKs said had come twice. */
  dsackedPkts = 0;

  readonly #state: SimTcpState;
  readonly #rack: SimTcpRack;
  readonly #cubic: SimTcpCubic;
  readonly #mssBytes: number;
  /** This ACK's blocks in ascending order, and those of the one before. */
  readonly #lefts = new Float64Array(MAX_SACK_BLOCKS);
  readonly #rights = new Float64Array(MAX_SACK_BLOCKS);
  #blocks = 0;
  readonly #oldLefts = new Float64Array(MAX_SACK_BLOCKS);
  readonly #oldRights = new Float64Array(MAX_SACK_BLOCKS);
  #oldBlocks = 0;
  /** When the first and last segment were sent that this ACK sacks or acknowledges; -1 for none. */
  #firstSackedMs = -1;
  #lastSackedMs = -1;
  #firstAckedMs = -1;
  #lastAckedMs = -1;
  /** The lowest segment that arrived below others; Infinity for none. */
  #reorderedSeg = Infinity;

  constructor(state: SimTcpState, rack: SimTcpRack, cubic: SimTcpCubic, mssBytes: number) {
    this.#state = state;
    this.#rack = rack;
    this.#cubic = cubic;
    this.#mssBytes = mssBytes;
  }

  /** Hot. Takes an ACK in. @returns false when it makes no sense. */
  read(packet: Packet): boolean {
    const { board, ack } = this.#state;
    const ackSeg = this.#segOf(readAckNo(packet));
    if (ackSeg > board.nxt) return false;
    ack.reset();
    ack.tsEchoMs = readTsEcho(packet);
    const topSacked = board.highestSacked;
    const blocks = readSackBlocks(packet);
    if (blocks > 0) this.#readBlocks(packet, blocks, ackSeg);
    this.#clean(ackSeg, topSacked);
    this.#sample();
    this.#state.deliveredPkts += ack.deliveredPkts;
    return true;
  }

  #readBlocks(packet: Packet, blocks: number, ackSeg: number): void {
    this.#blocks = 0;
    const firstLeft = this.#segOf(readSackLeft(packet, 0));
    const firstRight = this.#segOf(readSackRight(packet, 0));
    const isDsack = firstLeft < ackSeg || (blocks > 1 &&
      firstLeft >= this.#segOf(readSackLeft(packet, 1)) &&
      firstRight <= this.#segOf(readSackRight(packet, 1)));
    if (isDsack) this.#noteDsack(firstLeft, firstRight);
    for (let i = isDsack ? 1 : 0; i < blocks; i++) {
      this.#addBlock(
        this.#segOf(readSackLeft(packet, i)),
        this.#segOf(readSackRight(packet, i)),
        ackSeg,
      );
    }
    this.#reorderedSeg = Infinity;
    for (let i = 0; i < this.#blocks; i++) this.#tagBlock(this.#lefts[i]!, this.#rights[i]!);
    this.#oldLefts.set(this.#lefts);
    this.#oldRights.set(this.#rights);
    this.#oldBlocks = this.#blocks;
    const { caState, undoMarkerSeg } = this.#state;
    if (this.#reorderedSeg < Infinity && (caState !== CaState.LOSS || undoMarkerSeg >= 0)) {
      this.#state.noteReordering(this.#reorderedSeg);
    }
  }

  #noteDsack(left: number, right: number): void {
    const state = this.#state;
    const segments = right - left;
    this.dsackedPkts += segments;
    state.ack.isDsack = true;
    this.#rack.noteDsack();
    if (state.undoMarkerSeg >= 0 && state.undoRetransPkts > 0 && right > state.undoMarkerSeg) {
      state.undoRetransPkts = Math.max(0, state.undoRetransPkts - segments);
    }
  }

  /** Inserts a block where it belongs, without what is acknowledged. */
  #addBlock(left: number, right: number, ackSeg: number): void {
    const { una, nxt } = this.#state.board;
    const low = Math.max(left, ackSeg, una);
    if (low >= right || right > nxt) return;
    let at = this.#blocks++;
    while (at > 0 && this.#lefts[at - 1]! > low) {
      this.#lefts[at] = this.#lefts[at - 1]!;
      this.#rights[at] = this.#rights[at - 1]!;
      at--;
    }
    this.#lefts[at] = low;
    this.#rights[at] = right;
  }

  /** Tags a block's segments, but for those that the ACK before had tagged. */
  #tagBlock(left: number, right: number): void {
    let seg = left;
    while (seg < right) {
      let stop = right;
      let skipTo = seg;
      for (let i = 0; i < this.#oldBlocks; i++) {
        const oldLeft = this.#oldLefts[i]!;
        if (oldLeft <= seg) skipTo = Math.max(skipTo, Math.min(right, this.#oldRights[i]!));
        else stop = Math.min(stop, oldLeft);
      }
      if (skipTo > seg) {
        seg = skipTo;
        continue;
      }
      for (; seg < stop; seg++) this.#tagSegment(seg);
    }
  }

  /** tcp_sacktag_one. */
  #tagSegment(seg: number): void {
    const state = this.#state;
    const { board, ack } = state;
    const tags = board.tagsOf(seg);
    if ((tags & SACKED) !== 0) return;
    const sentMs = board.sentMsOf(seg);
    this.#rack.advance(seg, sentMs, (tags & EVER_RETRANS) !== 0);
    this.#notePrior(seg, sentMs);
    if ((tags & (RETRANS | EVER_RETRANS)) === 0) {
      if (seg < board.highestSacked && seg < this.#reorderedSeg) this.#reorderedSeg = seg;
      if (seg < state.highSeg) ack.isOriginalAcked = true;
      if (this.#firstSackedMs < 0) this.#firstSackedMs = sentMs;
      this.#lastSackedMs = sentMs;
    }
    board.markSacked(seg);
    ack.isDataSacked = true;
    ack.deliveredPkts++;
  }

  /** Takes acknowledged segments off the scoreboard. */
  #clean(ackSeg: number, topSacked: number): void {
    const state = this.#state;
    const { board, ack } = state;
    if (ackSeg <= board.una) return;
    ack.isUnaAdvanced = true;
    state.timeouts = 0;
    let reorderedSeg = Infinity;
    while (board.una < ackSeg) {
      const seg = board.una;
      const tags = board.tagsOf(seg);
      const sentMs = board.sentMsOf(seg);
      if ((tags & (RETRANS | EVER_RETRANS)) !== 0) {
        ack.isRetransAcked = true;
      } else if ((tags & SACKED) === 0) {
        if (this.#firstAckedMs < 0) this.#firstAckedMs = sentMs;
        this.#lastAckedMs = sentMs;
        if (reorderedSeg === Infinity) reorderedSeg = seg;
        if (seg < state.highSeg) ack.isOriginalAcked = true;
      }
      if ((tags & SACKED) === 0) {
        ack.deliveredPkts++;
        this.#notePrior(seg, sentMs);
        // A segment that was sent again, acknowledged by an echo of before: the original came.
        const isSpurious = (tags & RETRANS) !== 0 && ack.tsEchoMs < timestampAt(sentMs);
        if (!isSpurious) this.#rack.advance(seg, sentMs, (tags & EVER_RETRANS) !== 0);
      }
      board.shift();
    }
    if (reorderedSeg < topSacked) this.#noteLateArrival(reorderedSeg, topSacked);
  }

  #noteLateArrival(seg: number, topSacked: number): void {
    const state = this.#state;
    const metricPkts = topSacked - seg;
    if (metricPkts > state.reorderingPkts) state.reorderingPkts = Math.min(metricPkts, 300);
    state.reorderingsSeen++;
  }

  #notePrior(seg: number, sentMs: number): void {
    const { ack, board } = this.#state;
    if (sentMs < ack.priorSentMs) return;
    ack.priorSentMs = sentMs;
    ack.priorPkts = board.priorPktsOf(seg);
  }

  /** tcp_ack_update_rtt, and what CUBIC is told. */
  #sample(): void {
    const { now, ack, board, rtt } = this.#state;
    let rttMs = -1;
    let shortestMs = -1;
    if (this.#firstAckedMs >= 0 && !ack.isRetransAcked) {
      rttMs = now - this.#firstAckedMs;
      shortestMs = now - this.#lastAckedMs;
    }
    if (this.#firstSackedMs >= 0) {
      if (rttMs < 0) rttMs = now - this.#firstSackedMs;
      shortestMs = now - this.#lastSackedMs;
    }
    this.#firstAckedMs =
      this.#lastAckedMs =
      this.#firstSackedMs =
      this.#lastSackedMs =
        -1;
    if (rttMs < 0 && ack.isUnaAdvanced && ack.tsEchoMs > 0) {
      rttMs = Math.max(1, timestampAt(now) - ack.tsEchoMs);
      shortestMs = rttMs;
    }
    if (rttMs < 0) return;
    rtt.noteShortest(shortestMs);
    rtt.add(rttMs, board.una, board.nxt);
    this.#cubic.addSample(shortestMs);
  }

  /** Hot. The segment of a sequence number near `una`. */
  #segOf(seqNo: number): number {
    const { una } = this.#state.board;
    const offset = (seqNo - una * this.#mssBytes % 0x1_0000_0000) | 0;
    return una + Math.floor(offset / this.#mssBytes);
  }
}
