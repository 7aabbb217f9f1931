/**
 * The loss recovery of the simulator's TCP sender: which congestion state an ACK leads to, and what
 * may be sent after it. Linux's tcp_fastretrans_alert, tcp_process_loss (F-RTO, RFC 5682) and
 * tcp_process_tlp_ack.
 *
 * @module
 */

import type { SimTcpRack } from "./sim_tcp_rack.ts";
import type { SimTcpReduction } from "./sim_tcp_reduction.ts";
import { CaState, type SimTcpState } from "./sim_tcp_state.ts";

/** What is sent after an ACK, besides new data. */
export const Resend = {
  NONE: 0,
  /** New data first; lost segments only when there is none (F-RTO). */
  NEW_FIRST: 1,
  LOST: 2,
} as const;

/** One of {@link Resend}'s values. */
export type Resend = typeof Resend[keyof typeof Resend];

/** The state machine. */
export class SimTcpRecovery {
  /** Ms until RACK's timer should look again, found with the last ACK; 0 for never. */
  rackWaitMs = 0;

  readonly #state: SimTcpState;
  readonly #rack: SimTcpRack;
  readonly #reduction: SimTcpReduction;

  constructor(state: SimTcpState, rack: SimTcpRack, reduction: SimTcpReduction) {
    this.#state = state;
    this.#rack = rack;
    this.#reduction = reduction;
  }

  /** Handles an ACK that is not plain progress in the open state. @param canSendNew there is new data and room for it. */
  handle(canSendNew: boolean): Resend {
    const state = this.#state;
    const { ack, board } = state;
    if (ack.isEce) state.priorSsthreshPkts = 0;
    if (state.caState === CaState.OPEN) state.retransStampMs = -1;
    else if (board.una >= state.highSeg) this.#leaveAtHighSeg();
    if (state.caState === CaState.RECOVERY) return this.#handleInRecovery();
    if (state.caState === CaState.LOSS) {
      const resend = this.#handleInLoss(canSendNew);
      this.#identifyLoss();
      if (!this.#isOpen && !ack.isRetransLost) return resend;
      return this.#tryEnterRecovery(resend);
    }
    if (state.caState <= CaState.DISORDER) this.#reduction.tryUndoDsack();
    this.#identifyLoss();
    return this.#tryEnterRecovery(Resend.NONE);
  }

  /** Whether an ACK needs {@link handle}: tcp_ack_is_dubious. @param isDuplicate it brought nothing. */
  isDubious(isDuplicate: boolean): boolean {
    const { ack, caState } = this.#state;
    return isDuplicate || ack.isDataSacked || ack.isEce || ack.isDsack || caState !== CaState.OPEN;
  }

  /** tcp_process_tlp_ack: whether the loss probe has repaired a loss. */
  handleProbeAck(isDuplicate: boolean): void {
    const state = this.#state;
    const { una } = state.board;
    if (una < state.tlpHighSeg) return;
    if (!state.isTlpRetrans || state.ack.isDsack) {
      state.tlpHighSeg = -1;
    } else if (una > state.tlpHighSeg) {
      this.#reduction.begin();
      state.caState = CaState.CWR;
      this.#reduction.end();
      this.#keepOpen();
    } else if (isDuplicate && !state.ack.isDataSacked) {
      state.tlpHighSeg = -1; // both came: nothing was lost
    }
  }

  /** RACK's timer struck. @returns whether something is lost. */
  handleRackTimeout(): boolean {
    const state = this.#state;
    const beforePkts = state.board.inFlightPkts;
    this.rackWaitMs = this.#rack.detect();
    if (state.board.inFlightPkts === beforePkts) return state.board.pendingPkts > 0;
    if (state.caState !== CaState.RECOVERY) {
      this.#reduction.enterRecovery(false);
      state.ack.reset();
      this.#reduction.reduce(1, 0);
    }
    return true;
  }

  #leaveAtHighSeg(): void {
    const state = this.#state;
    if (state.caState === CaState.CWR) {
      // It is held until something above the recovery point is acknowledged.
      if (state.board.una === state.highSeg) return;
      this.#reduction.end();
      state.caState = CaState.OPEN;
    } else if (state.caState === CaState.RECOVERY) {
      this.#reduction.finishRecovery();
      this.#reduction.end();
    }
  }

  #handleInRecovery(): Resend {
    const state = this.#state;
    if (state.ack.isUnaAdvanced && state.undoMarkerSeg >= 0 && state.isPacketDelayed) {
      // Part of the window was only late: with nothing sent again under way, all is taken back.
      state.noteReordering(state.board.una);
      if (state.board.retransPkts > 0) return Resend.NONE;
      this.#reduction.undo(true);
      this.#keepOpen();
      return Resend.NONE;
    }
    if (this.#reduction.tryUndoDsack()) this.#tryToOpen();
    this.#identifyLoss();
    return state.caState === CaState.RECOVERY ? Resend.LOST : this.#tryEnterRecovery(Resend.NONE);
  }

  /** tcp_process_loss. */
  #handleInLoss(canSendNew: boolean): Resend {
    const state = this.#state;
    const { ack, board } = state;
    if (ack.isUnaAdvanced && this.#reduction.tryUndoLoss(false)) return Resend.NONE;
    const isRecovered = board.una >= state.highSeg;
    if (state.isFrto) {
      if (ack.isOriginalAcked && this.#reduction.tryUndoLoss(true)) return Resend.NONE;
      if (board.nxt > state.highSeg) {
        if (ack.isDataSacked || !ack.isUnaAdvanced) state.isFrto = false;
      } else if (ack.isUnaAdvanced && !isRecovered) {
        state.highSeg = board.nxt;
        if (canSendNew) return Resend.NEW_FIRST;
        state.isFrto = false;
      }
    }
    if (isRecovered) {
      this.#reduction.finishRecovery();
      return Resend.NONE;
    }
    return Resend.LOST;
  }

  #tryEnterRecovery(otherwise: Resend): Resend {
    const state = this.#state;
    if (state.board.lostPkts === 0) {
      this.#tryToOpen();
      return otherwise;
    }
    this.#reduction.enterRecovery(state.ack.isEce);
    return Resend.LOST;
  }

  #identifyLoss(): void {
    const { board, ack } = this.#state;
    const beforePkts = board.retransPkts;
    this.rackWaitMs = this.#rack.detectAfterAck();
    if (board.retransPkts < beforePkts) ack.isRetransLost = true;
  }

  get #isOpen(): boolean {
    return this.#state.caState === CaState.OPEN;
  }

  /** tcp_try_to_open. */
  #tryToOpen(): void {
    const state = this.#state;
    if (state.board.retransPkts === 0) state.retransStampMs = -1;
    if (state.ack.isEce) this.#reduction.enterCwr();
    if (state.caState !== CaState.CWR) this.#keepOpen();
  }

  /** tcp_try_keep_open. */
  #keepOpen(): void {
    const state = this.#state;
    const { board } = state;
    const isPlain = board.sackedPkts + board.lostPkts + board.retransPkts === 0;
    const caState = isPlain ? CaState.OPEN : CaState.DISORDER;
    if (caState === state.caState) return;
    state.caState = caState;
    state.highSeg = board.nxt;
  }
}
