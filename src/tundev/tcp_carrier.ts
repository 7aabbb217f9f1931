/**
 * Carries one TCP connection over one stream: two loops, one each way, each of which stops while
 * the other side cannot take more. So a slow reader at one end slows the writer at the other one,
 * and neither end holds more than a window.
 *
 * @module
 */

import { closeQuietly } from "../close_quietly.ts";
import { ResetReason, type StreamChannel, type StreamHandler } from "./stream_channel.ts";

/** What a carrier needs of its tundev. */
export interface TcpCarrierHost {
  /** Something may be ready to go out. */
  schedulePump(): void;
  /** Monotonic ms. */
  now(): number;
}

/** Most that is read from, or written to, TCP at once, bytes. */
const CHUNK_BYTES = 64 * 1024;

/** One connection and its stream. */
export class TcpCarrier implements StreamHandler {
  /** Why the other end reset the stream; 0 when it did not. */
  resetByPeer: ResetReason = 0;

  readonly #stream: StreamChannel;
  readonly #host: TcpCarrierHost;
  #conn: Deno.TcpConn | null = null;
  #isAborted = false;
  #wakeReading: (() => void) | null = null;
  #wakeWriting: (() => void) | null = null;

  /** Takes the stream over: its owner hears of nothing else. */
  constructor(stream: StreamChannel, host: TcpCarrierHost) {
    this.#stream = stream;
    this.#host = host;
    stream.handler = this;
  }

  /** Whether the stream is over before its end, by whichever side. */
  get isAborted(): boolean {
    return this.#isAborted;
  }

  handleReadable(): void {
    this.#wakeWriting?.();
  }

  handleWritable(): void {
    this.#wakeReading?.();
  }

  handleReset(reason: ResetReason): void {
    this.resetByPeer = reason;
    this.#stop();
  }

  /** Ends both directions here and tells the other end. Idempotent. */
  abort(reason: ResetReason): void {
    if (this.#isAborted) return;
    this.#stream.reset(reason);
    this.#stop();
    this.#host.schedulePump();
  }

  /**
   * Carries until both directions have ended, or the connection or the stream broke; closes the
   * connection. Never rejects.
   */
  async carry(conn: Deno.TcpConn): Promise<void> {
    this.#conn = conn;
    if (this.#isAborted) return closeQuietly(conn);
    try {
      // A tunnel adds delay enough; keepalive finds local peers that vanished.
      conn.setNoDelay(true);
      conn.setKeepAlive(true);
    } catch {
      // The peer has closed already; reading tells.
    }
    await Promise.all([this.#fromTcp(conn), this.#toTcp(conn)]);
    closeQuietly(conn);
  }

  async #fromTcp(conn: Deno.TcpConn): Promise<void> {
    const buffer = new Uint8Array(CHUNK_BYTES);
    try {
      while (!this.#isAborted) {
        const roomBytes = this.#stream.writableBytes;
        if (roomBytes === 0) {
          await this.#untilWritable();
          continue;
        }
        const bytes = await conn.read(buffer.subarray(0, roomBytes));
        if (bytes === null) this.#stream.finish();
        else this.#stream.write(buffer.subarray(0, bytes));
        this.#host.schedulePump();
        if (bytes === null) return;
      }
    } catch {
      this.abort(ResetReason.ABORTED); // the local connection broke
    }
  }

  async #toTcp(conn: Deno.TcpConn): Promise<void> {
    try {
      while (!this.#isAborted) {
        const view = this.#stream.view();
        if (view.length > 0) {
          const bytes = await conn.write(view.subarray(0, CHUNK_BYTES));
          this.#stream.consume(bytes, this.#host.now());
          this.#host.schedulePump();
        } else if (this.#stream.isAtEnd) return await conn.closeWrite();
        else await this.#untilReadable();
      }
    } catch {
      this.abort(ResetReason.ABORTED);
    }
  }

  #untilWritable(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeReading = (): void => {
        this.#wakeReading = null;
        resolve();
      };
    });
  }

  #untilReadable(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeWriting = (): void => {
        this.#wakeWriting = null;
        resolve();
      };
    });
  }

  #stop(): void {
    this.#isAborted = true;
    if (this.#conn !== null) closeQuietly(this.#conn); // ends a pending read or write
    this.#wakeReading?.();
    this.#wakeWriting?.();
  }
}
