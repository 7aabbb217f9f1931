/**
 * A flow queue with its pools, for tests: packets go in by a description and come out as one.
 *
 * @module
 */

import { FlowQueue } from "../../../src/multiplexer/flow_queue.ts";
import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { writeChecksum } from "../../support/udp4_packet.ts";

/** A packet to put in. */
export interface PutPacket {
  /** The flow's hash. */
  readonly flow: number;
  readonly lengthBytes?: number;
  readonly isThin?: boolean;
  readonly ecn?: number;
}

/** A packet that came out. */
export interface TakenPacket {
  /** Numbers count the packets put in, from 0. */
  readonly id: number;
  readonly flow: number;
  readonly lengthBytes: number;
}

/** Queue and pools. */
export class QueueBench {
  readonly pool = new PacketPool();
  readonly queue = new FlowQueue(this.pool);
  readonly #packet = new Packet(1_500);
  #nextId = 0;

  /** Puts an IPv4 packet in; it carries its number where the source address stands. @returns what enqueue returns. */
  put({ flow, lengthBytes = 1_400, isThin = false, ecn = 0 }: PutPacket, now = 0): number {
    const packet = this.#packet;
    packet.fill(new Uint8Array(lengthBytes));
    packet.bytes[packet.start] = 0x45;
    packet.bytes[packet.start + 1] = ecn;
    packet.view.setUint16(packet.start + 2, lengthBytes);
    packet.view.setUint32(packet.start + 12, this.#nextId++);
    writeChecksum(packet.bytes, packet.start + 10, packet.start, packet.start + 20);
    return this.queue.enqueue(this.pool.acquireCopy(packet)!, flow, isThin, now);
  }

  /** Takes the next packet out and gives its slot back. */
  take(now = 0): TakenPacket | null {
    const slot = this.queue.dequeue(now);
    if (slot === null) return null;
    const id = slot.view.getUint32(slot.start + 12);
    const taken = { id, flow: this.queue.lastFlowHash, lengthBytes: slot.length };
    this.pool.release(slot);
    return taken;
  }
}
