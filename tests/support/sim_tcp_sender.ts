/**
 * The simulator's TCP sender: sends what the window allows, handles ACKs and timeouts. No pacing:
 * Linux has none with CUBIC. The connection stands from the start; its segments are all full.
 *
 * @module
 */

import type { Packet } from "../../src/wire/packet.ts";
import { SimTcpAckReader } from "./sim_tcp_ack_reader.ts";
import { SimTcpCubic } from "./sim_tcp_cubic.ts";
import { SimTcpRack } from "./sim_tcp_rack.ts";
import { Resend, SimTcpRecovery } from "./sim_tcp_recovery.ts";
import { SimTcpReduction } from "./sim_tcp_reduction.ts";
import {
  hasEce,
  makeSegment,
  readWindowBytes,
  SEGMENT_HEADER_BYTES,
  writeData,
} from "./sim_tcp_segment.ts";
import { INITIAL_REORDERING_PKTS, SimTcpState, timestampAt } from "./sim_tcp_state.ts";
import { SimTcpTimer, TimerKind } from "./sim_tcp_timer.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** What a sender is made of. */
export interface SimTcpSenderOptions {
  readonly id: number;
  readonly clock: VirtualClock;
  readonly mssBytes: number;
  /** The most that is under way. */
  readonly windowBytes: number;
  readonly isEcn: boolean;
  /** Most that slow start grows by for one ACK; Infinity: no limit. */
  readonly pktsPerAck: number;
  /** Sends a data segment, borrowed until it returns. */
  readonly send: (packet: Packet) => unknown;
}

/** The sending end of one transfer. */
export class SimTcpSender {
  readonly state: SimTcpState;
  sentPkts = 0;
  retransmittedPkts = 0;
  /** Loss probes that repeated a segment; they are among those retransmitted. */
  probePkts = 0;
  timeouts = 0;

  readonly #options: SimTcpSenderOptions;
  readonly #packet: Packet;
  readonly #cubic: SimTcpCubic;
  readonly #rack: SimTcpRack;
  readonly #reduction: SimTcpReduction;
  readonly #recovery: SimTcpRecovery;
  readonly #reader: SimTcpAckReader;
  readonly #timer: SimTcpTimer;
  #windowPkts: number;
  #lastSentMs = 0;
  #ipId = 0;
  /** Segments that the application has written so far. */
  #writtenPkts = 0;
  #isStopped = false;

  constructor(options: SimTcpSenderOptions) {
    this.#options = options;
    this.#packet = makeSegment(options.id, "sender", SEGMENT_HEADER_BYTES + options.mssBytes);
    this.#windowPkts = Math.floor(options.windowBytes / options.mssBytes);
    this.state = new SimTcpState(this.#windowPkts);
    this.#cubic = new SimTcpCubic(this.state, options.pktsPerAck);
    this.#rack = new SimTcpRack(this.state);
    this.#reduction = new SimTcpReduction(this.state, this.#cubic, this.#rack);
    this.#recovery = new SimTcpRecovery(this.state, this.#rack, this.#reduction);
    this.#reader = new SimTcpAckReader(this.state, this.#rack, this.#cubic, options.mssBytes);
    this.#timer = new SimTcpTimer(
      this.state,
      options.clock,
      (kind) => this.#handleTimeout(kind),
    );
  }

  /** Segments that DSACKs said had come twice. */
  get dsackedPkts(): number {
    return this.#reader.dsackedPkts;
  }

  /** RACK's reordering window in quarters of the shortest round-trip time. */
  get reorderingSteps(): number {
    return this.#rack.steps;
  }

  /** The application writes some segments more, or without end (Infinity). */
  write(segments: number): void {
    this.#writtenPkts += segments;
    this.#push();
  }

  /** The application ends: what it has written is still sent, but not when that has no end. */
  stop(): void {
    this.#isStopped = true;
    if (this.#writtenPkts === Infinity) this.#writtenPkts = this.state.board.nxt;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Hot. Sends new data as far as there is some and the window has room. */
  #push(): void {
    const { state } = this;
    const { board } = state;
    state.now = this.#options.clock.now;
    this.#restartAfterIdle();
    const from = board.nxt;
    while (board.inFlightPkts < state.cwndPkts && this.#canSendNew) this.#sendNew();
    const sent = board.nxt - from;
    const isLimited = board.inFlightPkts >= state.cwndPkts;
    if (sent > 0) {
      if (state.isReducing) state.prrOutPkts += sent;
      this.#timer.scheduleProbe(false);
    }
    if (sent > 0 || isLimited) state.noteUsage(isLimited);
  }

  /** Hot. An ACK arrived: tcp_ack. */
  handleAck(packet: Packet): void {
    const { state } = this;
    const { ack, board } = state;
    state.now = this.#options.clock.now;
    const lostBefore = board.lostTotalPkts;
    const wasIdle = board.outPkts === 0;
    if (!this.#reader.read(packet)) return;
    const windowBytes = Math.min(readWindowBytes(packet), this.#options.windowBytes);
    this.#windowPkts = Math.floor(windowBytes / this.#options.mssBytes);
    ack.isEce = this.#options.isEcn && hasEce(packet);
    if (ack.priorPkts > 0) this.#rack.updateWindow(ack.priorPkts);
    if (wasIdle) {
      if (ack.isDsack) this.#recovery.handle(this.#canSendNew);
      return this.#push();
    }
    const isDuplicate = !ack.isUnaAdvanced;
    if (state.tlpHighSeg >= 0) this.#recovery.handleProbeAck(isDuplicate);
    const resend = this.#recover(isDuplicate);
    this.#control(board.lostTotalPkts - lostBefore);
    this.#resend(resend);
    this.#push();
  }

  #recover(isDuplicate: boolean): Resend {
    const { ack } = this.state;
    let resend: Resend = Resend.NONE;
    this.#recovery.rackWaitMs = 0;
    if (this.#recovery.isDubious(isDuplicate)) resend = this.#recovery.handle(this.#canSendNew);
    if (this.#recovery.rackWaitMs > 0) this.#timer.armRack(this.#recovery.rackWaitMs);
    else if (ack.isUnaAdvanced && !this.#timer.scheduleProbe(true)) this.#timer.rearmTimeout();
    return resend;
  }

  /** tcp_cong_control. */
  #control(lostPkts: number): void {
    const { state } = this;
    const { ack } = state;
    if (state.isReducing) {
      this.#reduction.reduce(ack.deliveredPkts, lostPkts);
      return;
    }
    // With much reordering, sacked segments open the window, too.
    const mayCountSacked = state.reorderingPkts > INITIAL_REORDERING_PKTS && ack.isDataSacked;
    if (ack.isUnaAdvanced || mayCountSacked) this.#cubic.raise(ack.deliveredPkts);
  }

  /** tcp_xmit_recovery. */
  #resend(resend: Resend): void {
    if (resend === Resend.NONE) return;
    if (resend === Resend.NEW_FIRST) {
      this.#push();
      if (this.state.board.nxt > this.state.highSeg) return;
      this.state.isFrto = false;
    }
    this.#resendLost();
  }

  #resendLost(): void {
    const { state } = this;
    const { board } = state;
    let isRearmed = false;
    while (board.pendingPkts > 0 && board.inFlightPkts < state.cwndPkts) {
      const seg = board.firstPending();
      this.#retransmit(seg);
      if (state.isReducing) state.prrOutPkts++;
      if (seg === board.una && this.#timer.kind !== TimerKind.RACK) isRearmed = true;
    }
    if (isRearmed) this.#timer.startTimeout();
  }

  #retransmit(seg: number): void {
    const { state } = this;
    state.board.resend(seg, state.now, state.deliveredPkts, false);
    if (state.retransStampMs < 0) state.retransStampMs = state.now;
    state.undoRetransPkts = Math.max(0, state.undoRetransPkts) + 1;
    this.retransmittedPkts++;
    this.#transmit(seg, true);
  }

  get #canSendNew(): boolean {
    const { board } = this.state;
    return board.nxt < this.#writtenPkts && board.outPkts < this.#windowPkts;
  }

  #sendNew(): void {
    const { state } = this;
    const wasIdle = state.board.outPkts === 0;
    const seg = state.board.sendNew(state.now, state.deliveredPkts);
    if (wasIdle || this.#timer.kind === TimerKind.PROBE) this.#timer.rearmTimeout();
    this.#transmit(seg, false);
  }

  #transmit(seg: number, isAgain: boolean): void {
    const { state } = this;
    const { isEcn, mssBytes, send } = this.#options;
    const isCwr = isEcn && !isAgain && state.isCwrQueued;
    if (isCwr) state.isCwrQueued = false;
    const seqNo = seg * mssBytes % 0x1_0000_0000;
    this.#ipId = (this.#ipId + 1) & 0xffff;
    // What is sent again is no ECN-capable transport (RFC 3168 §6.1.5).
    writeData(
      this.#packet,
      seqNo,
      timestampAt(state.now),
      this.#ipId,
      isEcn && !isAgain,
      isCwr,
    );
    this.sentPkts++;
    this.#lastSentMs = state.now;
    send(this.#packet);
  }

  #restartAfterIdle(): void {
    const { board, now } = this.state;
    if (board.outPkts > 0 || this.sentPkts === 0 || !this.#canSendNew) return;
    this.#reduction.restart(now - this.#lastSentMs);
  }

  #handleTimeout(kind: TimerKind): void {
    this.state.now = this.#options.clock.now;
    if (kind === TimerKind.RTO) this.#handleRto();
    else if (kind === TimerKind.PROBE) this.#sendProbe();
    else if (kind === TimerKind.RACK) this.#handleRack();
  }

  #handleRack(): void {
    if (this.#recovery.handleRackTimeout()) this.#resendLost();
    if (this.#recovery.rackWaitMs > 0) this.#timer.armRack(this.#recovery.rackWaitMs);
    else if (!this.#timer.isArmed) this.#timer.rearmTimeout();
  }

  /** tcp_send_loss_probe. */
  #sendProbe(): void {
    const { state } = this;
    const { board } = state;
    if (state.tlpHighSeg < 0 && board.outPkts > 0) {
      state.isTlpRetrans = !this.#canSendNew;
      if (state.isTlpRetrans) {
        board.resend(board.nxt - 1, state.now, state.deliveredPkts, true);
        this.retransmittedPkts++;
        this.probePkts++;
        this.#transmit(board.nxt - 1, true);
      } else {
        this.#sendNew();
      }
      state.tlpHighSeg = board.nxt;
      this.#timer.forget(); // so that the timeout counts from now
    }
    this.#timer.rearmTimeout();
  }

  /** tcp_retransmit_timer. */
  #handleRto(): void {
    const { state } = this;
    const { board } = state;
    if (board.outPkts === 0) return;
    this.timeouts++;
    for (let seg = board.una; seg < board.nxt; seg++) {
      if (seg === board.una || this.#rack.isOverdue(seg)) board.markLost(seg);
    }
    this.#reduction.enterLoss();
    state.timeouts++;
    this.#retransmit(board.una);
    state.rtt.backOff();
    this.#timer.startTimeout();
  }
}
