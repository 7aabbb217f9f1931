/**
 * The control packet: what each side tells the other once a second, on every link, with one
 * sequence number for all copies.
 *
 * @module
 */

/** What one side received from the other, per link, over the last five seconds. */
export interface ControlPacket {
  /** Grows by one with each control packet. An integer; at most 2^53 - 1. */
  seqNo: number;
  /** Link id (1..255) -> bytes received on it in the tallier's window (saturates at 2^53 - 1). */
  received: Map<number, number>;
}
