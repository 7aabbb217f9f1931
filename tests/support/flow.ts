/**
 * Traffic of the simulator: UDP packets at a constant rate, on and off, with a number and the time
 * in each.
 *
 * @module
 */

import { HEADROOM_BYTES, Packet } from "../../src/wire/packet.ts";
import { FlowSink } from "./flow_sink.ts";
import type { VirtualClock } from "./virtual_clock.ts";

/** What a flow is like. Sizes and rates are those of the inner IP packets. */
export interface FlowSpec {
  /** Who sends. */
  readonly from: "master" | "slave";
  readonly rateBps: number;
  /** 48..1500; 1400 by default. */
  readonly packetBytes?: number;
  /** Virtual ms; 0 by default. */
  readonly startMs?: number;
  /** Virtual ms; never by default. */
  readonly stopMs?: number;
  /** Sends for `onMs`, pauses for `offMs`, and so on; without it, sends all the time. */
  readonly onOff?: { readonly onMs: number; readonly offMs: number };
}

/** IPv4 header (RFC 791, 20 bytes) and UDP header (RFC 768, 8 bytes), then the flow's own fields. */
const PROTOCOL_OFFSET = 9;
const UDP_OFFSET = 20;
const FLOW_OFFSET = 28;
const SEQ_NO_OFFSET = 32;
const SENT_OFFSET = 40;

/** The smallest packet that holds the fields. */
const MIN_PACKET_BYTES = 48;

/** A source, and the sink that measures what arrives of it. */
export class Flow {
  readonly sink = new FlowSink();
  /** Offered to the tunnel. */
  sentPkts = 0;
  /** Of these, refused by the sender's own side. */
  refusedPkts = 0;

  readonly #clock: VirtualClock;
  readonly #spec: FlowSpec;
  readonly #send: (packet: Packet) => number;
  readonly #packet: Packet;
  readonly #intervalMs: number;
  readonly #tick = (): void => this.#sendNext();
  #dueMs: number;

  /** @param send offers a packet, borrowed until it returns, to the tunnel. */
  constructor(id: number, spec: FlowSpec, clock: VirtualClock, send: (packet: Packet) => number) {
    const lengthBytes = spec.packetBytes ?? 1400;
    if (lengthBytes < MIN_PACKET_BYTES) {
      throw new RangeError(`Cannot make flow: ${lengthBytes} bytes are below ${MIN_PACKET_BYTES}`);
    }
    this.#clock = clock;
    this.#spec = spec;
    this.#send = send;
    this.#packet = craftPacket(id, lengthBytes);
    this.#intervalMs = lengthBytes * 8000 / spec.rateBps;
    this.#dueMs = Math.max(spec.startMs ?? 0, clock.now);
    clock.at(this.#dueMs, this.#tick);
  }

  /** Packets neither refused nor arrived: lost, or still under way. */
  get missingPkts(): number {
    return this.sentPkts - this.refusedPkts - this.sink.receivedPkts;
  }

  #sendNext(): void {
    const { now } = this.#clock;
    const { startMs = 0, stopMs = Infinity, onOff } = this.#spec;
    if (now >= stopMs) return;
    this.#packet.view.setFloat64(HEADROOM_BYTES + SEQ_NO_OFFSET, this.sentPkts++);
    this.#packet.view.setFloat64(HEADROOM_BYTES + SENT_OFFSET, now);
    if (this.#send(this.#packet) < 0) this.refusedPkts++;
    this.#dueMs += this.#intervalMs;
    if (onOff !== undefined) {
      const cycleMs = onOff.onMs + onOff.offMs;
      const intoMs = (this.#dueMs - startMs) % cycleMs;
      if (intoMs >= onOff.onMs) this.#dueMs += cycleMs - intoMs;
    }
    this.#clock.at(this.#dueMs, this.#tick);
  }
}

/** Hot. Hands an arrived packet to its flow's sink. @returns false when it is none of these flows'. */
export function receiveFlowPacket(flows: readonly Flow[], packet: Packet, now: number): boolean {
  const { view, start, length } = packet;
  if (length < MIN_PACKET_BYTES) return false;
  const flow = flows[view.getUint32(start + FLOW_OFFSET)];
  if (flow === undefined) return false;
  const seqNo = view.getFloat64(start + SEQ_NO_OFFSET);
  flow.sink.receive(seqNo, length, view.getFloat64(start + SENT_OFFSET), now);
  return true;
}

/** An IPv4 packet with a UDP header; the checksums are left 0, for no kernel sees it. */
function craftPacket(flowId: number, lengthBytes: number): Packet {
  const packet = new Packet(lengthBytes);
  packet.fill(new Uint8Array(lengthBytes));
  const { view, start } = packet;
  view.setUint8(start, 0x45); // version 4, header of 5 words
  view.setUint16(start + 2, lengthBytes);
  view.setUint8(start + 8, 64); // time to live
  view.setUint8(start + PROTOCOL_OFFSET, 17); // UDP
  view.setUint32(start + 12, 0x0a0a0a01); // 10.10.10.1 ...
  view.setUint32(start + 16, 0x0a0a0a02); // ... to 10.10.10.2
  view.setUint16(start + UDP_OFFSET, 10_000 + flowId);
  view.setUint16(start + UDP_OFFSET + 2, 20_000 + flowId);
  view.setUint16(start + UDP_OFFSET + 4, lengthBytes - UDP_OFFSET);
  view.setUint32(start + FLOW_OFFSET, flowId);
  return packet;
}
