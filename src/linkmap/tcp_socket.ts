/**
 * A datagram socket over a TCP connection, for where UDP does not get through.
 *
 * Its datagrams never are lost or change places while the connection lives, and come late instead:
 * a tunnel over it is worse than one over UDP, and better than none.
 *
 * What Deno does not offer: keepalive times, buffer sizes, TCP_USER_TIMEOUT. So a connection whose
 * other end is gone without a word is noticed by whoever waits for datagrams, not here.
 *
 * @module
 */

import { closeQuietly } from "../close_quietly.ts";
import { formatAddress, type NetAddress } from "../net_address.ts";
import { type DropCounters, DropReason } from "../wire/drop_reason.ts";
import { HEADROOM_BYTES, type Packet } from "../wire/packet.ts";
import type { DatagramSlot, DatagramSocket } from "./datagram_socket.ts";
import type { StreamConn } from "./stream_conn.ts";
import { craftTcpPreamble, TcpFrameReader } from "./tcp_framing.ts";
import { TcpSendBuffer } from "./tcp_send_buffer.ts";
import { TcpTurns, unitsOf } from "./tcp_turns.ts";

/**
 * What a stranger may bring: see {@link TcpSocketOptions.mayGoOn}. A slave's connection brings some
 * five copies of its initiation at most before the first packet that is authentic.
 */
export const STRANGER_DATAGRAMS = 64;

/** How a connection is used. */
export interface TcpSocketOptions {
  /** Whether we opened it (then we send the preamble) or accepted it (then we want one). */
  readonly side: "opened" | "accepted";
  /** See {@link DatagramSocket.label}. */
  readonly label: string;
  /** The other end: the source of all that is received. */
  readonly remote: NetAddress;
  /** Counts what is thrown away. */
  readonly drops: DropCounters;
  /** Whether a frame that cannot be a datagram of the secure protocol ends the connection; not by default. */
  readonly wantsDatagrams?: boolean | undefined;
  /** Asked after every {@link STRANGER_DATAGRAMS}: where the answer is no the connection ends. Always yes by default. */
  readonly mayGoOn?: (() => boolean) | undefined;
  /** Shared by connections that must not keep each other, and the rest of the program, waiting. Its own by default. */
  readonly turns?: TcpTurns | undefined;
}

/** A connection with frames in it. */
export class TcpSocket implements DatagramSocket {
  static #openCount = 0;
  readonly transport = "tcp";
  readonly label: string;
  /** The other end: what all received datagrams come from. */
  readonly remote: NetAddress;
  /** A refusal to send ends the connection: it is then the {@link failure}. */
  readonly lastSendError = null;
  /** Datagrams received so far, those that no slot could hold as well. */
  receivedDatagrams = 0;
  readonly #conn: StreamConn;
  readonly #drops: DropCounters;
  readonly #reader: TcpFrameReader;
  readonly #sends = new TcpSendBuffer();
  readonly #mayGoOn: (() => boolean) | null;
  readonly #turns: TcpTurns;
  /** What may still be received until it is the others' turn. */
  #units = 0;
  #failure: Error | null = null;
  #isClosed = false;
  /** A {@link #drain} is under way. */
  #isDraining = false;
  /** A write is under way in it. */
  #isWriting = false;

  /** Takes the connection over: it is closed with the socket. */
  constructor(conn: StreamConn, options: TcpSocketOptions) {
    const { side, label, remote, drops, wantsDatagrams, mayGoOn = null, turns } = options;
    TcpSocket.#openCount++;
    this.#conn = conn;
    this.label = label;
    this.remote = remote;
    this.#drops = drops;
    this.#mayGoOn = mayGoOn;
    this.#turns = turns ?? new TcpTurns();
    this.#reader = new TcpFrameReader({ expectsPreamble: side === "accepted", wantsDatagrams });
    if (side !== "opened") return;
    this.#sends.putRaw(craftTcpPreamble());
    this.#startDraining();
  }

  /** How many are open in this program: they come by Deno's event loop, which must not be kept waiting then. */
  static get openCount(): number {
    return TcpSocket.#openCount;
  }

  /** See {@link DatagramSocket.localHostname}. */
  get localHostname(): string {
    return this.#conn.localAddr.hostname;
  }

  /** See {@link DatagramSocket.failure}. */
  get failure(): Error | null {
    return this.#failure;
  }

  /**
   * Hot. See {@link DatagramSocket.send}. All datagrams go to {@link remote}; `_dst` is not looked
   * at. An empty datagram cannot be sent (EMPTY). When the queue is full the new datagram is dropped,
   * whole: so the framing stays as it is.
   */
  send(packet: Packet, _dst: NetAddress): number {
    if (this.#isClosed) return DropReason.CLOSED;
    const result = this.#sends.put(packet);
    if (result === 0 && !this.#isDraining) this.#startDraining();
    return result;
  }

  /** See {@link DatagramSocket.receive}. One call at a time. Now and then it is the event loop's turn first. */
  async receive(slots: readonly DatagramSlot[]): Promise<number> {
    const turns = this.#turns;
    while (!this.#isClosed) {
      if (this.#units <= 0) {
        turns.settle(this.#units);
        this.#units = turns.take() || await turns.wait();
        continue;
      }
      const filledSlots = this.#deliver(slots);
      if (filledSlots > 0) return filledSlots;
      if (this.#isClosed || this.#units <= 0) continue;
      turns.settle(this.#units);
      this.#units = 0;
      await this.#read();
    }
    return 0;
  }

  /**
   * See {@link DatagramSocket.close}. What waits is given to the system as far as it takes it at once:
   * a farewell that was sent just before still goes out, as a rule.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    TcpSocket.#openCount--;
    if (!this.#isWriting && this.#sends.waitingBytes > 0) {
      this.#conn.write(this.#sends.take()).catch(() => {});
    }
    closeQuietly(this.#conn);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Hot. Copies whole frames into slots. @returns how many. */
  #deliver(slots: readonly DatagramSlot[]): number {
    const reader = this.#reader;
    let filledSlots = 0;
    while (filledSlots < slots.length && this.#units > 0) {
      const lengthBytes = reader.next();
      if (lengthBytes === 0) break;
      if (lengthBytes < 0) {
        this.#drops.count(DropReason.BAD_FRAMING);
        this.#fail(`Bad framing from ${this.label}: ${reader.fault}`);
        break;
      }
      if (this.#isSpent()) {
        this.#fail(`${this.#title} brought ${this.receivedDatagrams} datagrams, none of a link`);
        break;
      }
      this.receivedDatagrams++;
      this.#units -= unitsOf(lengthBytes);
      const slot = slots[filledSlots]!;
      const { packet } = slot;
      if (lengthBytes > packet.capacityBytes) {
        this.#drops.count(DropReason.TOO_LARGE);
        continue;
      }
      const { bytes, frameStart } = reader;
      packet.bytes.set(bytes.subarray(frameStart, frameStart + lengthBytes), HEADROOM_BYTES);
      packet.start = HEADROOM_BYTES;
      packet.end = HEADROOM_BYTES + lengthBytes;
      slot.source = this.remote;
      filledSlots++;
    }
    return filledSlots;
  }

  /** Hot. Whether it has brought all that it may. */
  #isSpent(): boolean {
    const count = this.receivedDatagrams;
    if (count === 0 || count % STRANGER_DATAGRAMS !== 0) return false;
    return this.#mayGoOn !== null && !this.#mayGoOn();
  }

  /** Waits for more bytes. Never rejects. */
  async #read(): Promise<void> {
    try {
      const count = await this.#conn.read(this.#reader.space);
      if (count === null) this.#fail(`${this.#title} closed by the other end`);
      else this.#reader.commit(count);
    } catch (error) {
      this.#fail(`${this.#title} ${describeLoss(error)}`, error);
    }
  }

  #startDraining(): void {
    this.#isDraining = true;
    this.#drain();
  }

  /**
   * Writes until nothing waits. It begins a microtask later: what the caller sends in one go then is
   * one write. Never rejects.
   */
  async #drain(): Promise<void> {
    await undefined;
    try {
      while (!this.#isClosed && this.#sends.waitingBytes > 0) {
        this.#isWriting = true;
        await this.#write(this.#sends.take());
        this.#sends.release();
        this.#isWriting = false;
      }
    } catch (error) {
      this.#fail(`${this.#title} ${describeLoss(error)}`, error);
    }
    this.#isDraining = false;
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let sentBytes = 0; sentBytes < bytes.length;) {
      sentBytes += await this.#conn.write(bytes.subarray(sentBytes));
    }
  }

  get #title(): string {
    return `Connection ${this.label}`;
  }

  #fail(reason: string, cause?: unknown): void {
    if (this.#isClosed) return;
    this.#failure = new Error(reason, cause === undefined ? undefined : { cause });
    this.close();
  }
}

/** `tcp 203.0.113.5:4321` */
export function tcpLabel(remote: NetAddress): string {
  return `tcp ${formatAddress(remote)}`;
}

function describeLoss(error: unknown): string {
  if (error instanceof Deno.errors.ConnectionReset) return "reset by the other end";
  if (error instanceof Deno.errors.BrokenPipe) return "closed by the other end";
  return `lost: ${error instanceof Error ? error.message : String(error)}`;
}
