/**
 * What arrived, for the other end: packet numbers received, when an ACK is due, and its bytes.
 *
 * @module
 */

import type { Packet } from "../wire/packet.ts";
import { ACK_FRAME_BYTES, FrameKind, varintBytes, writeU48, writeVarint } from "./stream_frames.ts";
import { RangeSet } from "./stream_range_set.ts";

/**
 * An ACK waits at most this long, ms. Shorter costs packets (100 a second are some 3 % of the
 * packets of 31 Mbit/s), longer costs rate while a transfer begins.
 */
export const ACK_DELAY_MS = 10;

/** ... or until so many packets came. */
const ACK_EVERY_PKTS = 64;

/** Runs in one ACK: with heavy reordering some hundred holes are open at a time. */
const MAX_ACK_RUNS = 128;

/** An ACK of so few runs rides on data before it is due. */
const CHEAP_RUNS = 4;

/** Runs remembered. More are a peer's fault: the oldest are then forgotten, and sent again by it. */
const MAX_RUNS = 4096;

/** Packet numbers received. */
export class AckLog {
  readonly #received = new RangeSet();
  #receivedBytes = 0;
  #pendingPkts = 0;
  #pendingSinceMs = 0;
  #forgottenBelow = 0;
  /** Runs below this index did not fit into the ACKs before; every second ACK goes on there. */
  #resumeAt = 0;
  #isResuming = false;

  /** Hot. A packet with a number was taken in. Its frames may well be repetitions. */
  handlePacket(packetNumber: number, floor: number, sizeBytes: number, now: number): void {
    if (floor > this.#forgottenBelow) this.#forget(floor);
    if (this.#pendingPkts++ === 0) this.#pendingSinceMs = now;
    if (packetNumber < this.#forgottenBelow) return;
    this.#receivedBytes += this.#received.add(packetNumber, packetNumber + 1) * sizeBytes;
    if (this.#received.count > MAX_RUNS) this.#forget(this.#received.endAt(0));
  }

  /** When an ACK is due, ms; Infinity when there is nothing to say. */
  dueMs(): number {
    if (this.#pendingPkts === 0) return Infinity;
    return this.#pendingPkts >= ACK_EVERY_PKTS ? 0 : this.#pendingSinceMs + ACK_DELAY_MS;
  }

  /** Whether an ACK should ride on a packet that goes out anyway. */
  wantsRide(now: number): boolean {
    if (this.#pendingPkts === 0) return false;
    return this.dueMs() <= now || this.#received.count <= CHEAP_RUNS;
  }

  /**
   * Writes an ACK frame at `at`, as many runs as fit before `limit`: from the newest one down, but
   * every second one goes on where the last one had to end. @returns the offset behind it, or `at`.
   */
  write(packet: Packet, at: number, limit: number, now: number): number {
    this.#pendingPkts = 0;
    const resumes = this.#isResuming && this.#resumeAt > 0;
    this.#isResuming = !resumes;
    let index = Math.min(this.#received.count, resumes ? this.#resumeAt : Infinity) - 1;
    if (index < 0 || at + ACK_FRAME_BYTES + MAX_VARINT_BYTES > limit) return at;
    const { bytes, view } = packet;
    bytes[at] = FrameKind.ACK;
    view.setUint32(at + 1, (now * 1000) >>> 0);
    writeU48(view, at + 5, this.#receivedBytes % 2 ** 48);
    let above = this.#received.endAt(index);
    writeU48(view, at + 11, above - 1);
    let next = at + ACK_FRAME_BYTES;
    let runs = 0;
    for (; index >= 0 && runs < MAX_ACK_RUNS; index--, runs++) {
      const start = this.#received.startAt(index);
      const end = this.#received.endAt(index);
      const gap = above - end;
      const size = (runs === 0 ? 0 : varintBytes(gap)) + varintBytes(end - start);
      if (next + size > limit) break;
      if (runs > 0) next = writeVarint(bytes, next, gap);
      next = writeVarint(bytes, next, end - start);
      above = start;
    }
    bytes[at + 17] = runs;
    if (resumes || this.#resumeAt === 0) this.#resumeAt = index + 1;
    return next;
  }

  /** Begins again for a new session. */
  reset(): void {
    this.#received.clear();
    this.#pendingPkts = 0;
    this.#forgottenBelow = 0;
    this.#resumeAt = 0;
  }

  #forget(below: number): void {
    this.#forgottenBelow = below;
    this.#received.removeBelow(below);
    this.#resumeAt = 0;
  }
}

const MAX_VARINT_BYTES = 7;
