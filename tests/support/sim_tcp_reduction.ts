/**
 * How the simulator's TCP sender makes its window smaller, and takes that back: proportional rate
 * reduction (RFC 6937) and undo, as Linux's tcp_input.c has them.
 *
 * @module
 */

import type { SimTcpCubic } from "./sim_tcp_cubic.ts";
import type { SimTcpRack } from "./sim_tcp_rack.ts";
import { CaState, INITIAL_CWND_PKTS, type SimTcpState } from "./sim_tcp_state.ts";

/** Reductions of the window. */
export class SimTcpReduction {
  readonly #state: SimTcpState;
  readonly #cubic: SimTcpCubic;
  readonly #rack: SimTcpRack;

  constructor(state: SimTcpState, cubic: SimTcpCubic, rack: SimTcpRack) {
    this.#state = state;
    this.#cubic = cubic;
    this.#rack = rack;
  }

  /** tcp_init_cwnd_reduction. */
  begin(): void {
    const state = this.#state;
    state.highSeg = state.board.nxt;
    state.tlpHighSeg = -1;
    state.cwndCountPkts = 0;
    state.priorCwndPkts = state.cwndPkts;
    state.prrDeliveredPkts = 0;
    state.prrOutPkts = 0;
    state.ssthreshPkts = this.#cubic.reduce();
    state.isCwrQueued = true;
  }

  /** Because of a mark, not of a loss: tcp_enter_cwr. */
  enterCwr(): void {
    const state = this.#state;
    state.priorSsthreshPkts = 0;
    if (state.caState >= CaState.CWR) return;
    state.undoMarkerSeg = -1;
    this.begin();
    state.caState = CaState.CWR;
    state.ecnReductions++;
  }

  /** tcp_enter_recovery. @param isMarked the ACK carried a mark, too: what it did is not undone. */
  enterRecovery(isMarked: boolean): void {
    const state = this.#state;
    state.priorSsthreshPkts = 0;
    this.initUndo();
    if (!state.isReducing) {
      if (!isMarked) state.priorSsthreshPkts = this.#currentSsthreshPkts();
      this.begin();
    }
    state.caState = CaState.RECOVERY;
  }

  /** The timeout struck: tcp_enter_loss, but for the marks on segments. */
  enterLoss(): void {
    const state = this.#state;
    const { caState, board } = state;
    const isNew = caState < CaState.RECOVERY;
    const isFirst = caState === CaState.LOSS && state.timeouts === 0;
    if (caState <= CaState.DISORDER || state.highSeg <= board.una || isFirst) {
      state.priorSsthreshPkts = this.#currentSsthreshPkts();
      state.priorCwndPkts = state.cwndPkts;
      state.ssthreshPkts = this.#cubic.reduce();
      this.initUndo();
    }
    this.#cubic.reset();
    state.cwndPkts = board.inFlightPkts + 1;
    state.cwndCountPkts = 0;
    state.caState = CaState.LOSS;
    state.highSeg = board.nxt;
    state.isCwrQueued = true;
    state.isFrto = isNew || state.timeouts > 0;
  }

  /** tcp_cwnd_reduction: the window that PRR gives, after `deliveredPkts` more arrived. */
  reduce(deliveredPkts: number, lostPkts: number): void {
    const state = this.#state;
    if (deliveredPkts <= 0 || state.priorCwndPkts === 0) return;
    const inFlightPkts = state.board.inFlightPkts;
    const roomPkts = state.ssthreshPkts - inFlightPkts;
    state.prrDeliveredPkts += deliveredPkts;
    let sendPkts: number;
    if (roomPkts < 0) {
      const share = state.ssthreshPkts * state.prrDeliveredPkts / state.priorCwndPkts;
      sendPkts = Math.ceil(share) - state.prrOutPkts;
    } else {
      sendPkts = Math.max(state.prrDeliveredPkts - state.prrOutPkts, deliveredPkts);
      if (state.ack.isUnaAdvanced && lostPkts === 0) sendPkts++;
      sendPkts = Math.min(roomPkts, sendPkts);
    }
    sendPkts = Math.max(sendPkts, state.prrOutPkts === 0 ? 1 : 0);
    state.cwndPkts = inFlightPkts + sendPkts;
  }

  /** tcp_end_cwnd_reduction. */
  end(): void {
    const state = this.#state;
    if (state.ssthreshPkts === Infinity) return;
    if (state.caState === CaState.CWR || state.undoMarkerSeg >= 0) {
      state.cwndPkts = state.ssthreshPkts;
    }
  }

  /** The sender was idle: half the window for each timeout's length of silence (tcp_cwnd_restart). */
  restart(idleMs: number): void {
    const state = this.#state;
    const { rtoMs } = state.rtt;
    this.#cubic.noteIdle(idleMs);
    if (idleMs <= rtoMs) return;
    const restartPkts = Math.min(INITIAL_CWND_PKTS, state.cwndPkts);
    state.ssthreshPkts = this.#currentSsthreshPkts();
    const halvedPkts = Math.floor(state.cwndPkts / 2 ** Math.floor(idleMs / rtoMs));
    state.cwndPkts = Math.max(restartPkts, halvedPkts);
    state.isCwndLimited = false;
  }

  /** tcp_init_undo: from now on, watches whether what is sent again was needless. */
  initUndo(): void {
    const state = this.#state;
    state.undoMarkerSeg = state.board.una;
    state.undoRetransPkts = state.board.retransPkts > 0 ? state.board.retransPkts : -1;
  }

  /** All that was sent again was needless, or the ACK is for what was sent before (Eifel). */
  get mayUndo(): boolean {
    const state = this.#state;
    return state.undoMarkerSeg >= 0 && (state.undoRetransPkts === 0 || state.isPacketDelayed);
  }

  /** tcp_undo_cwnd_reduction. */
  undo(unmarksLost: boolean): void {
    const state = this.#state;
    if (unmarksLost) state.board.unmarkLost();
    if (state.priorSsthreshPkts > 0) {
      state.cwndPkts = Math.max(state.cwndPkts, state.priorCwndPkts);
      if (state.priorSsthreshPkts > state.ssthreshPkts) {
        state.ssthreshPkts = state.priorSsthreshPkts;
        state.isCwrQueued = false;
      }
    }
    state.undoMarkerSeg = -1;
    state.undos++;
    this.#rack.reexamine();
  }

  /** tcp_try_undo_recovery: the recovery point is reached. */
  finishRecovery(): void {
    const state = this.#state;
    if (this.mayUndo) this.undo(false);
    else this.#rack.noteRecovery();
    state.caState = CaState.OPEN;
  }

  /** tcp_try_undo_dsack. @returns whether all that was sent again was needless, and the window is back. */
  tryUndoDsack(): boolean {
    const state = this.#state;
    if (state.undoMarkerSeg < 0 || state.undoRetransPkts !== 0) return false;
    this.#rack.persistLonger();
    this.undo(false);
    return true;
  }

  /** tcp_try_undo_loss. @param isFrto F-RTO has shown that the timeout was needless. */
  tryUndoLoss(isFrto: boolean): boolean {
    if (!isFrto && !this.mayUndo) return false;
    this.undo(true);
    this.#state.timeouts = 0;
    this.#state.caState = CaState.OPEN;
    return true;
  }

  /** tcp_current_ssthresh: what slow start should go back up to. */
  #currentSsthreshPkts(): number {
    const { isReducing, ssthreshPkts, cwndPkts } = this.#state;
    return isReducing ? ssthreshPkts : Math.max(ssthreshPkts, Math.floor(cwndPkts * 3 / 4));
  }
}
