/**
 * Datagrams in a TCP stream. Pure.
 *
 * Each datagram goes as its length, big-endian, and its bytes: what RFC 4571 §2 does for RTP. The
 * side that opened the connection (the slave) sends a preamble before its first frame; the side that
 * accepted it (the master) sends none, and so says nothing to someone who only knocks:
 *
 * ```
 * slave to master                                        master to slave
 *
 *  0      1      2      3                                 0      1      2      3
 * +------+------+------+------+                          +------+------+------+------+
 * | 'B'  | 'L'  | 'T'  | 'C'  |   once, at the start     |   length    | datagram ... |
 * +------+------+------+------+                          +------+------+------+------+
 * | 'P'  |  0   |  0   |  1   |   the 1 is the version   |   length    | datagram ... |
 * +------+------+------+------+                          +------+------+------+------+
 * |   length    | datagram ... |   u16, then so many bytes
 * +------+------+------+------+
 * ```
 *
 * A length is 1..65,507, what a UDP datagram over IPv4 can carry; with any other one the stream is
 * not ours or out of step, and the connection ends. The same with a preamble that is another one, at
 * its first wrong byte: a web client or a port scanner is closed at once. The datagrams are those of
 * UDP, unchanged: what authenticates them is in them. The side that accepted ends a connection also
 * for a frame that cannot be one of ours, shorter than 32 bytes or not beginning with 'B' 'L': over
 * TCP nothing is damaged by the way, and tiny frames would be the cheapest way to keep it busy.
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import { MAX_PACKET_BYTES } from "../wire/packet.ts";
import { TRANSPORT_HEADER_BYTES } from "../wire/transport_header.ts";

/** The length before each datagram. */
export const FRAME_HEADER_BYTES = 2;

/** The shortest datagram of ours: a transport packet of nothing, its header and a tag of 16 bytes. */
export const MIN_DATAGRAM_BYTES = TRANSPORT_HEADER_BYTES + 16;

/** What every datagram begins with, `BL`. */
const MAGIC: readonly number[] = [0x42, 0x4c];

/** `BLTCP`, two zeros, version 1. */
const PREAMBLE: readonly number[] = [0x42, 0x4c, 0x54, 0x43, 0x50, 0, 0, 1];

/** Where the version is in the preamble. */
const VERSION_AT = 7;

/** First size of a reader's memory: ten full packets. Most connections need no more. */
const INITIAL_BYTES = 16_384;

/**
 * Largest size, more than the longest frame (65,509): one read then brings about 90 full packets, and
 * beside the longest incomplete frame half of it is still free.
 */
const MAX_BUFFER_BYTES = 131_072;

/** What a {@link TcpFrameReader} is to expect. */
export interface TcpFrameReaderOptions {
  /** True where the connection was accepted, false where it was opened. */
  readonly expectsPreamble: boolean;
  /** Whether a frame that cannot be a datagram of the secure protocol ends the stream; not by default. */
  readonly wantsDatagrams?: boolean | undefined;
}

/** The bytes before the first frame, fresh for each caller. */
export function craftTcpPreamble(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(PREAMBLE);
}

/**
 * Hot. Writes a datagram of `bytes[start..end)`, 1..65,507 bytes long, as a frame at `dst[at]`.
 * @returns the frame's length; `dst` must have the room.
 */
export function writeTcpFrame(
  dst: Uint8Array,
  at: number,
  { bytes, start, end }: {
    readonly bytes: Uint8Array;
    readonly start: number;
    readonly end: number;
  },
): number {
  const lengthBytes = end - start;
  dst[at] = lengthBytes >> 8;
  dst[at + 1] = lengthBytes & 0xff;
  dst.set(bytes.subarray(start, end), at + FRAME_HEADER_BYTES);
  return FRAME_HEADER_BYTES + lengthBytes;
}

/**
 * Finds the frames in a stream, however it was cut. Its memory is made once and grows to 128 KiB at
 * most: bytes are put into {@link space}, then frames are taken until {@link next} gives no more.
 *
 * @example
 * ```ts
 * import { craftTcpPreamble, TcpFrameReader } from "./tcp_framing.ts";
 *
 * const reader = new TcpFrameReader({ expectsPreamble: true });
 * const stream = Uint8Array.of(...craftTcpPreamble(), 0, 2, 7, 8, 0);
 * reader.space.set(stream);
 * reader.commit(stream.length);
 * if (reader.next() !== 2 || reader.bytes[reader.frameStart] !== 7) throw new Error("not 7, 8");
 * if (reader.next() !== 0) throw new Error("the next frame is not whole");
 * ```
 */
export class TcpFrameReader {
  /** Offset in {@link bytes} of the frame that {@link next} found, behind its length. Valid until the next call. */
  frameStart = 0;
  /** What is wrong with the stream, for people; empty while nothing is. */
  fault = "";
  #bytes = new Uint8Array(INITIAL_BYTES);
  #space: Uint8Array<ArrayBuffer> = this.#bytes;
  /** What came and is not used yet: `#bytes[#start..#end)`. */
  #start = 0;
  #end = 0;
  /** Preamble bytes that are still to come. */
  #preambleBytes: number;
  readonly #wantsDatagrams: boolean;
  /** The newest bytes filled all the space there was: most likely more are waiting. */
  #isCrowded = false;

  constructor({ expectsPreamble, wantsDatagrams = false }: TcpFrameReaderOptions) {
    this.#preambleBytes = expectsPreamble ? PREAMBLE.length : 0;
    this.#wantsDatagrams = wantsDatagrams;
  }

  /** The reader's memory, in which frames lie. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /** Where the next bytes of the stream go; at least one byte long once `next` gave 0. */
  get space(): Uint8Array<ArrayBuffer> {
    return this.#space;
  }

  /** The first `count` bytes of {@link space} were filled. */
  commit(count: number): void {
    this.#isCrowded = count === this.#space.length;
    this.#end += count;
  }

  /**
   * Hot. Takes the next frame.
   * @returns its length, with {@link frameStart} set; 0 when it is not whole yet; BAD_FRAMING, now
   * and for ever, when the stream is none of ours, with {@link fault} set.
   */
  next(): number {
    if (this.fault !== "") return DropReason.BAD_FRAMING;
    if (this.#preambleBytes > 0 && !this.#takePreamble()) return DropReason.BAD_FRAMING;
    const availableBytes = this.#end - this.#start;
    if (availableBytes < FRAME_HEADER_BYTES) return this.#makeSpace();
    const lengthBytes = this.#bytes[this.#start]! << 8 | this.#bytes[this.#start + 1]!;
    if (lengthBytes === 0 || lengthBytes > MAX_PACKET_BYTES) {
      this.fault = `a frame says that it is ${lengthBytes} bytes long`;
      return DropReason.BAD_FRAMING;
    }
    if (this.#wantsDatagrams && !this.#canBeDatagram(lengthBytes)) return DropReason.BAD_FRAMING;
    if (availableBytes < FRAME_HEADER_BYTES + lengthBytes) return this.#makeSpace();
    this.frameStart = this.#start + FRAME_HEADER_BYTES;
    this.#start = this.frameStart + lengthBytes;
    return lengthBytes;
  }

  /** @returns false at the first byte that is another one. */
  #takePreamble(): boolean {
    while (this.#preambleBytes > 0 && this.#start < this.#end) {
      const at = PREAMBLE.length - this.#preambleBytes;
      const byte = this.#bytes[this.#start]!;
      if (byte !== PREAMBLE[at]) {
        this.fault = at === VERSION_AT
          ? `it speaks version ${byte} of the framing, not ${PREAMBLE[VERSION_AT]}`
          : "it does not begin like a bindlink";
        return false;
      }
      this.#start++;
      this.#preambleBytes--;
    }
    return true;
  }

  /** Hot. Looks at a frame that may not be whole yet. @returns false as soon as it is certain. */
  #canBeDatagram(lengthBytes: number): boolean {
    if (lengthBytes < MIN_DATAGRAM_BYTES) {
      this.fault = `a frame of ${lengthBytes} bytes is too short to be a bindlink datagram`;
      return false;
    }
    const at = this.#start + FRAME_HEADER_BYTES;
    const magicBytes = Math.min(MAGIC.length, this.#end - at);
    for (let i = 0; i < magicBytes; i++) {
      if (this.#bytes[at + i] === MAGIC[i]) continue;
      this.fault = "a frame does not begin like a bindlink datagram";
      return false;
    }
    return true;
  }

  /** Hot. Moves what is left to the front, into larger memory when more is needed. @returns 0 */
  #makeSpace(): number {
    const leftBytes = this.#end - this.#start;
    if (this.#isCrowded && this.#bytes.length < MAX_BUFFER_BYTES) {
      const larger = new Uint8Array(2 * this.#bytes.length);
      larger.set(this.#bytes.subarray(this.#start, this.#end));
      this.#bytes = larger;
    } else if (this.#start > 0) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
    }
    this.#isCrowded = false;
    this.#start = 0;
    this.#end = leftBytes;
    this.#space = this.#bytes.subarray(leftBytes);
    return 0;
  }
}
