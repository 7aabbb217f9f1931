/**
 * The header of a transport packet ('T'): 16 bytes in the clear, authenticated as additional data. Pure.
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
 * Number and link id are the nonce, so they stand in the clear; they tell an observer no more than
 * counting datagrams would.
 *
 * @module
 */

import { DatagramType } from "./datagram_header.ts";

/** Bytes of the header. */
export const TRANSPORT_HEADER_BYTES = 16;

/** The first three bytes, then room for the link id, as one big-endian u32: 'B' 'L' 'T' 0. */
const MAGIC_AND_TYPE = (0x424c << 16 | DatagramType.TRANSPORT << 8) >>> 0;

const INDEX_OFFSET = 4;
const SEQ_NO_HIGH_OFFSET = 8;
const SEQ_NO_LOW_OFFSET = 12;

const TWO_TO_32 = 0x1_0000_0000;
/** High half of 2^53 - 1: numbers beyond it are not exact in a double, and no sender gets that far. */
const MAX_SEQ_NO_HIGH = 0x1f_ffff;

/**
 * Hot. Writes the header at `start`.
 * @param linkId 1..255
 * @param receiverIndex u32
 * @param seqNo an integer, 0..2^53 - 1
 *
 * @example
 * ```ts
 * import { readLinkSeqNo, readReceiverIndex, writeTransportHeader } from "./transport_header.ts";
 *
 * const view = new DataView(new ArrayBuffer(16));
 * writeTransportHeader(view, 0, 3, 0xdeadbeef, 2 ** 40 + 5);
 * if (readReceiverIndex(view, 0) !== 0xdeadbeef) throw new Error("not what was written");
 * if (readLinkSeqNo(view, 0) !== 2 ** 40 + 5) throw new Error("not what was written");
 * ```
 */
export function writeTransportHeader(
  view: DataView<ArrayBuffer>,
  start: number,
  linkId: number,
  receiverIndex: number,
  seqNo: number,
): void {
  view.setUint32(start, MAGIC_AND_TYPE + linkId);
  view.setUint32(start + INDEX_OFFSET, receiverIndex);
  // Division by a power of two is exact, and so are both halves; shifts would see 32 bits only.
  view.setUint32(start + SEQ_NO_HIGH_OFFSET, Math.floor(seqNo / TWO_TO_32));
  view.setUint32(start + SEQ_NO_LOW_OFFSET, seqNo >>> 0);
}

/** Hot. The receiver's session index of a datagram that is long enough. */
export function readReceiverIndex(view: DataView<ArrayBuffer>, start: number): number {
  return view.getUint32(start + INDEX_OFFSET);
}

/** Hot. The link sequence number of a datagram that is long enough, or -1 when it exceeds 2^53 - 1. */
export function readLinkSeqNo(view: DataView<ArrayBuffer>, start: number): number {
  const high = view.getUint32(start + SEQ_NO_HIGH_OFFSET);
  if (high > MAX_SEQ_NO_HIGH) return -1;
  return high * TWO_TO_32 + view.getUint32(start + SEQ_NO_LOW_OFFSET);
}
