/**
 * A datagram socket that costs nothing: it takes everything, and brings one datagram again and again.
 *
 * @module
 */

import type { DatagramSlot, DatagramSocket } from "../../src/linkmap/datagram_socket.ts";
import type { NetAddress } from "../../src/net_address.ts";
import type { Packet } from "../../src/wire/packet.ts";

/** Where all it brings is from. */
export const FREE_PEER: NetAddress = { hostname: "192.0.2.1", port: 4_321 };

/** See the module. */
export class FreeSocket implements DatagramSocket {
  readonly label = "free";
  readonly transport = "udp";
  readonly failure = null;
  readonly lastSendError = null;
  readonly #datagram: Uint8Array;
  #isClosed = false;
  #duePkts = 0;
  #full: Promise<number> | null = null;
  #resume = Promise.withResolvers<void>();
  #done = Promise.withResolvers<void>();

  /** @param datagram what it brings. */
  constructor(datagram: Uint8Array) {
    this.#datagram = datagram;
  }

  send(_packet: Packet, _dst: NetAddress): number {
    return 0;
  }

  receive(slots: readonly DatagramSlot[]): Promise<number> {
    if (this.#duePkts === 0) return this.#receiveLater(slots);
    const count = Math.min(slots.length, this.#duePkts);
    for (let i = 0; i < count; i++) {
      slots[i]!.packet.fill(this.#datagram);
      slots[i]!.source = FREE_PEER;
    }
    this.#duePkts -= count;
    // Always the same one, so that what is counted is the engine's.
    return count === slots.length
      ? (this.#full ??= Promise.resolve(count))
      : Promise.resolve(count);
  }

  async #receiveLater(slots: readonly DatagramSlot[]): Promise<number> {
    this.#done.resolve();
    await this.#resume.promise;
    return this.#isClosed ? 0 : await this.receive(slots);
  }

  /** Brings so many datagrams; resolves when the last one is through. */
  async bring(packets: number): Promise<void> {
    this.#duePkts = packets;
    this.#done = Promise.withResolvers();
    this.#resume.resolve();
    this.#resume = Promise.withResolvers();
    await this.#done.promise;
  }

  close(): void {
    this.#isClosed = true;
    this.#resume.resolve();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
