/**
 * The header of a transport packet ('T'): 16 bytes in the clear, authenticated as additional data.
 *
 * ```
 *  0      1      2      3
 * +------+------+------+------+
 * | 'B'  | 'L'  | 'T'  | link |
 * +------+------+------+------+
 * | receiver's session index  |  u32, big-endian
 * +---------------------------+
 * | link sequence number      |  u64, big-endian; at most 2^53 - 1
 * +---------------------------+
 * ```
 *
 * @module
 */

/** Bytes of the header. */
export const TRANSPORT_HEADER_BYTES = 16;

/** Hot. Writes the header at `start`. @param seqNo an integer, 0..2^53 - 1 */
export function writeTransportHeader(
  _view: DataView<ArrayBuffer>,
  _start: number,
  _linkId: number,
  _receiverIndex: number,
  _seqNo: number,
): void {
  throw new Error("Invariant: not written yet");
}

/** Hot. The receiver's session index of a datagram that is long enough. */
export function readReceiverIndex(_view: DataView<ArrayBuffer>, _start: number): number {
  throw new Error("Invariant: not written yet");
}

/** Hot. The link sequence number, or -1 when it exceeds 2^53 - 1. */
export function readLinkSeqNo(_view: DataView<ArrayBuffer>, _start: number): number {
  throw new Error("Invariant: not written yet");
}
