/**
 * Counts the bytes of JavaScript heap that two multiplexers allocate for a packet that one sends, the other receives and
 * acknowledges, in a process of its own:
 *
 * ```
 * deno run -A --v8-flags=--expose-gc,--min-semi-space-size=64,--max-semi-space-size=64 \
 *   tests/unit/multiplexer/multiplexer_allocation_main.ts
 * ```
 *
 * Sealing and sockets are left out. Prints a JSON object: bytes per packet over one link, and over two.
 *
 * @module
 */

import type { LinkPort } from "../../../src/multiplexer/link_port.ts";
import { DEFAULT_LINK_SETTINGS } from "../../../src/multiplexer/link_settings.ts";
import { Multiplexer } from "../../../src/multiplexer/multiplexer.ts";
import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { tcpPacket } from "./sender_rig.ts";

/** Until V8 has compiled everything as well as it can. */
const WARM_UP_PKTS = 60_000;
const MEASURED_PKTS = 20_000;
/** A background task's garbage may fall into one of them: the least counts. */
const ROUNDS = 5;

/** A packet in so many ms: 115 Mbit/s. At a fifth of that, what is done every few ms makes it twice as much per packet. */
const PACKET_MS = 0.1;
const DELAY_MS = 10;
const SEAL_OVERHEAD_BYTES = 32;
/** Messages on their way at once, at most. */
const SLOTS = 1_024;

/** A line of messages on their way to one end, over all links. */
class Way {
  readonly #slots = Array.from({ length: SLOTS }, () => new Packet(2_048));
  readonly #linkIds = new Int32Array(SLOTS);
  readonly #seqNos = new Float64Array(SLOTS);
  readonly #atMs = new Float64Array(SLOTS);
  #first = 0;
  #end = 0;

  push(linkId: number, seqNo: number, message: Packet, now: number): void {
    if (this.#end - this.#first === SLOTS) throw new Error("Invariant: more is on its way");
    const place = this.#end++ & (SLOTS - 1);
    this.#slots[place]!.copyFrom(message);
    this.#linkIds[place] = linkId;
    this.#seqNos[place] = seqNo;
    this.#atMs[place] = now + DELAY_MS;
  }

  deliver(to: Multiplexer, now: number): void {
    while (this.#first < this.#end) {
      const place = this.#first & (SLOTS - 1);
      if (this.#atMs[place]! > now) return;
      const message = this.#slots[place]!;
      const bytes = message.end - message.start + SEAL_OVERHEAD_BYTES;
      to.received(this.#linkIds[place]!, this.#seqNos[place]!, message, bytes, now);
      this.#first++;
    }
  }
}

/** An end of a link. */
class WayPort implements LinkPort {
  readonly id: number;
  readonly name = "";
  readonly isInitiator: boolean;
  readonly isReliable = false;
  readonly maxDatagramBytes = 1_472;
  readonly canProbeMtu = false;
  readonly settings = DEFAULT_LINK_SETTINGS;
  lastSeqNo = -1;
  readonly #way: Way;

  constructor(id: number, isInitiator: boolean, way: Way) {
    this.id = id;
    this.isInitiator = isInitiator;
    this.#way = way;
  }

  send(message: Packet, now: number): number {
    this.lastSeqNo++;
    this.#way.push(this.id, this.lastSeqNo, message, now);
    return message.end - message.start + SEAL_OVERHEAD_BYTES;
  }
}

/** Two multiplexers. */
class Rig {
  deliveredPkts = 0;
  #sentPkts = 0;
  readonly #up = new Way();
  readonly #down = new Way();
  readonly #slave = this.#make();
  readonly #master = this.#make();
  /** Four flows. */
  readonly #packets = [1, 2, 3, 4].map((flow) => tcpPacket(flow));

  constructor(links: number) {
    for (let id = 1; id <= links; id++) {
      this.#slave.addLink(new WayPort(id, true, this.#up), 0);
      this.#master.addLink(new WayPort(id, false, this.#down), 0);
    }
  }

  /** Sends a packet at each of the times. */
  run(times: readonly unknown[]): void {
    for (let i = 1; i < times.length - 1; i++) {
      const now = times[i] as number;
      this.#up.deliver(this.#master, now);
      this.#down.deliver(this.#slave, now);
      this.#slave.send(this.#packets[this.#sentPkts++ & 3]!, now);
      if (this.#slave.nextTimeout() <= now) this.#slave.handleTimeout(now);
      if (this.#master.nextTimeout() <= now) this.#master.handleTimeout(now);
    }
  }

  #make(): Multiplexer {
    return new Multiplexer({
      rng: () => 0.5,
      pool: new PacketPool(),
      groupSeqNos: new Uint32Array(256),
      deliver: () => {
        this.deliveredPkts++;
        return 0;
      },
    });
  }
}

/** Bytes of heap per packet. */
function measure(links: number): number {
  const rig = new Rig(links);
  let startMs = 0.25;
  // Among other things in an array, fractions are numbers on the heap already: none is made per packet.
  const times = (packets: number): unknown[] => {
    const list: unknown[] = [{}];
    for (let i = 0; i < packets; i++) list.push(startMs + i * PACKET_MS);
    startMs += packets * PACKET_MS;
    list.push({});
    return list;
  };
  for (let i = 0; i < WARM_UP_PKTS / 5_000; i++) rig.run(times(5_000));
  let leastBytes = Infinity;
  for (let round = 0; round < ROUNDS; round++) {
    const list = times(MEASURED_PKTS);
    collectGarbage();
    const deliveredPkts = rig.deliveredPkts;
    const before = Deno.memoryUsage().heapUsed;
    rig.run(list);
    leastBytes = Math.min(leastBytes, Deno.memoryUsage().heapUsed - before);
    if (rig.deliveredPkts - deliveredPkts < 0.99 * MEASURED_PKTS) {
      throw new Error(`Invariant: ${rig.deliveredPkts - deliveredPkts} packets arrived`);
    }
  }
  return Math.max(0, leastBytes / MEASURED_PKTS);
}

function collectGarbage(): void {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) {
    throw new Error("Cannot measure allocations without --v8-flags=--expose-gc");
  }
  gc();
}

if (import.meta.main) {
  const result = { oneLink: measure(1), twoLinks: measure(2) };
  Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(result)}\n`));
}
