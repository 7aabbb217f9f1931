/**
 * A path for the simulator's TCP without a tunnel: one emulated link, both directions, that any
 * number of transfers share.
 *
 * @module
 */

import { Packet } from "../../src/wire/packet.ts";
import { type LinkCounters, LinkEmulator, SendResult } from "./link_emulator.ts";
import { type LinkProfile, linkProfile } from "./link_profile.ts";
import { mulberry32 } from "./rng.ts";
import { SimTcpTransfer, type SimTcpTransferOptions } from "./sim_tcp_transfer.ts";
import { type VirtualClock, VirtualTimer } from "./virtual_clock.ts";

/** The largest packet it carries. */
const MAX_BYTES = 2048;

/** IPv4 and TCP with all options. */
const MAX_HEADER_BYTES = 80;

/** One direction: an emulator that carries copies of packets. */
export class SimPacketPipe {
  /** Called with the packets that arrive; borrowed until it returns. */
  onArrival: (packet: Packet) => void = () => {};
  /** May change a packet before it is sent; false loses it. */
  filter: (packet: Packet, counters: Readonly<LinkCounters>) => boolean = () => true;

  readonly #clock: VirtualClock;
  readonly #emulator: LinkEmulator<Packet>;
  readonly #timer: VirtualTimer;
  readonly #free: Packet[] = [];
  readonly #deliver = (packet: Packet): void => this.onArrival(packet);

  constructor(clock: VirtualClock, profile: LinkProfile, rng: () => number) {
    this.#clock = clock;
    this.#emulator = new LinkEmulator({ profile, rng, release: (slot) => this.#free.push(slot) });
    this.#timer = new VirtualTimer(clock, () => {
      this.#emulator.poll(clock.now, this.#deliver);
      this.#timer.arm(this.#emulator.nextTimeout());
    });
  }

  get counters(): Readonly<LinkCounters> {
    return this.#emulator.counters;
  }

  /** Hot. Sends a copy of a packet of up to 2048 bytes. */
  send(packet: Packet): void {
    const slot = this.#free.pop() ?? new Packet(MAX_BYTES);
    // Headers only: the payload has no content.
    const headerEnd = packet.start + Math.min(packet.length, MAX_HEADER_BYTES);
    slot.bytes.set(packet.bytes.subarray(packet.start, headerEnd), slot.start);
    slot.end = slot.start + packet.length;
    const isSent = this.filter(slot, this.counters) &&
      this.#emulator.send(slot, slot.length, this.#clock.now) === SendResult.ACCEPTED;
    if (!isSent) this.#free.push(slot);
    this.#timer.arm(this.#emulator.nextTimeout());
  }

  /** Changes the link from now on. */
  configure(change: Partial<LinkProfile>): void {
    this.#emulator.configure(change, this.#clock.now);
    this.#timer.arm(this.#emulator.nextTimeout());
  }

  /** Cuts the link, or mends it. */
  setUp(isUp: boolean): void {
    this.#emulator.setUp(isUp, this.#clock.now);
  }
}

/** A link with transfers over it, all in the same direction. */
export class SimTcpLink {
  /** Carries data. */
  readonly data: SimPacketPipe;
  /** Carries ACKs. */
  readonly acks: SimPacketPipe;
  readonly #clock: VirtualClock;
  readonly #transfers: SimTcpTransfer[] = [];

  /** @param ackProfile the other direction; as fast and as far, without loss, by default. */
  constructor(
    clock: VirtualClock,
    profile: Partial<LinkProfile>,
    ackProfile: Partial<LinkProfile> = withoutLoss(profile),
    seed: number = 1,
  ) {
    this.#clock = clock;
    this.data = new SimPacketPipe(clock, linkProfile(profile), mulberry32(seed));
    this.acks = new SimPacketPipe(clock, linkProfile(ackProfile), mulberry32(seed + 1));
    const hand = (packet: Packet): void => {
      for (const transfer of this.#transfers) if (transfer.handlePacket(packet)) return;
    };
    this.data.onArrival = hand;
    this.acks.onArrival = hand;
  }

  /** Adds a transfer. */
  add(options: Partial<SimTcpTransferOptions> = {}): SimTcpTransfer {
    const transfer = new SimTcpTransfer({
      id: this.#transfers.length,
      clock: this.#clock,
      sendData: (packet) => this.data.send(packet),
      sendAck: (packet) => this.acks.send(packet),
      ...options,
    });
    this.#transfers.push(transfer);
    return transfer;
  }
}

function withoutLoss(profile: Partial<LinkProfile>): Partial<LinkProfile> {
  return { ...profile, lossFraction: 0, burstLoss: null, jitterMs: 0, duplicateFraction: 0 };
}
