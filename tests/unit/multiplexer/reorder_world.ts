/**
 * A reorder buffer whose packets carry their group and number, so that what it delivers can be compared.
 *
 * @module
 */

import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { ReorderBuffer } from "../../../src/multiplexer/reorder_buffer.ts";
import { Packet } from "../../../src/wire/packet.ts";

/** What deliver returns. */
export const DELIVERED = 40;

export class ReorderWorld {
  readonly pool: PacketPool;
  readonly buffer: ReorderBuffer;
  /** Numbers delivered, by group. */
  readonly delivered: number[][] = Array.from({ length: 256 }, () => []);
  readonly #packet = new Packet(9_000);

  constructor(maxSlots?: number) {
    this.pool = new PacketPool(maxSlots);
    this.buffer = new ReorderBuffer({
      pool: this.pool,
      deliver: (packet) => {
        const { view, start } = packet;
        this.delivered[view.getUint32(start)]!.push(view.getUint32(start + 4));
        return DELIVERED;
      },
    });
  }

  /** @param number any integer: its low 32 bits are sent */
  receive(group: number, number: number, now = 0, isRealtime = false, lengthBytes = 40): number {
    const packet = this.#packet;
    packet.reset();
    packet.end = packet.start + lengthBytes;
    packet.view.setUint32(packet.start, group);
    packet.view.setUint32(packet.start + 4, number);
    const result = this.buffer.receive(packet, group, wrap(number), isRealtime, now);
    packet.bytes.fill(0xa5); // it was borrowed
    return result;
  }

  giveUp(group: number, number: number, now = 0): void {
    this.buffer.giveUp(group, wrap(number), now);
  }
}

/** An integer's low 32 bits. */
export function wrap(number: number): number {
  return ((number % 2 ** 32) + 2 ** 32) % 2 ** 32;
}
