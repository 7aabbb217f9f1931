/**
 * Two multiplexers joined by links that keep every message for a millisecond: what the machinery costs, with nothing
 * else around it. Time is virtual.
 *
 * @module
 */

import type { LinkPort } from "../../src/multiplexer/link_port.ts";
import { DEFAULT_LINK_SETTINGS } from "../../src/multiplexer/link_settings.ts";
import { Multiplexer } from "../../src/multiplexer/multiplexer.ts";
import { PacketPool } from "../../src/multiplexer/packet_pool.ts";
import { Packet } from "../../src/wire/packet.ts";
import { mulberry32 } from "../support/rng.ts";
import { craftUdp4, UDP4_HEADER_BYTES } from "../support/udp4_packet.ts";

/** What sealing adds to a message. */
const SEAL_BYTES = 32;

const INNER_BYTES = 1_340;

/** Of the first flow; where it stands in an IPv4 packet without options. */
const FIRST_PORT = 1_024;
const SOURCE_PORT_OFFSET = 20;

/** Offered in each virtual ms: 1.07 Gbit/s, what the engine carries; at less, what is done for each link costs nobody anything. */
const PKTS_PER_MS = 100;

/** Messages on their way, in slots that are used again. */
class Wire {
  readonly #slots: Packet[] = [];
  readonly #linkIds: number[] = [];
  readonly #seqNos: number[] = [];
  #count = 0;

  put(linkId: number, seqNo: number, message: Packet): void {
    if (this.#count === this.#slots.length) this.#slots.push(new Packet(2_048));
    this.#slots[this.#count]!.copyFrom(message);
    this.#linkIds[this.#count] = linkId;
    this.#seqNos[this.#count] = seqNo;
    this.#count++;
  }

  /** Gives all there is to the other end. What it sends meanwhile goes into another wire. */
  drain(to: Multiplexer, now: number): void {
    for (let i = 0; i < this.#count; i++) {
      const slot = this.#slots[i]!;
      to.received(this.#linkIds[i]!, this.#seqNos[i]!, slot, slot.length + SEAL_BYTES, now);
    }
    this.#count = 0;
  }
}

/** The pair. */
export class MultiplexerRig {
  readonly #sender: Multiplexer;
  readonly #receiver: Multiplexer;
  readonly #forth = new Wire();
  readonly #back = new Wire();
  /** One for all flows: ten thousand would measure the processor's cache. */
  readonly #packet = new Packet(INNER_BYTES);
  readonly #flows: number;
  #nowMs = 1_000;
  #next = 0;
  deliveredPkts = 0;

  /** @param links how many; @param flows how many inner flows take turns */
  constructor(links: number, flows: number) {
    const rng = mulberry32(1);
    const shared = { rng, pool: new PacketPool() };
    this.#sender = new Multiplexer({
      ...shared,
      groupSeqNos: new Uint32Array(256),
      deliver: () => 0,
    });
    this.#receiver = new Multiplexer({
      ...shared,
      groupSeqNos: new Uint32Array(256),
      deliver: () => ++this.deliveredPkts,
    });
    for (let id = 1; id <= links; id++) {
      this.#sender.addLink(port(id, true, this.#forth), this.#nowMs);
      this.#receiver.addLink(port(id, false, this.#back), this.#nowMs);
    }
    this.#flows = flows;
    const payload = new Uint8Array(INNER_BYTES - UDP4_HEADER_BYTES);
    this.#packet.fill(craftUdp4({ srcPort: FIRST_PORT, dstPort: 5_001, payload }));
    this.run(20_000); // until all links are known
  }

  /** Carries that many packets, and all that is said of them. */
  run(packets: number): void {
    for (let sent = 0; sent < packets; sent += PKTS_PER_MS) {
      this.#nowMs++;
      this.#forth.drain(this.#receiver, this.#nowMs);
      this.#back.drain(this.#sender, this.#nowMs);
      if (this.#receiver.nextTimeout() <= this.#nowMs) this.#receiver.handleTimeout(this.#nowMs);
      if (this.#sender.nextTimeout() <= this.#nowMs) this.#sender.handleTimeout(this.#nowMs);
      for (let i = 0; i < PKTS_PER_MS; i++) {
        const { view, start } = this.#packet;
        view.setUint16(start + SOURCE_PORT_OFFSET, FIRST_PORT + this.#next);
        this.#next = (this.#next + 1) % this.#flows;
        this.#sender.send(this.#packet, this.#nowMs);
      }
    }
  }
}

function port(id: number, isInitiator: boolean, wire: Wire): LinkPort {
  let lastSeqNo = -1;
  return {
    id,
    name: `link${id}`,
    isInitiator,
    isReliable: false,
    settings: DEFAULT_LINK_SETTINGS,
    maxDatagramBytes: 1_472,
    canProbeMtu: false,
    get lastSeqNo(): number {
      return lastSeqNo;
    },
    send(message: Packet): number {
      wire.put(id, ++lastSeqNo, message);
      return message.length + SEAL_BYTES;
    },
  };
}
