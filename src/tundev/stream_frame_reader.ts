/**
 * Reads a packet's frames and does what they say. Whatever the bytes are: nothing throws, and a
 * packet that is wrong somewhere is not acknowledged.
 *
 * Every frame may come twice and in any order: all of them only ever move a state forward.
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";
import { ResetReason, type StreamChannel } from "./stream_channel.ts";
import {
  ACK_FRAME_BYTES,
  DATA_FRAME_BYTES,
  FrameKind,
  OPEN_FRAME_BYTES,
  OPENED_BY_SENDER,
  readOffset,
  readU48,
  RESET_FRAME_BYTES,
  STREAM_HEADER_BYTES,
  VarintReader,
  WINDOW_FRAME_BYTES,
} from "./stream_frames.ts";
import type { StreamLossDetector } from "./stream_loss_detector.ts";
import type { StreamTable } from "./stream_table.ts";

/** The reader. */
export class FrameReader {
  readonly #streams: StreamTable;
  readonly #losses: StreamLossDetector;
  readonly #onStream: ((stream: StreamChannel) => void) | null;
  readonly #varints = new VarintReader();

  /** @param onStream called for a stream the peer opens; null: such streams are reset. */
  constructor(
    streams: StreamTable,
    losses: StreamLossDetector,
    onStream: ((stream: StreamChannel) => void) | null,
  ) {
    this.#streams = streams;
    this.#losses = losses;
    this.#onStream = onStream;
  }

  /** Hot. Reads all frames. @returns 0, or a DropReason. */
  read(packet: Packet, now: number): number {
    let at = packet.start + STREAM_HEADER_BYTES;
    while (at < packet.end) {
      const kind = packet.bytes[at]! & ~OPENED_BY_SENDER;
      if (kind === FrameKind.PING) at++;
      else {
        at = kind === FrameKind.ACK
          ? this.#readAck(packet, at, now)
          : this.#readStreamFrame(packet, at, kind);
        if (at < 0) return at;
      }
    }
    return 0;
  }

  /** @returns the offset behind the frame, or a DropReason. */
  #readAck(packet: Packet, at: number, now: number): number {
    const { bytes, view, end } = packet;
    if (at + ACK_FRAME_BYTES > end) return DropReason.BAD_STREAM;
    const largest = readU48(view, at + 11);
    const runs = bytes[at + 17]!;
    if (runs === 0 || !this.#losses.wasSent(largest)) return DropReason.BAD_STREAM;
    const varints = this.#varints;
    varints.at = at + ACK_FRAME_BYTES;
    this.#losses.handleAckStart(now);
    let above = largest + 1;
    for (let i = 0; i < runs; i++) {
      const gap = i === 0 ? 0 : varints.read(bytes, end);
      const length = varints.read(bytes, end);
      // Runs do not touch, and none goes below packet number 1.
      if (gap < 0 || (i > 0 && gap === 0) || length < 1 || above - gap - length < 1) {
        return DropReason.BAD_STREAM;
      }
      this.#losses.handleAckedRun(above - gap - length, above - gap, now);
      above -= gap + length;
    }
    this.#losses.handleAckEnd(view.getUint32(at + 1), readU48(view, at + 5), now);
    return varints.at;
  }

  #readStreamFrame(packet: Packet, at: number, kind: number): number {
    const { bytes, view, end } = packet;
    const isData = kind === FrameKind.DATA || kind === FrameKind.FIN;
    let next = at;
    if (isData) next += DATA_FRAME_BYTES;
    else if (kind === FrameKind.OPEN) next += OPEN_FRAME_BYTES;
    else if (kind === FrameKind.WINDOW) next += WINDOW_FRAME_BYTES;
    else if (kind === FrameKind.RESET) next += RESET_FRAME_BYTES;
    if (next === at || next > end) return DropReason.BAD_STREAM;
    if (isData) next += view.getUint16(at + 13);
    const offset = isData || kind === FrameKind.WINDOW ? readOffset(view, at + 5) : 0;
    if (next > end || offset < 0) return DropReason.BAD_STREAM;

    const stream = this.#streamOf(bytes[at]! >= OPENED_BY_SENDER, view.getUint32(at + 1), kind);
    if (stream === DropReason.BAD_STREAM) return stream;
    if (stream === null || stream.resetReason !== 0 && kind !== FrameKind.RESET) return next;
    if (isData) {
      const isFin = kind === FrameKind.FIN;
      const from = at + DATA_FRAME_BYTES;
      const result = stream.receiveHalf.handleData(offset, bytes, from, next, isFin);
      if (result < 0) return result;
      if (stream.receiveHalf.readableBytes > 0 || stream.isAtEnd) stream.handler.handleReadable();
      this.#streams.settle(stream);
    } else if (kind === FrameKind.WINDOW) {
      stream.sendHalf.raiseLimit(offset);
      this.#streams.enqueue(stream);
    } else if (kind === FrameKind.RESET) {
      const wasReset = stream.resetReason !== 0;
      this.#streams.remove(stream);
      if (!wasReset) stream.handler.handleReset(bytes[at + 5]!);
    }
    return next;
  }

  /** The stream a frame is for; null when it is over. */
  #streamOf(
    isPeers: boolean,
    id: number,
    kind: number,
  ): StreamChannel | null | typeof DropReason.BAD_STREAM {
    const known = this.#streams.find(!isPeers, id);
    if (known !== null) return known;
    if (!isPeers) return this.#streams.wasOpened(id) ? null : DropReason.BAD_STREAM;
    const stream = this.#streams.accept(id);
    if (stream === null || stream === DropReason.BAD_STREAM) return stream;
    if (kind === FrameKind.RESET) this.#streams.remove(stream); // it came and went
    else if (this.#onStream === null) stream.reset(ResetReason.NOT_ACCEPTED);
    else this.#onStream(stream);
    return stream.isOver ? null : stream;
  }
}
