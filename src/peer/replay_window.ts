/**
 * Which sequence numbers of one link and session were seen: RFC 6479's ring of bit blocks. Pure.
 *
 * A number's bit stands in the ring at the number modulo the ring's size. When a newer number comes,
 * whole blocks between the newest before and it are cleared, and nothing is shifted: at most 256
 * words are written, however far the jump.
 *
 * @module
 */

/**
 * Numbers that may still come late, behind the newest. At 1 Gbit/s of 1400-byte packets it is 46 ms of
 * one link: disorder within one link, not between links, which have a window each.
 */
export const REPLAY_WINDOW_PKTS = 4_096;

const BLOCK_BITS = 32;
/**
 * A power of two, so that a number's low bits say its block, and more than the window: the block of the
 * newest number is only partly filled (RFC 6479 §2). 1 KB.
 */
const RING_BLOCKS = 256;
const BLOCK_MASK = RING_BLOCKS - 1;
const BLOCK_SHIFT = 5;
const BIT_MASK = BLOCK_BITS - 1;

/** One window. Numbers are integers, 0..2^53 - 1. */
export class ReplayWindow {
  /** The newest number accepted; -1 when there was none. */
  newest = -1;
  readonly #ring = new Uint32Array(RING_BLOCKS);

  /** Hot. Whether the number is neither seen nor too old. Changes nothing: asked before a packet is authenticated. */
  isFresh(seqNo: number): boolean {
    if (seqNo > this.newest) return true;
    if (this.newest - seqNo > REPLAY_WINDOW_PKTS) return false;
    // `>>>` and `&` see a number's low 32 bits, also beyond 2^32: all that the ring's index is made of.
    return (this.#ring[seqNo >>> BLOCK_SHIFT & BLOCK_MASK]! & 1 << (seqNo & BIT_MASK)) === 0;
  }

  /** Hot. Marks a number as seen: after its packet was authenticated. @returns false when it was seen or is too old. */
  accept(seqNo: number): boolean {
    if (!this.isFresh(seqNo)) return false;
    if (seqNo > this.newest) this.#advanceTo(seqNo);
    const block = seqNo >>> BLOCK_SHIFT & BLOCK_MASK;
    this.#ring[block] = this.#ring[block]! | 1 << (seqNo & BIT_MASK);
    return true;
  }

  #advanceTo(seqNo: number): void {
    // Numbers of blocks exceed 32 bits: divided, not shifted.
    const newestBlock = Math.floor(this.newest / BLOCK_BITS);
    const blocks = Math.min(Math.floor(seqNo / BLOCK_BITS) - newestBlock, RING_BLOCKS);
    const from = newestBlock >>> 0;
    for (let i = 1; i <= blocks; i++) this.#ring[from + i & BLOCK_MASK] = 0;
    this.newest = seqNo;
  }
}
