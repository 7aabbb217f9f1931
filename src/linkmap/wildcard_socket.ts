/**
 * A master's socket on the wildcard, which serves all addresses of one family: it is told which one each datagram was sent to
 * (IP_PKTINFO), and hands it out with the {@link AskedSocket} of that address, which answers from there.
 *
 * @module
 */

import type { NetAddress } from "../net_address.ts";
import type { Packet } from "../wire/packet.ts";
import { type DropCounters, DropReason } from "../wire/drop_reason.ts";
import { AskedSocket } from "./asked_socket.ts";
import { type DatagramSlot, type DatagramSocket, swapPackets } from "./datagram_socket.ts";
import type { BoundUdpSocket, UdpBinder } from "./udp_port.ts";

/** What a {@link WildcardSocket} works with. */
export interface WildcardSocketOptions {
  /** `0.0.0.0`, or `::` for IPv6 only. */
  readonly hostname: string;
  readonly port: number;
  readonly bindUdp: UdpBinder;
  /** Counts datagrams to addresses that are not served. */
  readonly drops: DropCounters;
  /** An address was asked that is not served: who is told may have it served now, by {@link WildcardSocket.serve}. */
  readonly onUnknown: () => void;
}

/** One socket, and the addresses that it serves. */
export class WildcardSocket implements DatagramSocket {
  readonly transport = "udp";
  readonly label: string;
  readonly #udp: BoundUdpSocket;
  readonly #options: WildcardSocketOptions;
  /** By local address. */
  readonly #asked = new Map<string, AskedSocket>();
  /** Whose turn it was last: most datagrams are to the address of the one before. */
  #last: AskedSocket | null = null;
  #isClosed = false;

  private constructor(udp: BoundUdpSocket, options: WildcardSocketOptions) {
    this.#udp = udp;
    this.#options = options;
    this.label = udp.label;
  }

  /** @throws Error as a {@link UdpBinder}, also where the engine or the kernel cannot tell which address was asked. */
  static open(options: WildcardSocketOptions): WildcardSocket {
    const { hostname, port, drops, bindUdp } = options;
    return new WildcardSocket(bindUdp({ hostname, port, drops, tellsLocal: true }), options);
  }

  /** From now on an address is served, until its socket is closed. */
  serve(hostname: string): AskedSocket {
    const asked = new AskedSocket(this.#udp, hostname);
    this.#asked.set(hostname, asked);
    if (this.#isClosed) asked.fail(this.failure);
    return asked;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** See {@link DatagramSocket.failure}. */
  get failure(): Error | null {
    return this.#udp.failure;
  }

  /** See {@link DatagramSocket.lastSendError}. */
  get lastSendError(): Error | null {
    return this.#udp.lastSendError;
  }

  /** Hot. See {@link DatagramSocket.send}: from the address that the route picks. */
  send(packet: Packet, dst: NetAddress): number {
    return this.#udp.send(packet, dst);
  }

  /** See {@link DatagramSocket.receive}. One call at a time. */
  async receive(slots: readonly DatagramSlot[]): Promise<number> {
    for (;;) {
      const received = await this.#udp.receive(slots);
      if (received === 0) {
        this.close();
        return 0;
      }
      const kept = this.#keepServed(slots, received);
      if (kept > 0) return kept;
    }
  }

  /** See {@link DatagramSocket.close}. Those of the addresses end with it. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#udp.close();
    for (const asked of this.#asked.values()) asked.fail(this.failure);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Hot. Says over what to answer, and closes the gaps of what is dropped. @returns slots kept, from the first on. */
  #keepServed(slots: readonly DatagramSlot[], received: number): number {
    let kept = 0;
    for (let i = 0; i < received; i++) {
      const slot = slots[i]!;
      if (!this.#place(slot)) {
        this.#options.drops.count(DropReason.NOT_LISTENED);
        continue;
      }
      const into = slots[kept++]!;
      if (into === slot) continue;
      swapPackets(into, slot);
      into.source = slot.source;
      into.via = slot.via ?? null;
    }
    return kept;
  }

  /** Hot. @returns whether its address is served. */
  #place(slot: DatagramSlot): boolean {
    const local = slot.local ?? null;
    const last = this.#last;
    if (last !== null && last.local === local && !last.isClosed) {
      slot.via = last;
      return true;
    }
    slot.via = null;
    // Never seen of a kernel that has taken the option; better an answer from the wrong address than none.
    if (local === null) return true;
    if (!local.isUnicast) return false;
    const asked = this.#find(local.hostname);
    if (asked === undefined) return false;
    asked.local = local;
    this.#last = asked;
    slot.via = asked;
    return true;
  }

  #find(hostname: string): AskedSocket | undefined {
    const asked = this.#asked.get(hostname);
    if (asked !== undefined && !asked.isClosed) return asked;
    this.#asked.delete(hostname);
    this.#options.onUnknown();
    return this.#asked.get(hostname);
  }
}
