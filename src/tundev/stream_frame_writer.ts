/**
 * Writes the frames of streams, and the answer to a packet of an unknown session.
 *
 * @module
 */

import type { Packet } from "../wire/packet.ts";
import type { StreamChannel } from "./stream_channel.ts";
import {
  DATA_FRAME_BYTES,
  FLAG_SESSION_UNKNOWN,
  FrameKind,
  OPEN_FRAME_BYTES,
  OPENED_BY_SENDER,
  RESET_FRAME_BYTES,
  STREAM_HEADER_BYTES,
  WINDOW_FRAME_BYTES,
  writeHeader,
  writeOffset,
} from "./stream_frames.ts";

/**
 * Hot. Appends the most urgent frame of a stream that has one, before `limit`; data is taken from
 * the stream as it is written.
 * @returns the FrameKind, DATA for FIN too.
 */
export function writeStreamFrame(packet: Packet, limit: number, stream: StreamChannel): number {
  const { bytes, view } = packet;
  const at = packet.end;
  const flag = stream.isOwn ? OPENED_BY_SENDER : 0;
  view.setUint32(at + 1, stream.id);
  if (stream.needsReset) {
    bytes[at] = FrameKind.RESET | flag;
    bytes[at + 5] = stream.resetReason;
    stream.needsReset = false;
    packet.end += RESET_FRAME_BYTES;
    return FrameKind.RESET;
  }
  const { sendHalf } = stream;
  if (stream.needsWindow) {
    bytes[at] = FrameKind.WINDOW | flag;
    writeOffset(view, at + 5, stream.receiveHalf.limit);
    stream.needsWindow = false;
    packet.end += WINDOW_FRAME_BYTES;
    return FrameKind.WINDOW;
  }
  if (sendHalf.takeChunk(limit - at - DATA_FRAME_BYTES)) {
    stream.needsOpen = false; // data of an unknown stream opens it
    bytes[at] = (sendHalf.chunkEnds ? FrameKind.FIN : FrameKind.DATA) | flag;
    writeOffset(view, at + 5, sendHalf.chunkOffset);
    view.setUint16(at + 13, sendHalf.chunkBytes);
    sendHalf.copyChunk(bytes, at + DATA_FRAME_BYTES);
    packet.end += DATA_FRAME_BYTES + sendHalf.chunkBytes;
    return FrameKind.DATA;
  }
  bytes[at] = FrameKind.OPEN | flag;
  stream.needsOpen = false;
  packet.end += OPEN_FRAME_BYTES;
  return FrameKind.OPEN;
}

/** Makes `packet` say that this end has no session `quotedId`, to the end `peerId` that spoke to it. */
export function writeSessionUnknown(
  packet: Packet,
  ownId: number,
  peerId: number,
  quotedId: number,
): void {
  packet.reset();
  writeHeader(packet, FLAG_SESSION_UNKNOWN, ownId, peerId, 0, 0);
  packet.view.setUint32(packet.start + STREAM_HEADER_BYTES, quotedId);
  packet.end += STREAM_HEADER_BYTES + 4;
}
