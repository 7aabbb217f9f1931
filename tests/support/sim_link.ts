/**
 * A link of the simulator: two emulators, slave to master and back, that carry what the two multiplexers put on it.
 *
 * @module
 */

import type { LinkPort } from "../../src/multiplexer/link_port.ts";
import { DEFAULT_LINK_SETTINGS, type LinkSettings } from "../../src/multiplexer/link_settings.ts";
import { InnerKind, readInnerKind } from "../../src/wire/inner_message.ts";
import { Packet } from "../../src/wire/packet.ts";
import { type LinkCounters, LinkEmulator, SendResult } from "./link_emulator.ts";
import type { LinkProfile } from "./link_profile.ts";
import { type VirtualClock, VirtualTimer } from "./virtual_clock.ts";

/** Headers of IPv4 and UDP around each datagram, and what sealing adds to a message. */
const OUTER_BYTES = 28;
const SEAL_OVERHEAD_BYTES = 32;

/** What fits Ethernet over IPv4. */
const MAX_DATAGRAM_BYTES = 1_472;

/** The largest message of the simulator. */
const MAX_MESSAGE_BYTES = 2048;

/** Which processes a message is between, each counted by its starts: what a session stands for. */
export interface SimSession {
  /** The sender. */
  readonly instance: number;
  /** The receiver as the sender knows it; 0: not at all yet. */
  readonly peerInstance: number;
}

/** A message with its link sequence number and session. */
export interface Cargo {
  readonly packet: Packet;
  seqNo: number;
  instance: number;
  peerInstance: number;
}

/** One direction of a link, under the virtual clock. */
export class SimPipe {
  /** Called for what arrives; borrowed until it returns. */
  onArrival: (cargo: Cargo) => void = () => {};
  /** Packets that are larger, IP and UDP headers included, are lost without a word; Infinity: none. */
  mtuBytes: number;
  /** Packets lost for their size, and of these, data. */
  tooLargePkts = 0;
  tooLargeDataPkts = 0;

  readonly #clock: VirtualClock;
  readonly #emulator: LinkEmulator<Cargo>;
  readonly #timer: VirtualTimer;
  readonly #free: Cargo[] = [];
  readonly #deliver = (cargo: Cargo): void => this.onArrival(cargo);
  #nextSeqNo = 0;

  constructor(
    clock: VirtualClock,
    profile: LinkProfile,
    rng: () => number,
    mtuBytes: number = Number.POSITIVE_INFINITY,
  ) {
    this.#clock = clock;
    this.mtuBytes = mtuBytes;
    this.#emulator = new LinkEmulator({ profile, rng, release: (cargo) => this.#free.push(cargo) });
    this.#timer = new VirtualTimer(clock, () => {
      this.#emulator.poll(clock.now, this.#deliver);
      this.#timer.arm(this.#emulator.nextTimeout());
    });
  }

  get counters(): Readonly<LinkCounters> {
    return this.#emulator.counters;
  }

  get profile(): LinkProfile {
    return this.#emulator.profile;
  }

  /** Number of the datagram that was sent last. */
  get lastSeqNo(): number {
    return this.#nextSeqNo - 1;
  }

  /** Sends a copy of a message. @returns bytes of the datagram: whoever sends can't see the phone drop it. */
  send(message: Packet, session: SimSession): number {
    const cargo = this.#free.pop() ??
      { packet: new Packet(MAX_MESSAGE_BYTES), seqNo: 0, instance: 0, peerInstance: 0 };
    cargo.packet.copyFrom(message);
    cargo.seqNo = this.#nextSeqNo++;
    cargo.instance = session.instance;
    cargo.peerInstance = session.peerInstance;
    const datagramBytes = datagramBytesOf(cargo);
    if (datagramBytes + OUTER_BYTES > this.mtuBytes) {
      this.tooLargePkts++;
      if (readInnerKind(message) === InnerKind.DATA) this.tooLargeDataPkts++;
      this.#free.push(cargo);
      return datagramBytes;
    }
    const result = this.#emulator.send(cargo, datagramBytes + OUTER_BYTES, this.#clock.now);
    if (result !== SendResult.ACCEPTED) this.#free.push(cargo);
    this.#timer.arm(this.#emulator.nextTimeout());
    return datagramBytes;
  }

  configure(change: Partial<LinkProfile>): void {
    this.#emulator.configure(change, this.#clock.now);
    this.#timer.arm(this.#emulator.nextTimeout());
  }

  setUp(isUp: boolean): void {
    this.#emulator.setUp(isUp, this.#clock.now);
  }
}

/** Bytes of the datagram that carries a message. */
export function datagramBytesOf({ packet }: Cargo): number {
  return packet.length + SEAL_OVERHEAD_BYTES;
}

/** A link between slave and master. */
export class SimLink {
  readonly id: number;
  /** From the slave to the master. */
  readonly up: SimPipe;
  /** From the master to the slave. */
  readonly down: SimPipe;
  readonly settings: LinkSettings;

  /** @param id 1..255 */
  constructor(id: number, up: SimPipe, down: SimPipe, settings: Partial<LinkSettings> = {}) {
    this.id = id;
    this.up = up;
    this.down = down;
    this.settings = { ...DEFAULT_LINK_SETTINGS, ...settings };
  }

  /** What one side's multiplexer sends through. @param session read for each message */
  port(pipe: SimPipe, session: SimSession): LinkPort {
    const isInitiator = pipe === this.up;
    return {
      id: this.id,
      name: `link${this.id}`,
      isInitiator,
      isReliable: false,
      maxDatagramBytes: MAX_DATAGRAM_BYTES,
      canProbeMtu: pipe.mtuBytes < Infinity,
      settings: this.settings,
      get lastSeqNo(): number {
        return pipe.lastSeqNo;
      },
      send: (message) => pipe.send(message, session),
    };
  }

  /** Cuts both directions, which lose what they hold. */
  cut(): void {
    this.up.setUp(false);
    this.down.setUp(false);
  }

  /** Makes a cut link work again. */
  mend(): void {
    this.up.setUp(true);
    this.down.setUp(true);
  }

  /** Changes both directions alike. */
  configure(change: Partial<LinkProfile>): void {
    this.up.configure(change);
    this.down.configure(change);
  }
}
