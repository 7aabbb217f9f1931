/**
 * Frames on their way into a TCP connection: a bounded queue of bytes. Pure.
 *
 * Two pieces of memory change places: frames are put into one while the other is being written. So
 * all that came meanwhile goes out in one write.
 *
 * @module
 */

import { DropReason } from "../wire/drop_reason.ts";
import { MAX_PACKET_BYTES } from "../wire/packet.ts";
import { FRAME_HEADER_BYTES, writeTcpFrame } from "./tcp_framing.ts";

/**
 * Bytes in the queue at most, with those being written: about 180 full packets, the burst that a tun
 * gives in one turn. More would only be a longer queue before the kernel's own, which Deno has no
 * option to bound.
 */
export const TCP_SEND_BUFFER_BYTES = 262_144;

/** First size of each of the two: it doubles as needed. A connection that nobody uses stays small. */
const INITIAL_BYTES = 8_192;

/** What waits to be written. */
export class TcpSendBuffer {
  #filling = new Uint8Array(INITIAL_BYTES);
  #fillingBytes = 0;
  #writing = new Uint8Array(INITIAL_BYTES);
  #writingBytes = 0;

  /** Bytes that {@link take} would give. */
  get waitingBytes(): number {
    return this.#fillingBytes;
  }

  /** Puts bytes that are no frame, such as the preamble, at the queue's end. @throws RangeError when it is full. */
  putRaw(bytes: Uint8Array): void {
    if (!this.#reserve(bytes.length)) throw new RangeError("Invariant: no room in the send buffer");
    this.#filling.set(bytes, this.#fillingBytes);
    this.#fillingBytes += bytes.length;
  }

  /**
   * Hot. Puts a copy of `bytes[start..end)` at the queue's end, as a frame.
   * @returns 0, or EMPTY, TOO_LARGE or SEND_QUEUE_FULL: then it is not in the queue, nor any part of it.
   */
  put(
    packet: { readonly bytes: Uint8Array; readonly start: number; readonly end: number },
  ): number {
    const lengthBytes = packet.end - packet.start;
    if (lengthBytes <= 0) return DropReason.EMPTY;
    if (lengthBytes > MAX_PACKET_BYTES) return DropReason.TOO_LARGE;
    if (!this.#reserve(FRAME_HEADER_BYTES + lengthBytes)) return DropReason.SEND_QUEUE_FULL;
    this.#fillingBytes += writeTcpFrame(this.#filling, this.#fillingBytes, packet);
    return 0;
  }

  /**
   * Takes all that waits. It counts as queued until {@link release}, which must come before the next `take`.
   * @returns a view that stays as it is until `release`.
   */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#filling;
    this.#filling = this.#writing;
    this.#writing = taken;
    this.#writingBytes = this.#fillingBytes;
    this.#fillingBytes = 0;
    return taken.subarray(0, this.#writingBytes);
  }

  /** What was taken is written. */
  release(): void {
    this.#writingBytes = 0;
  }

  /** Hot. @returns false when that many bytes more are too many. */
  #reserve(bytes: number): boolean {
    const neededBytes = this.#fillingBytes + bytes;
    if (neededBytes + this.#writingBytes > TCP_SEND_BUFFER_BYTES) return false;
    if (neededBytes > this.#filling.length) this.#grow(neededBytes);
    return true;
  }

  #grow(neededBytes: number): void {
    let sizeBytes = this.#filling.length;
    while (sizeBytes < neededBytes) sizeBytes *= 2;
    const larger = new Uint8Array(sizeBytes);
    larger.set(this.#filling.subarray(0, this.#fillingBytes));
    this.#filling = larger;
  }
}
