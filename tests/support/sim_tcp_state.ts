/**
 * What the parts of the simulator's TCP sender share: Linux's tcp_sock, as far as it matters here.
 *
 * @module
 */

import { SimTcpRtt } from "./sim_tcp_rtt.ts";
import { SimTcpScoreboard } from "./sim_tcp_scoreboard.ts";

/** Congestion states, as Linux's TCP_CA_*. */
export const CaState = { OPEN: 0, DISORDER: 1, CWR: 2, RECOVERY: 3, LOSS: 4 } as const;

/** One of {@link CaState}'s values. */
export type CaState = typeof CaState[keyof typeof CaState];

/** TCP_INIT_CWND (RFC 6928), also the restart window. */
export const INITIAL_CWND_PKTS = 10;
/** net.ipv4.tcp_reordering: also the duplicate ACKs of fast retransmit. */
export const INITIAL_REORDERING_PKTS = 3;

/** The timestamp (RFC 7323) of a virtual time: whole ms, never 0, which would mean none. */
export function timestampAt(timeMs: number): number {
  return Math.floor(timeMs) + 1;
}

/** What the ACK being handled says. */
export class SimTcpAck {
  isUnaAdvanced = false;
  isDataSacked = false;
  /** Something never sent again, of before the recovery point, was acknowledged or sacked. */
  isOriginalAcked = false;
  /** Something that was sent again is acknowledged. */
  isRetransAcked = false;
  isDsack = false;
  isEce = false;
  /** A retransmission was found lost. */
  isRetransLost = false;
  /** Newly acknowledged or sacked. */
  deliveredPkts = 0;
  /** Delivered in all when the latest sent of them was sent, and when that was. */
  priorPkts = 0;
  priorSentMs = -1;
  /** The timestamp it echoes, ms. */
  tsEchoMs = 0;

  /** Makes it ready for the next one. */
  reset(): void {
    this.isUnaAdvanced = false;
    this.isDataSacked = false;
    this.isOriginalAcked = false;
    this.isRetransAcked = false;
    this.isDsack = false;
    this.isEce = false;
    this.isRetransLost = false;
    this.deliveredPkts = 0;
    this.priorPkts = 0;
    this.priorSentMs = -1;
    this.tsEchoMs = 0;
  }
}

/** The sender's variables. Segments are numbers, "none" is -1, times are virtual ms. */
export class SimTcpState {
  now = 0;
  readonly board: SimTcpScoreboard;
  readonly rtt = new SimTcpRtt();
  readonly ack = new SimTcpAck();

  caState: CaState = CaState.OPEN;
  cwndPkts = INITIAL_CWND_PKTS;
  /** Acknowledged towards the next increase. */
  cwndCountPkts = 0;
  ssthreshPkts = Infinity;
  /** Delivered since the start. */
  deliveredPkts = 0;

  /** The recovery point: `nxt` when the state was entered. */
  highSeg = 0;
  /** The window before the reduction, to go back to; ssthresh 0 when going back is not allowed. */
  priorCwndPkts = 0;
  priorSsthreshPkts = 0;
  /** `una` when the reduction began; -1 when it can't be undone. */
  undoMarkerSeg = -1;
  /** Retransmissions not yet shown needless; -1 when there was none. */
  undoRetransPkts = 0;
  /** When the first retransmission of this recovery was sent; -1 for none. */
  retransStampMs = -1;
  /** Proportional rate reduction (RFC 6937): delivered and sent since its beginning. */
  prrDeliveredPkts = 0;
  prrOutPkts = 0;
  /** F-RTO (RFC 5682) is under way. */
  isFrto = false;
  /** Timeouts since `una` advanced. */
  timeouts = 0;
  /** `nxt` at the loss probe that is not answered yet; -1 for none. */
  tlpHighSeg = -1;
  isTlpRetrans = false;

  /** How far packets were seen out of order, and how often. */
  reorderingPkts: number = INITIAL_REORDERING_PKTS;
  reorderingsSeen = 0;

  /** The window was used up in this round; if not, how much of it was. */
  isCwndLimited = false;
  maxOutPkts = 0;
  cwndUsageSeg = 0;

  /** ECN: the next new segment says CWR. */
  isCwrQueued = false;
  /** Reductions that a mark caused. */
  ecnReductions = 0;
  /** Reductions taken back because nothing had been lost. */
  undos = 0;

  /** @param windowPkts the most segments under way. */
  constructor(windowPkts: number) {
    this.board = new SimTcpScoreboard(windowPkts);
  }

  get isSlowStart(): boolean {
    return this.cwndPkts < this.ssthreshPkts;
  }

  /** PRR sets the window. */
  get isReducing(): boolean {
    return this.caState === CaState.CWR || this.caState === CaState.RECOVERY;
  }

  /** Whether the window was what held the sender back: tcp_is_cwnd_limited. */
  get mayRaise(): boolean {
    return this.isCwndLimited || (this.isSlowStart && this.cwndPkts < 2 * this.maxOutPkts);
  }

  /** The ACK was for something sent before the first retransmission (Eifel): tcp_packet_delayed. */
  get isPacketDelayed(): boolean {
    return this.retransStampMs >= 0 && this.ack.tsEchoMs < timestampAt(this.retransStampMs);
  }

  /** tcp_check_sack_reordering: a segment below the highest one sacked arrived just now. */
  noteReordering(seg: number): void {
    const metricPkts = this.board.highestSacked - seg;
    if (metricPkts <= 0) return;
    if (metricPkts > this.reorderingPkts) {
      this.reorderingPkts = Math.min(metricPkts, 300); // net.ipv4.tcp_max_reordering
    }
    this.reorderingsSeen++;
  }

  /** tcp_cwnd_validate, after something was sent. */
  noteUsage(isLimited: boolean): void {
    const { board } = this;
    const isNewRound = board.una >= this.cwndUsageSeg;
    if (isNewRound || isLimited || (!this.isCwndLimited && board.outPkts > this.maxOutPkts)) {
      this.isCwndLimited = isLimited;
      this.maxOutPkts = board.outPkts;
      this.cwndUsageSeg = board.nxt;
    }
  }
}
