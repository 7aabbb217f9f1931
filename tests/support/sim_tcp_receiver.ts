/**
 * The simulator's TCP receiver: puts segments in order and acknowledges them as Linux does, with
 * delayed ACKs, SACK (RFC 2018), DSACK (RFC 2883), timestamps (RFC 7323) and ECN (RFC 3168).
 *
 * @module
 */

import type { Packet } from "../../src/wire/packet.ts";
import {
  hasCwr,
  isCongestionMarked,
  makeSegment,
  MAX_SACK_BLOCKS,
  readSeqNo,
  readTsValue,
  SEGMENT_HEADER_BYTES,
  writeAck,
  writeSackBlock,
  writeSackBlocks,
} from "./sim_tcp_segment.ts";
import { type VirtualClock, VirtualTimer } from "./virtual_clock.ts";

/** TCP_ATO_MIN. */
const DELAYED_ACK_MS = 40;
/** Segments at the start that are acknowledged at once: TCP_MAX_QUICKACKS. */
const QUICK_ACKS = 16;
/** After a mark: tcp_ecn_check_ce. */
const ECN_QUICK_ACKS = 2;
/** Duplicate ACKs sent at once; the ones after them wait, and are as many as one: net.ipv4.tcp_comp_sack_*. */
const PROMPT_DUPLICATE_ACKS = 3;
const COMPRESSED_ACK_MS = 1;
const MAX_COMPRESSED_ACKS = 44;
/** SACK blocks that are remembered, though fewer fit: TCP_NUM_SACKS. */
const REMEMBERED_BLOCKS = 4;

/** What a receiver is made of. */
export interface SimTcpReceiverOptions {
  readonly id: number;
  readonly clock: VirtualClock;
  readonly mssBytes: number;
  /** Advertised window: from the first missing segment on. */
  readonly windowBytes: number;
  /** Sends an ACK, borrowed until it returns. */
  readonly send: (packet: Packet) => unknown;
  /** Segments became readable, `now` (virtual ms). */
  readonly onDelivered: (segments: number, now: number) => void;
}

/** The receiving end of one transfer. Segments are numbered from 0 and all of the same size. */
export class SimTcpReceiver {
  /** Segments that had arrived before. */
  duplicatePkts = 0;
  acksSent = 0;

  readonly #options: SimTcpReceiverOptions;
  readonly #ack: Packet;
  readonly #timer: VirtualTimer;
  readonly #windowPkts: number;
  readonly #mask: number;
  readonly #arrived: Uint8Array;
  /** The first segment that is missing, and the one that was when the last ACK was sent. */
  #next = 0;
  #ackedNext = 0;
  #tsEcho = 0;
  #outOfOrderPkts = 0;
  /** SACK blocks, the newest first. */
  readonly #lefts = new Float64Array(REMEMBERED_BLOCKS + 1);
  readonly #rights = new Float64Array(REMEMBERED_BLOCKS + 1);
  #blocks = 0;
  #duplicateSeg = -1;
  #quickAcks = QUICK_ACKS;
  #dueMs = Infinity;
  #duplicateAcks = 0;
  #duplicateAcksNext = -1;
  #compressedAcks = 0;
  #isCompressing = false;
  #isEce = false;
  #ipId = 0;

  constructor(options: SimTcpReceiverOptions) {
    this.#options = options;
    this.#ack = makeSegment(options.id, "receiver", SEGMENT_HEADER_BYTES);
    this.#windowPkts = Math.floor(options.windowBytes / options.mssBytes);
    const capacity = 2 ** Math.ceil(Math.log2(this.#windowPkts + 2));
    this.#mask = capacity - 1;
    this.#arrived = new Uint8Array(capacity);
    this.#timer = new VirtualTimer(options.clock, () => this.#handleTimeout());
  }

  /** Hot. A data segment arrived. */
  handle(packet: Packet): void {
    const { mssBytes } = this.#options;
    const baseNo = this.#next * mssBytes % 0x1_0000_0000;
    const offset = (readSeqNo(packet) - baseNo) | 0;
    const seg = this.#next + Math.floor(offset / mssBytes);
    if (seg >= this.#next + this.#windowPkts) return;
    // The oldest segment that an ACK is owed for (RFC 7323 §4.3).
    if (seg <= this.#ackedNext) this.#tsEcho = readTsValue(packet);
    const isMustAck = this.#noteEcn(packet);
    if (seg < this.#next || this.#arrived[seg & this.#mask] === 1) {
      this.duplicatePkts++;
      this.#duplicateSeg = seg;
      this.#quickAcks = QUICK_ACKS;
      this.#sendAck();
      return;
    }
    this.#arrived[seg & this.#mask] = 1;
    let isHoleFilled = false;
    if (seg === this.#next) {
      isHoleFilled = this.#outOfOrderPkts > 0;
      this.#advance();
      isHoleFilled &&= this.#outOfOrderPkts === 0;
    } else {
      this.#outOfOrderPkts++;
      this.#addBlock(seg);
    }
    this.#acknowledge(isMustAck || isHoleFilled);
  }

  /** @returns whether the packet must be acknowledged at once because of ECN. */
  #noteEcn(packet: Packet): boolean {
    const isCwr = hasCwr(packet);
    if (isCwr) this.#isEce = false;
    if (isCongestionMarked(packet) && !this.#isEce) {
      this.#isEce = true;
      this.#quickAcks = Math.max(this.#quickAcks, ECN_QUICK_ACKS);
    }
    return isCwr;
  }

  /** Reads all that is in order. */
  #advance(): void {
    const from = this.#next;
    while (this.#arrived[this.#next & this.#mask] === 1) {
      this.#arrived[this.#next & this.#mask] = 0;
      this.#next++;
    }
    const segments = this.#next - from;
    this.#outOfOrderPkts -= segments - 1;
    if (this.#blocks > 0) this.#dropOldBlocks();
    this.#options.onDelivered(segments, this.#options.clock.now);
  }

  #dropOldBlocks(): void {
    let kept = 0;
    for (let i = 0; i < this.#blocks; i++) {
      if (this.#rights[i]! <= this.#next) continue;
      this.#lefts[kept] = this.#lefts[i]!;
      this.#rights[kept++] = this.#rights[i]!;
    }
    this.#blocks = kept;
  }

  /** Puts the block with a segment in front: tcp_sack_new_ofo_skb. */
  #addBlock(seg: number): void {
    let left = seg;
    let right = seg + 1;
    let kept = 0;
    for (let i = 0; i < this.#blocks; i++) {
      if (this.#lefts[i]! <= right && this.#rights[i]! >= left) {
        left = Math.min(left, this.#lefts[i]!);
        right = Math.max(right, this.#rights[i]!);
        continue;
      }
      this.#lefts[kept] = this.#lefts[i]!;
      this.#rights[kept++] = this.#rights[i]!;
    }
    kept = Math.min(kept, REMEMBERED_BLOCKS - 1);
    this.#lefts.copyWithin(1, 0, kept);
    this.#rights.copyWithin(1, 0, kept);
    this.#lefts[0] = left;
    this.#rights[0] = right;
    this.#blocks = kept + 1;
  }

  /** Sends an ACK now or later: __tcp_ack_snd_check. */
  #acknowledge(isNow: boolean): void {
    const { now } = this.#options.clock;
    if (isNow || this.#next - this.#ackedNext >= 2 || this.#quickAcks > 0) {
      this.#sendAck();
    } else if (this.#outOfOrderPkts === 0) {
      this.#due(now + DELAYED_ACK_MS);
    } else if (this.#isDuplicateAckPrompt()) {
      this.#sendAck();
    } else {
      this.#compressedAcks++;
      if (!this.#isCompressing) this.#dueMs = Infinity; // sooner than a delayed one
      this.#isCompressing = true;
      this.#due(now + COMPRESSED_ACK_MS);
    }
  }

  #isDuplicateAckPrompt(): boolean {
    if (this.#compressedAcks >= MAX_COMPRESSED_ACKS) return true;
    if (this.#duplicateAcksNext !== this.#next) {
      this.#duplicateAcksNext = this.#next;
      this.#duplicateAcks = 0;
    }
    return this.#duplicateAcks++ < PROMPT_DUPLICATE_ACKS;
  }

  #due(timeMs: number): void {
    if (this.#dueMs !== Infinity) return;
    this.#dueMs = timeMs;
    this.#timer.arm(timeMs);
  }

  #handleTimeout(): void {
    if (this.#options.clock.now >= this.#dueMs) this.#sendAck();
    else this.#timer.arm(this.#dueMs);
  }

  #sendAck(): void {
    const { clock, mssBytes, windowBytes, send } = this.#options;
    const ack = this.#ack;
    const ackNo = this.#next * mssBytes % 0x1_0000_0000;
    this.#ipId = (this.#ipId + 1) & 0xffff;
    writeAck(ack, ackNo, Math.floor(clock.now), this.#tsEcho, windowBytes, this.#ipId, this.#isEce);
    this.#writeBlocks();
    this.#ackedNext = this.#next;
    this.#dueMs = Infinity;
    this.#isCompressing = false;
    this.#compressedAcks = 0;
    if (this.#quickAcks > 0) this.#quickAcks--;
    this.acksSent++;
    send(ack);
  }

  #writeBlocks(): void {
    const isDuplicate = this.#duplicateSeg >= 0;
    const blocks = Math.min(MAX_SACK_BLOCKS, this.#blocks + (isDuplicate ? 1 : 0));
    writeSackBlocks(this.#ack, blocks);
    let block = 0;
    if (isDuplicate) this.#writeBlock(block++, this.#duplicateSeg, this.#duplicateSeg + 1);
    for (let i = 0; block < blocks; i++) {
      this.#writeBlock(block++, this.#lefts[i]!, this.#rights[i]!);
    }
    this.#duplicateSeg = -1;
  }

  #writeBlock(block: number, left: number, right: number): void {
    const { mssBytes } = this.#options;
    const leftNo = left * mssBytes % 0x1_0000_0000;
    writeSackBlock(this.#ack, block, leftNo, right * mssBytes % 0x1_0000_0000);
  }
}
