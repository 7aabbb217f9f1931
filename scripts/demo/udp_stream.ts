/**
 * The demo's data: a paced UDP stream from the server to the laptop, counted where it arrives; and
 * the echo port for the probes.
 *
 * @module
 */

import type { DatagramSlot } from "../../src/linkmap/datagram_socket.ts";
import type { NetAddress } from "../../src/net_address.ts";
import { UdpSocket } from "../../src/linkmap/udp_socket.ts";
import { Packet } from "../../src/wire/packet.ts";
import type { GoodputMeter } from "./goodput_meter.ts";

/** Payload of a datagram: fills a packet of the tunnel's default MTU (1340) with IPv4 and UDP headers. */
export const PAYLOAD_BYTES = 1_312;

/** How late the pace may be before what was missed is left out, in ms: bursts fill the phones' queues. */
const MAX_LATE_MS = 20;

/** Datagrams received at a time. */
const SLOTS = 16;

/** Sends datagrams at a fixed pace until disposed of. */
export class UdpSource implements Disposable {
  readonly #socket: UdpSocket;
  readonly #dst: NetAddress;
  readonly #packet = new Packet(PAYLOAD_BYTES);
  readonly #intervalMs: number;
  #nextMs = performance.now();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Starts it. @param payloadBps bits of payload per second. */
  constructor(dst: NetAddress, payloadBps: number) {
    this.#socket = UdpSocket.bind({ hostname: "0.0.0.0", port: 0 });
    this.#dst = dst;
    this.#packet.end = this.#packet.start + PAYLOAD_BYTES;
    this.#intervalMs = PAYLOAD_BYTES * 8 * 1_000 / payloadBps;
    this.#send();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  #send(): void {
    const now = performance.now();
    this.#nextMs = Math.max(this.#nextMs, now - MAX_LATE_MS);
    for (; this.#nextMs <= now; this.#nextMs += this.#intervalMs) {
      this.#socket.send(this.#packet, this.#dst);
    }
    this.#timer = setTimeout(() => this.#send(), 1);
  }
}

/** Counts the datagrams that arrive. */
export class UdpSink implements AsyncDisposable {
  readonly #socket: UdpSocket;
  readonly #receiving: Promise<void>;

  /** Starts it. @throws Error when the port is taken. */
  constructor(port: number, meter: GoodputMeter) {
    this.#socket = UdpSocket.bind({ hostname: "0.0.0.0", port });
    this.#receiving = receiveEach(
      this.#socket,
      ({ packet }) => meter.add(packet.length, performance.now()),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#receiving;
  }
}

/** Sends each datagram back to where it came from. */
export class UdpEcho implements AsyncDisposable {
  readonly #socket: UdpSocket;
  readonly #receiving: Promise<void>;

  /** Starts it. @param hostname the address that it also answers from. @throws Error when the port is taken. */
  constructor(hostname: string, port: number) {
    this.#socket = UdpSocket.bind({ hostname, port });
    this.#receiving = receiveEach(
      this.#socket,
      ({ packet, source }) => void this.#socket.send(packet, source),
    );
  }

  /** Where it listens. */
  get address(): NetAddress {
    return this.#socket.localAddress;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    await this.#receiving;
  }
}

async function receiveEach(
  socket: UdpSocket,
  callback: (slot: DatagramSlot) => void,
): Promise<void> {
  const slots = Array.from({ length: SLOTS }, (): DatagramSlot => ({
    packet: new Packet(2_048),
    source: { hostname: "", port: 0 },
  }));
  for (;;) {
    const count = await socket.receive(slots);
    if (count === 0) return;
    for (let i = 0; i < count; i++) callback(slots[i]!);
  }
}
