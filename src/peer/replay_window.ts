/**
 * Which sequence numbers of one link and session were seen: RFC 6479's ring of bit blocks. Pure.
 *
 * @module
 */

/** Numbers that may still come late, behind the newest. */
export const REPLAY_WINDOW_PKTS = 4_096;

/** One window. Numbers are integers, 0..2^53 - 1. */
export class ReplayWindow {
  /** The newest number accepted; -1 when there was none. */
  newest = -1;

  /** Hot. Whether the number is neither seen nor too old. Changes nothing: asked before a packet is authenticated. */
  isFresh(_seqNo: number): boolean {
    throw new Error("Invariant: not written yet");
  }

  /** Hot. Marks a number as seen: after its packet was authenticated. @returns false when it was seen or is too old. */
  accept(_seqNo: number): boolean {
    throw new Error("Invariant: not written yet");
  }
}
