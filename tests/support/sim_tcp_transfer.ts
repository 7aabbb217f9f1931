/**
 * A bulk TCP transfer in the simulator: a sender and a receiver that behave like Linux (CUBIC with
 * HyStart, SACK, RACK-TLP, DSACK, PRR, F-RTO, undo, ECN), and what came of it. docs/tcp-model.md
 * compares it with a kernel.
 *
 * ```
 * sender --sendData--> (tunnel or link) --handleDataPacket--> receiver --> application
 *        <--handleAckPacket--          <--sendAck--
 * ```
 *
 * The packets are IPv4 and TCP as a flow classifier sees them, from 10.10.10.1 to 10.10.10.2 and
 * back, but there is no handshake, checksums are 0 and the payload has no content.
 *
 * @module
 */

import type { Packet } from "../../src/wire/packet.ts";
import { DeliveryLog } from "./delivery_log.ts";
import { SimTcpReceiver } from "./sim_tcp_receiver.ts";
import { isSegmentOf, SEGMENT_HEADER_BYTES } from "./sim_tcp_segment.ts";
import { SimTcpSender } from "./sim_tcp_sender.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** The inner MTU of a tunnel over links of 1500 bytes, with room to spare. */
const DEFAULT_MTU_BYTES = 1340;

/** Receive window: half of the 6 MiB that net.ipv4.tcp_rmem allows, as tcp_adv_win_scale 1 has it. */
const WINDOW_BYTES = 3 * 1024 * 1024;

/** What a transfer is like. */
export interface SimTcpTransferOptions {
  /** 0..20000, unique; the ports are made from it. */
  readonly id: number;
  readonly clock: VirtualClock;
  /** Takes a data packet on the sender's side; it is borrowed until return. Must not deliver before it returns. */
  readonly sendData: (packet: Packet) => unknown;
  /** Takes an ACK on the receiver's side; likewise. */
  readonly sendAck: (packet: Packet) => unknown;
  /** Size of the data packets, 1340 by default. */
  readonly mtuBytes?: number;
  /** Payload of a segment; what fits `mtuBytes` by default. */
  readonly mssBytes?: number;
  /** Virtual ms; 0 by default. */
  readonly startMs?: number;
  /** The application writes nothing more from then on; never by default. */
  readonly stopMs?: number;
  /** Both ends use ECN (RFC 3168); no by default. */
  readonly ecn?: boolean;
  /** Packets that slow start grows by for one ACK at most (RFC 3465: Apple and FreeBSD have 2); no limit by default, as Linux. */
  readonly pktsPerAck?: number;
  /** Payload that the application writes, bits per second; as much as goes by default. */
  readonly appLimitBps?: number;
}

/**
 * A transfer. Give it the packets that arrive.
 *
 * @example
 * ```ts
 * const transfer = new SimTcpTransfer({ id: 1, clock, sendData: (p) => down.send(p), sendAck: (p) => up.send(p) });
 * down.onArrival = (packet) => transfer.handleDataPacket(packet);
 * up.onArrival = (packet) => transfer.handleAckPacket(packet);
 * clock.runUntil(10_000);
 * console.log(transfer.goodputBps(1000, 10_000));
 * ```
 */
export class SimTcpTransfer {
  readonly #options: SimTcpTransferOptions;
  readonly #sender: SimTcpSender;
  readonly #receiver: SimTcpReceiver;
  readonly #log: DeliveryLog;
  readonly #mssBytes: number;

  constructor(options: SimTcpTransferOptions) {
    const { id, clock, mtuBytes = DEFAULT_MTU_BYTES, startMs = 0, stopMs = Infinity } = options;
    const mssBytes = options.mssBytes ?? mtuBytes - SEGMENT_HEADER_BYTES;
    this.#options = options;
    this.#mssBytes = mssBytes;
    this.#log = new DeliveryLog(mssBytes);
    const shared = { id, clock, mssBytes, windowBytes: WINDOW_BYTES };
    const isEcn = options.ecn ?? false;
    const { pktsPerAck = Infinity, sendData } = options;
    this.#sender = new SimTcpSender({ ...shared, isEcn, pktsPerAck, send: sendData });
    this.#receiver = new SimTcpReceiver({
      ...shared,
      send: options.sendAck,
      onDelivered: (segments, now) => this.#log.add(segments, now),
    });
    clock.at(startMs, () => this.#start());
    if (stopMs < Infinity) clock.at(stopMs, () => this.#sender.stop());
  }

  /** Hot. A data packet of this transfer arrived at the receiver's side; borrowed until return. */
  handleDataPacket(packet: Packet): void {
    this.#receiver.handle(packet);
  }

  /** Hot. An ACK of this transfer arrived at the sender's side; borrowed until return. */
  handleAckPacket(packet: Packet): void {
    this.#sender.handleAck(packet);
  }

  /** Hot. Hands a packet that arrived on either side on. @returns false when it is not of this transfer. */
  handlePacket(packet: Packet): boolean {
    const { id } = this.#options;
    if (isSegmentOf(packet, id, "sender")) this.handleDataPacket(packet);
    else if (isSegmentOf(packet, id, "receiver")) this.handleAckPacket(packet);
    else return false;
    return true;
  }

  /** Payload that the application got, in order. */
  get deliveredBytes(): number {
    return this.#log.deliveredBytes;
  }

  /** Payload per time that the application got, in order, in a span of virtual ms. */
  goodputBps(fromMs: number, toMs: number): number {
    return this.#log.goodputBps(fromMs, toMs);
  }

  /** The longest time in a span in which the application got nothing. */
  longestStallMs(fromMs: number, toMs: number): number {
    return this.#log.longestStallMs(fromMs, toMs);
  }

  /** Data packets sent, repeated ones included. */
  get sentPkts(): number {
    return this.#sender.sentPkts;
  }

  /** Sent again, loss probes included. */
  get retransmittedPkts(): number {
    return this.#sender.retransmittedPkts;
  }

  /** Of these, loss probes. */
  get probePkts(): number {
    return this.#sender.probePkts;
  }

  /** Sent again in vain, by the receiver's count; a link that duplicates packets spoils it. */
  get spuriousPkts(): number {
    return Math.min(this.#receiver.duplicatePkts, this.#sender.retransmittedPkts);
  }

  /** ACKs sent. */
  get ackPkts(): number {
    return this.#receiver.acksSent;
  }

  /** Timeouts. */
  get rtoCount(): number {
    return this.#sender.timeouts;
  }

  /** Reductions of the window that were taken back. */
  get undoCount(): number {
    return this.#sender.state.undos;
  }

  /** Reductions of the window because of marks. */
  get ecnReductions(): number {
    return this.#sender.state.ecnReductions;
  }

  /** Smoothed round-trip time; 0 before the first ACK. */
  get srttMs(): number {
    return this.#sender.state.rtt.srttMs;
  }

  /** Shortest round-trip time; Infinity before the first ACK. */
  get minRttMs(): number {
    return this.#sender.state.rtt.minRttMs;
  }

  /** Congestion window. */
  get cwndPkts(): number {
    return this.#sender.state.cwndPkts;
  }

  /** Slow start's end; Infinity before the first. */
  get ssthreshPkts(): number {
    return this.#sender.state.ssthreshPkts;
  }

  /** RACK's reordering window in quarters of the shortest round-trip time. */
  get reorderingSteps(): number {
    return this.#sender.reorderingSteps;
  }

  #start(): void {
    const { appLimitBps, clock } = this.#options;
    if (appLimitBps === undefined) {
      this.#sender.write(Infinity);
      return;
    }
    const intervalMs = this.#mssBytes * 8000 / appLimitBps;
    let dueMs = clock.now;
    const writeNext = (): void => {
      if (this.#sender.isStopped) return;
      this.#sender.write(1);
      dueMs += intervalMs;
      clock.at(dueMs, writeNext);
    };
    writeNext();
  }
}
