/**
 * The one timer of the simulator's TCP sender, which Linux has for the timeout, the loss probe
 * (RFC 8985 §7) and RACK's reordering window.
 *
 * @module
 */

import { CaState, type SimTcpState } from "./sim_tcp_state.ts";
import { type VirtualClock, VirtualTimer } from "./virtual_clock.ts";

/** What the timer is for. */
export const TimerKind = { NONE: 0, RTO: 1, PROBE: 2, RACK: 3 } as const;

/** One of {@link TimerKind}'s values. */
export type TimerKind = typeof TimerKind[keyof typeof TimerKind];

/** TCP_TIMEOUT_MIN: two jiffies of 1 ms. */
const SLACK_MS = 2;
/** A probe for a lone segment waits for the peer's delayed ACK: TCP_RTO_MIN. */
const LONE_PROBE_MS = 200;
/** A probe before there is a round-trip time: TCP_TIMEOUT_INIT. */
const FIRST_PROBE_MS = 1000;

/** Armed for one thing at a time; a new one replaces it. */
export class SimTcpTimer {
  readonly #state: SimTcpState;
  readonly #clock: VirtualClock;
  readonly #timer: VirtualTimer;
  readonly #strike: (kind: TimerKind) => void;
  #kind: TimerKind = TimerKind.NONE;
  #dueMs = Infinity;

  /** @param strike called when it is time; the timer is not armed any more then. */
  constructor(state: SimTcpState, clock: VirtualClock, strike: (kind: TimerKind) => void) {
    this.#state = state;
    this.#clock = clock;
    this.#strike = strike;
    this.#timer = new VirtualTimer(clock, () => this.#wake());
  }

  /** What it was armed for the last time. */
  get kind(): TimerKind {
    return this.#kind;
  }

  get isArmed(): boolean {
    return this.#dueMs < Infinity;
  }

  /** The next timeout counts from when it is armed. */
  forget(): void {
    this.#arm(TimerKind.NONE, Infinity);
  }

  /** The timeout, from now on. */
  startTimeout(): void {
    this.#arm(TimerKind.RTO, this.#state.now + this.#state.rtt.rtoMs);
  }

  /** Looks for losses again after `waitMs`. */
  armRack(waitMs: number): void {
    this.#arm(TimerKind.RACK, this.#state.now + waitMs + SLACK_MS);
  }

  /** The timeout, from now on or from when the first segment was sent: tcp_rearm_rto. */
  rearmTimeout(): void {
    const { now, board, rtt } = this.#state;
    if (board.outPkts === 0) return this.forget();
    const isFromHead = this.#kind === TimerKind.RACK || this.#kind === TimerKind.PROBE;
    const fromMs = isFromHead ? board.sentMsOf(board.una) : now;
    this.#arm(TimerKind.RTO, Math.max(now + 1, fromMs + rtt.rtoMs));
  }

  /** tcp_schedule_loss_probe. @param isAdvancing the timeout would count from now on. @returns whether there will be one. */
  scheduleProbe(isAdvancing: boolean): boolean {
    const { now, board, rtt, caState } = this.#state;
    if (board.outPkts === 0 || (caState !== CaState.OPEN && caState !== CaState.CWR)) return false;
    let waitMs = FIRST_PROBE_MS;
    if (rtt.srttMs > 0) {
      waitMs = 2 * rtt.srttMs + (board.outPkts === 1 ? LONE_PROBE_MS : SLACK_MS);
    }
    const timeoutMs = isAdvancing ? rtt.rtoMs : board.sentMsOf(board.una) + rtt.rtoMs - now;
    if (timeoutMs > 0) waitMs = Math.min(waitMs, timeoutMs);
    this.#arm(TimerKind.PROBE, now + waitMs);
    return true;
  }

  #arm(kind: TimerKind, dueMs: number): void {
    this.#kind = kind;
    this.#dueMs = dueMs;
    this.#timer.arm(dueMs);
  }

  #wake(): void {
    if (this.#clock.now < this.#dueMs) return this.#timer.arm(this.#dueMs);
    this.#dueMs = Infinity;
    this.#strike(this.#kind);
  }
}
