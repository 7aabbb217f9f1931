/**
 * A datagram socket in memory: sockets on one fake network reach each other by address. What a test
 * uses where a real socket would only be slower.
 *
 * @module
 */

import type { DatagramSlot, DatagramSocket, Transport } from "../../src/linkmap/datagram_socket.ts";
import { formatAddress, type NetAddress } from "../../src/net_address.ts";
import { DropReason } from "../../src/wire/drop_reason.ts";
import { MAX_PACKET_BYTES, type Packet } from "../../src/wire/packet.ts";

/** Datagrams that wait in a socket, at most: then its senders are told SEND_QUEUE_FULL. */
export const FAKE_QUEUE_PKTS = 256;

interface QueuedDatagram {
  readonly bytes: Uint8Array;
  readonly source: NetAddress;
}

/** Fake sockets by address. */
export class FakeNetwork {
  readonly #sockets = new Map<string, FakeDatagramSocket>();

  /** Opens a socket. @throws Error when the address is taken. */
  bind(address: NetAddress): FakeDatagramSocket {
    const key = formatAddress(address);
    if (this.#sockets.has(key)) throw new Error(`Cannot open fake socket on ${key}: taken`);
    const socket = new FakeDatagramSocket(this, address);
    this.#sockets.set(key, socket);
    return socket;
  }

  /** For {@link FakeDatagramSocket}: hands bytes over. To nobody they are lost, as in UDP. */
  transmit(bytes: Uint8Array, source: NetAddress, dst: NetAddress): number {
    return this.#sockets.get(formatAddress(dst))?.enqueue({ bytes, source }) ?? 0;
  }

  /** For {@link FakeDatagramSocket}: a socket is closed. */
  remove(address: NetAddress): void {
    this.#sockets.delete(formatAddress(address));
  }
}

/** One socket of a {@link FakeNetwork}. */
export class FakeDatagramSocket implements DatagramSocket {
  /** A test may say otherwise. */
  transport: Transport = "udp";
  localHostname: string | undefined;
  readonly label: string;
  readonly localAddress: NetAddress;
  failure: Error | null = null;
  lastSendError: Error | null = null;
  readonly #network: FakeNetwork;
  readonly #queue: QueuedDatagram[] = [];
  #isClosed = false;
  #wake: (() => void) | null = null;

  constructor(network: FakeNetwork, localAddress: NetAddress) {
    this.#network = network;
    this.localAddress = localAddress;
    this.label = `fake ${formatAddress(localAddress)}`;
  }

  send(packet: Packet, dst: NetAddress): number {
    if (this.#isClosed) return DropReason.CLOSED;
    if (packet.length > MAX_PACKET_BYTES) return DropReason.TOO_LARGE;
    return this.#network.transmit(packet.toBytes().slice(), this.localAddress, dst);
  }

  async receive(slots: readonly DatagramSlot[]): Promise<number> {
    for (;;) {
      if (this.#isClosed) return 0;
      const filled = this.#drain(slots);
      if (filled > 0) return filled;
      await new Promise<void>((resolve) => this.#wake = resolve);
      this.#wake = null;
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#network.remove(this.localAddress);
    this.#wake?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /** Ends the socket as a lost life line does. */
  fail(error: Error): void {
    this.failure = error;
    this.close();
  }

  #drain(slots: readonly DatagramSlot[]): number {
    let filled = 0;
    while (filled < slots.length) {
      const datagram = this.#queue.shift();
      if (datagram === undefined) break;
      const slot = slots[filled]!;
      if (datagram.bytes.length > slot.packet.capacityBytes) continue;
      slot.packet.fill(datagram.bytes);
      slot.source = datagram.source;
      filled++;
    }
    return filled;
  }

  /** For {@link FakeNetwork}: a datagram arrives. */
  enqueue(datagram: QueuedDatagram): number {
    if (this.#queue.length >= FAKE_QUEUE_PKTS) return DropReason.SEND_QUEUE_FULL;
    this.#queue.push(datagram);
    this.#wake?.();
    return 0;
  }
}
