/**
 * Bytes of the TCP stand-in's packets: the header and the numbers in it. What the frames mean
 * stands in stream_transport.ts; the drawings stand in docs/tcp-stand-in.md.
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";

/**
 * First byte: version 1 of this framing. Its upper half is 11, which is no IP version: a tun at the
 * other end counts such a packet as NOT_IP, and an IP packet is not one of ours.
 */
export const STREAM_MAGIC = 0xb1;

/** Magic, flags, two session ids, packet number (48 bit), distance to the floor. */
export const STREAM_HEADER_BYTES = 18;

/** Header flag: this packet only says that the quoted session is unknown here. */
export const FLAG_SESSION_UNKNOWN = 1;

/** Smallest packet size this works with: a header, an ACK of a few ranges and some data. */
export const MIN_STREAM_MTU_BYTES = 128;

/** What a frame is: the lower seven bits of its first byte. */
export const FrameKind = {
  /** Asks for an ACK, nothing else. */
  PING: 1,
  /** Packet numbers received, with the receiver's clock and byte count. */
  ACK: 2,
  /** A new stream, which may send before it says anything. */
  OPEN: 3,
  /** Bytes of a stream at an offset. */
  DATA: 4,
  /** The same, and the stream ends behind them: half-close. */
  FIN: 5,
  /** The stream is over in both directions, its data are void. */
  RESET: 6,
  /** The receive window: the offset up to which the other end may send. */
  WINDOW: 7,
} as const;

/** Upper bit of a stream frame's first byte: the stream was opened by the sender of the packet. */
export const OPENED_BY_SENDER = 0x80;

/** Bytes of a DATA or FIN frame before its data: kind, stream id, offset (64 bit), length. */
export const DATA_FRAME_BYTES = 15;
/** Bytes of a WINDOW frame: kind, stream id, offset (64 bit). */
export const WINDOW_FRAME_BYTES = 13;
/** Bytes of a RESET frame: kind, stream id, reason. */
export const RESET_FRAME_BYTES = 6;
/** Bytes of an OPEN frame: kind, stream id. */
export const OPEN_FRAME_BYTES = 5;
/** Bytes of an ACK frame before its runs: kind, clock (µs), bytes received, largest, count of runs. */
export const ACK_FRAME_BYTES = 18;

/** Largest offset a stream may reach: what a Number counts exactly. */
export const MAX_STREAM_OFFSET = Number.MAX_SAFE_INTEGER - 1;

const TWO_32 = 2 ** 32;

/** Hot. Whether a packet is one of the stand-in's. @returns 0, or EMPTY, NOT_STREAM, TRUNCATED. */
export function checkStreamPacket(packet: Packet): number {
  const lengthBytes = packet.end - packet.start;
  if (lengthBytes === 0) return DropReason.EMPTY;
  if (packet.bytes[packet.start] !== STREAM_MAGIC) return DropReason.NOT_STREAM;
  return lengthBytes < STREAM_HEADER_BYTES ? DropReason.TRUNCATED : 0;
}

/** Hot. Writes a header at `packet.start`; the packet's end is the caller's business. */
export function writeHeader(
  packet: Packet,
  flags: number,
  srcSession: number,
  dstSession: number,
  packetNumber: number,
  floorDistance: number,
): void {
  const at = packet.start;
  packet.bytes[at] = STREAM_MAGIC;
  packet.bytes[at + 1] = flags;
  packet.view.setUint32(at + 2, srcSession);
  packet.view.setUint32(at + 6, dstSession);
  writeU48(packet.view, at + 10, packetNumber);
  packet.view.setUint16(at + 16, floorDistance);
}

/** Hot. Writes 48 bits, big-endian. */
export function writeU48(view: DataView, at: number, value: number): void {
  view.setUint16(at, Math.floor(value / TWO_32));
  view.setUint32(at + 2, value >>> 0);
}

/** Hot. Reads 48 bits, big-endian. */
export function readU48(view: DataView, at: number): number {
  return view.getUint16(at) * TWO_32 + view.getUint32(at + 2);
}

/** Hot. Writes a 64-bit offset; never above {@link MAX_STREAM_OFFSET}. */
export function writeOffset(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / TWO_32));
  view.setUint32(at + 4, value >>> 0);
}

/** Hot. Reads a 64-bit offset: -1 when it is above {@link MAX_STREAM_OFFSET}. */
export function readOffset(view: DataView, at: number): number {
  const value = view.getUint32(at) * TWO_32 + view.getUint32(at + 4);
  return value > MAX_STREAM_OFFSET ? -1 : value;
}

/** Hot. Bytes that {@link writeVarint} takes for a value. */
export function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++;
  return bytes;
}

/** Hot. Writes seven bits a byte, lowest first (LEB128). @returns the offset behind it. */
export function writeVarint(dst: Uint8Array, at: number, value: number): number {
  let rest = value;
  let next = at;
  while (rest >= 128) {
    dst[next++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  dst[next++] = rest;
  return next;
}

/** Reads varints one after the other: a result and a position, without allocating per number. */
export class VarintReader {
  /** Offset of the next byte. */
  at = 0;

  /** Hot. Reads one number of at most seven bytes (49 bits): -1 when it is cut off or longer. */
  read(src: Uint8Array, end: number): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 7; i++) {
      if (this.at >= end) return -1;
      const byte = src[this.at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    return -1;
  }
}
