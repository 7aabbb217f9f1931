/**
 * Sends one datagram after another to itself until the system's buffer is full, and takes them in; for a namespace whose `lo` is
 * slow. Prints a {@link BurstReport} as JSON. Argument: bytes in a datagram.
 *
 * @module
 */

import { setImmediate } from "node:timers";
import { Reactor } from "../../src/reactor.ts";
import { FastUdpSocket } from "../../src/linkmap/fast_udp_socket.ts";
import { DropCounters, DropReason } from "../../src/wire/drop_reason.ts";
import { Packet } from "../../src/wire/packet.ts";
import { createSlots } from "./datagram_rigs.ts";

/** What became of a burst. */
export interface BurstReport {
  /** Whether one datagram was refused for the buffer's sake. */
  readonly isFull: boolean;
  /** Datagrams taken before. */
  readonly taken: number;
  /** Of these, how many arrived, in order and whole, before one that did not, or before time was up. */
  readonly arrived: number;
  /** Drops of all reasons. */
  readonly drops: number;
}

/** More than the buffer of 8 MiB holds. */
const MAX_BURST_PKTS = 40_000;

/** The receiver gets its turn after so many, or its buffer would be the full one. */
const TURN_PKTS = 200;

const TIMEOUT_MS = 10_000;

async function burst(lengthBytes: number): Promise<BurstReport> {
  const reactor = new Reactor();
  const drops = new DropCounters();
  using src = FastUdpSocket.bind({ hostname: "127.0.0.1", port: 0, drops }, reactor);
  using dst = FastUdpSocket.bind({ hostname: "127.0.0.1", port: 0, drops }, reactor);
  const timer = setTimeout(() => dst.close(), TIMEOUT_MS);
  const arrivals = new Arrivals(lengthBytes);
  const reading = arrivals.read(dst);
  const packet = new Packet();
  packet.fill(new Uint8Array(lengthBytes));
  let taken = 0;
  let result = 0;
  for (; taken < MAX_BURST_PKTS; taken++) {
    packet.view.setUint32(packet.start, taken);
    result = src.send(packet, dst.localAddress);
    if (result !== 0) break;
    if (taken % TURN_PKTS === 0) await new Promise<void>((resolve) => setImmediate(resolve));
  }
  arrivals.expected = taken;
  await reading;
  clearTimeout(timer);
  return {
    isFull: result === DropReason.SEND_QUEUE_FULL,
    taken,
    arrived: arrivals.count,
    drops: drops.total(),
  };
}

class Arrivals {
  count = 0;
  expected = Infinity;
  readonly #lengthBytes: number;

  constructor(lengthBytes: number) {
    this.#lengthBytes = lengthBytes;
  }

  async read(socket: FastUdpSocket): Promise<void> {
    const slots = createSlots(16);
    while (this.count < this.expected) {
      const received = await socket.receive(slots);
      if (received === 0) return;
      for (const { packet } of slots.slice(0, received)) {
        if (packet.length !== this.#lengthBytes) return;
        if (packet.view.getUint32(packet.start) !== this.count) return;
        this.count++;
      }
    }
  }
}

if (import.meta.main) {
  const report = await burst(Number(Deno.args[0]));
  await Deno.stdout.write(new TextEncoder().encode(JSON.stringify(report)));
}
