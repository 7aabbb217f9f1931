/**
 * RACK (RFC 8985) for the simulator's TCP sender, as Linux's tcp_recovery.c has it: a segment is
 * lost when one sent later has arrived, and more than a reordering window has passed.
 *
 * @module
 */

import { CaState, type SimTcpState } from "./sim_tcp_state.ts";

/** Recoveries without a DSACK after which the window is as small as at first: TCP_RACK_RECOVERY_THRESH. */
const PERSIST_RECOVERIES = 16;
const MAX_STEPS = 0xff;

/** Finds losses by time. */
export class SimTcpRack {
  readonly #state: SimTcpState;
  /** The latest sent segment that has arrived: when it was sent, and its number. */
  #sentMs = -1;
  #seg = -1;
  /** Its round-trip time. */
  #rttMs = 0;
  #isAdvanced = false;
  /** The reordering window, in quarters of the shortest round-trip time. */
  #steps = 1;
  #persist = 0;
  #isDsackSeen = false;
  #adjustedAtPkts = 0;

  constructor(state: SimTcpState) {
    this.#state = state;
  }

  /** The reordering window's multiplier, 1..255. */
  get steps(): number {
    return this.#steps;
  }

  /** Hot. A segment arrived that was sent, the last time, at `sentMs`: tcp_rack_advance. */
  advance(seg: number, sentMs: number, wasRetransmitted: boolean): void {
    const { now, rtt } = this.#state;
    const rttMs = now - sentMs;
    // An ACK sooner than any round trip is for the original, not for the retransmission.
    if (rttMs < rtt.minRttMs && wasRetransmitted) return;
    this.#isAdvanced = true;
    this.#rttMs = rttMs;
    if (sentMs > this.#sentMs || (sentMs === this.#sentMs && seg > this.#seg)) {
      this.#sentMs = sentMs;
      this.#seg = seg;
    }
  }

  /** A DSACK came: something was sent again in vain. */
  noteDsack(): void {
    this.#isDsackSeen = true;
  }

  /** A reduction was taken back because of DSACKs. */
  persistLonger(): void {
    this.#persist = Math.min(PERSIST_RECOVERIES, this.#persist + 1);
  }

  /** A recovery ended with nothing to take back. */
  noteRecovery(): void {
    if (this.#persist > 0) this.#persist--;
  }

  /** After an undo: looks at everything anew with the next ACK. */
  reexamine(): void {
    this.#isAdvanced = true;
  }

  /** Widens the window once per round with DSACKs. @param priorPkts delivered when the newest segment acknowledged was sent. */
  updateWindow(priorPkts: number): void {
    if (priorPkts < this.#adjustedAtPkts) this.#isDsackSeen = false;
    if (this.#isDsackSeen) {
      this.#steps = Math.min(MAX_STEPS, this.#steps + 1);
      this.#isDsackSeen = false;
      this.#adjustedAtPkts = this.#state.deliveredPkts;
      this.#persist = PERSIST_RECOVERIES;
    } else if (this.#persist === 0) {
      this.#steps = 1;
    }
  }

  /** Marks what is lost, after an ACK. @returns ms until the next one may be; 0 for none. */
  detectAfterAck(): number {
    if (!this.#isAdvanced) return 0;
    this.#isAdvanced = false;
    return this.detect();
  }

  /** Marks what is lost by now. @returns ms until the next one may be; 0 for none. */
  detect(): number {
    const { board, now } = this.#state;
    const windowMs = this.#windowMs();
    let waitMs = 0;
    for (let seg = board.oldestSent(); seg >= 0;) {
      const sentMs = board.sentMsOf(seg);
      if (sentMs > this.#sentMs || (sentMs === this.#sentMs && seg >= this.#seg)) break;
      const next = board.sentAfter(seg);
      const leftMs = this.#rttMs + windowMs - (now - sentMs);
      if (leftMs <= 0) board.markLost(seg);
      else if (leftMs > waitMs) waitMs = leftMs;
      seg = next;
    }
    return waitMs;
  }

  /** Whether the timeout takes a segment for lost: not what was sent within the last round trip. */
  isOverdue(seg: number): boolean {
    return this.#rttMs <= this.#state.now - this.#state.board.sentMsOf(seg);
  }

  /** tcp_rack_reo_wnd. */
  #windowMs(): number {
    const { rtt, reorderingsSeen, caState, board, reorderingPkts } = this.#state;
    if (reorderingsSeen === 0) {
      if (caState >= CaState.RECOVERY || board.sackedPkts >= reorderingPkts) return 0;
    }
    return Math.min(rtt.minRttMs / 4 * this.#steps, rtt.srttMs);
  }
}
