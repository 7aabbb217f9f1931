/**
 * CUBIC (RFC 9438) with HyStart for the simulator's TCP sender, as Linux's tcp_cubic.c has it: the
 * window in whole packets, and the same constants.
 *
 * @module
 */

import type { SimTcpState } from "./sim_tcp_state.ts";

/** Multiplicative decrease: 717 / 1024. */
const BETA = 717 / 1024;
/** C, in packets per s³: 41 * 10 / 1024. */
const C = 410 / 1024;
/** Packets acknowledged for each packet that the window of the Reno-friendly region grows: 15 / 8 windows. */
const RENO_WINDOWS = 15 / 8;
/** The window is not looked at more often while it stays the same: HZ / 32. */
const UPDATE_MS = 1000 / 32;
/** Slowest growth before the first loss: a packet for each 20. */
const FIRST_PROBE_PKTS = 20;

/** HyStart: not below this window; ACKs this close are a train; samples of a round that are enough. */
const HYSTART_LOW_PKTS = 16;
const HYSTART_TRAIN_GAP_MS = 2;
const HYSTART_SAMPLES = 8;
/** HyStart: what the receiver's offloads may hold ACKs back for. */
const HYSTART_ACK_DELAY_MS = 1;
/** HyStart: a rise of the delay by an eighth ends slow start, within these bounds. */
const HYSTART_MIN_RISE_MS = 4;
const HYSTART_MAX_RISE_MS = 16;
/** Samples right after a loss say nothing about the path: a second. */
const SAMPLE_PAUSE_MS = 1000;

/** The window's growth, and what it falls to. */
export class SimTcpCubic {
  readonly #state: SimTcpState;
  readonly #pktsPerAck: number;
  #countPkts = 0;
  #lastMaxPkts = 0;
  #lastCwndPkts = 0;
  #lastMs = 0;
  #originPkts = 0;
  /** Time from the epoch's start to the plateau, s. */
  #kSeconds = 0;
  #delayMinMs = Infinity;
  #epochMs = -1;
  #ackedPkts = 0;
  #renoCwndPkts = 0;

  #isFound = false;
  #roundStartMs = 0;
  #lastAckMs = 0;
  #roundEndSeg = 0;
  #roundRttMs = Infinity;
  #samples = 0;

  /** @param pktsPerAck most that slow start takes one ACK for; Infinity: Linux has no limit */
  constructor(state: SimTcpState, pktsPerAck: number) {
    this.#state = state;
    this.#pktsPerAck = pktsPerAck;
  }

  /** The window to reduce to; begins a new epoch. */
  reduce(): number {
    const { cwndPkts } = this.#state;
    this.#epochMs = -1;
    // Fast convergence: it fell before it got back to where it was, so others want more.
    this.#lastMaxPkts = cwndPkts < this.#lastMaxPkts
      ? Math.floor(cwndPkts * (1 + BETA) / 2)
      : cwndPkts;
    return Math.max(Math.floor(cwndPkts * BETA), 2);
  }

  /** A timeout: nothing of before counts. */
  reset(): void {
    this.#countPkts = 0;
    this.#lastMaxPkts = 0;
    this.#lastCwndPkts = 0;
    this.#lastMs = 0;
    this.#originPkts = 0;
    this.#kSeconds = 0;
    this.#delayMinMs = Infinity;
    this.#epochMs = -1;
    this.#ackedPkts = 0;
    this.#renoCwndPkts = 0;
    this.#isFound = false;
    this.#startRound();
  }

  /** The sender was idle until now: the epoch moves on by as much. */
  noteIdle(idleMs: number): void {
    if (this.#epochMs >= 0) this.#epochMs = Math.min(this.#epochMs + idleMs, this.#state.now);
  }

  /** Hot. A round-trip time of a segment that was sent once. */
  addSample(rttMs: number): void {
    const state = this.#state;
    if (this.#epochMs >= 0 && state.now - this.#epochMs < SAMPLE_PAUSE_MS) return;
    if (rttMs < this.#delayMinMs) this.#delayMinMs = rttMs;
    if (!this.#isFound && state.isSlowStart && state.cwndPkts >= HYSTART_LOW_PKTS) {
      this.#updateHystart(rttMs);
    }
  }

  /** Hot. Raises the window for packets acknowledged. */
  raise(ackedPkts: number): void {
    const state = this.#state;
    if (!state.mayRaise) return;
    let leftPkts = ackedPkts;
    if (state.isSlowStart) {
      leftPkts = Math.min(ackedPkts, this.#pktsPerAck);
      const cwndPkts = Math.min(state.cwndPkts + leftPkts, state.ssthreshPkts);
      leftPkts -= cwndPkts - state.cwndPkts;
      state.cwndPkts = cwndPkts;
      if (leftPkts === 0) return;
    }
    this.#update(leftPkts);
    this.#increase(leftPkts);
  }

  /** tcp_cong_avoid_ai: a packet more for each `#countPkts` acknowledged. */
  #increase(ackedPkts: number): void {
    const state = this.#state;
    if (state.cwndCountPkts >= this.#countPkts) {
      state.cwndCountPkts = 0;
      state.cwndPkts++;
    }
    state.cwndCountPkts += ackedPkts;
    if (state.cwndCountPkts >= this.#countPkts) {
      const steps = Math.floor(state.cwndCountPkts / this.#countPkts);
      state.cwndCountPkts -= steps * this.#countPkts;
      state.cwndPkts += steps;
    }
  }

  /** bictcp_update. */
  #update(ackedPkts: number): void {
    const { cwndPkts, now } = this.#state;
    this.#ackedPkts += ackedPkts;
    if (this.#lastCwndPkts === cwndPkts && now - this.#lastMs <= UPDATE_MS) return;
    // The curve is looked at once per millisecond, Linux's jiffy.
    const isSameTick = this.#epochMs >= 0 && Math.floor(now) === Math.floor(this.#lastMs);
    if (!isSameTick) this.#followCurve(ackedPkts);
    this.#followReno();
    this.#countPkts = Math.max(this.#countPkts, 2);
  }

  #followCurve(ackedPkts: number): void {
    const { cwndPkts, now } = this.#state;
    this.#lastCwndPkts = cwndPkts;
    this.#lastMs = now;
    if (this.#epochMs < 0) this.#startEpoch(ackedPkts);
    const delayMs = Number.isFinite(this.#delayMinMs) ? this.#delayMinMs : 0;
    const offset = (now - this.#epochMs + delayMs) / 1000 - this.#kSeconds;
    const targetPkts = this.#originPkts + Math.trunc(C * offset ** 3);
    this.#countPkts = targetPkts > cwndPkts
      ? Math.floor(cwndPkts / (targetPkts - cwndPkts))
      : 100 * cwndPkts;
    if (this.#lastMaxPkts === 0) this.#countPkts = Math.min(this.#countPkts, FIRST_PROBE_PKTS);
  }

  #startEpoch(ackedPkts: number): void {
    const { cwndPkts, now } = this.#state;
    this.#epochMs = now;
    this.#ackedPkts = ackedPkts;
    this.#renoCwndPkts = cwndPkts;
    const isAbove = this.#lastMaxPkts <= cwndPkts;
    this.#kSeconds = isAbove ? 0 : Math.cbrt((this.#lastMaxPkts - cwndPkts) / C);
    this.#originPkts = isAbove ? cwndPkts : this.#lastMaxPkts;
  }

  /** Never slower than Reno would be (RFC 9438 §4.3). */
  #followReno(): void {
    const { cwndPkts } = this.#state;
    const roundPkts = Math.floor(cwndPkts * RENO_WINDOWS);
    while (this.#ackedPkts > roundPkts) {
      this.#ackedPkts -= roundPkts;
      this.#renoCwndPkts++;
    }
    if (this.#renoCwndPkts > cwndPkts) {
      const atMostPkts = Math.floor(cwndPkts / (this.#renoCwndPkts - cwndPkts));
      this.#countPkts = Math.min(this.#countPkts, atMostPkts);
    }
  }

  #startRound(): void {
    const { board, now } = this.#state;
    this.#roundStartMs = now;
    this.#lastAckMs = now;
    this.#roundEndSeg = board.nxt;
    this.#roundRttMs = Infinity;
    this.#samples = 0;
  }

  #updateHystart(rttMs: number): void {
    const { board, now } = this.#state;
    if (board.una > this.#roundEndSeg) this.#startRound();
    if (now - this.#lastAckMs <= HYSTART_TRAIN_GAP_MS) {
      this.#lastAckMs = now;
      const trainMs = (this.#delayMinMs + HYSTART_ACK_DELAY_MS) / 2;
      if (now - this.#roundStartMs > trainMs) this.#leaveSlowStart();
    }
    this.#roundRttMs = Math.min(this.#roundRttMs, rttMs);
    if (this.#samples < HYSTART_SAMPLES) {
      this.#samples++;
      return;
    }
    const riseMs = Math.min(
      HYSTART_MAX_RISE_MS,
      Math.max(HYSTART_MIN_RISE_MS, this.#delayMinMs / 8),
    );
    if (this.#roundRttMs > this.#delayMinMs + riseMs) this.#leaveSlowStart();
  }

  #leaveSlowStart(): void {
    this.#isFound = true;
    this.#state.ssthreshPkts = this.#state.cwndPkts;
  }
}
