/**
 * A link of the simulator: two emulators, slave to master and back, that carry what the two
 * multiplexers put on it.
 *
 * @module
 */

import type { LegacyLinkPort } from "../../src/multiplexer/legacy_link_port.ts";
import type { ControlPacket } from "../../src/wire/control_packet.ts";
import { DATAGRAM_HEADER_BYTES } from "../../src/wire/datagram_header.ts";
import { encodeLegacyControl } from "../../src/wire/legacy_control.ts";
import { Packet } from "../../src/wire/packet.ts";
import { type LinkCounters, LinkEmulator, SendResult } from "./link_emulator.ts";
import type { LinkProfile } from "./link_profile.ts";
import { type VirtualClock, VirtualTimer } from "./virtual_clock.ts";

/** Headers of IPv4 and UDP around each datagram. */
const OUTER_BYTES = 28;

/** The largest inner packet of the simulator. */
const MAX_INNER_BYTES = 2048;

/** What a link carries: a data packet, or a control packet in bytes. */
export interface Cargo {
  readonly packet: Packet;
  isControl: boolean;
}

/** One direction of a link, under the virtual clock. */
export class LegacySimPipe {
  /** Called for what arrives; borrowed until it returns. */
  onArrival: (cargo: Cargo) => void = () => {};

  readonly #clock: VirtualClock;
  readonly #emulator: LinkEmulator<Cargo>;
  readonly #timer: VirtualTimer;
  readonly #free: Cargo[] = [];
  readonly #deliver = (cargo: Cargo): void => this.onArrival(cargo);

  constructor(clock: VirtualClock, profile: LinkProfile, rng: () => number) {
    this.#clock = clock;
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

  /** Sends a copy of a data packet. @returns bytes of the datagram: whoever sends can't see the phone drop it. */
  sendData(packet: Packet): number {
    const cargo = this.#take(false);
    cargo.packet.copyFrom(packet);
    return this.#send(cargo);
  }

  /** Sends a control packet, encoded: what it weighs on the link is real. @returns bytes of the datagram. */
  sendControl(controlPacket: ControlPacket): number {
    const cargo = this.#take(true);
    encodeLegacyControl(controlPacket, cargo.packet);
    return this.#send(cargo);
  }

  configure(change: Partial<LinkProfile>): void {
    this.#emulator.configure(change, this.#clock.now);
    this.#timer.arm(this.#emulator.nextTimeout());
  }

  setUp(isUp: boolean): void {
    this.#emulator.setUp(isUp, this.#clock.now);
  }

  #take(isControl: boolean): Cargo {
    const cargo = this.#free.pop() ?? { packet: new Packet(MAX_INNER_BYTES), isControl };
    cargo.packet.reset();
    cargo.isControl = isControl;
    return cargo;
  }

  #send(cargo: Cargo): number {
    const datagramBytes = cargo.packet.length + DATAGRAM_HEADER_BYTES;
    const result = this.#emulator.send(cargo, datagramBytes + OUTER_BYTES, this.#clock.now);
    if (result !== SendResult.ACCEPTED) this.#free.push(cargo);
    this.#timer.arm(this.#emulator.nextTimeout());
    return datagramBytes;
  }
}

/** A link between slave and master. */
export class LegacySimLink {
  readonly id: number;
  /** From the slave to the master. */
  readonly up: LegacySimPipe;
  /** From the master to the slave. */
  readonly down: LegacySimPipe;

  /** @param id 1..255 */
  constructor(id: number, up: LegacySimPipe, down: LegacySimPipe) {
    this.id = id;
    this.up = up;
    this.down = down;
  }

  /** What one side's multiplexer sends through. */
  port(pipe: LegacySimPipe): LegacyLinkPort {
    return {
      id: this.id,
      isInitiator: pipe === this.up,
      send: (packet) => pipe.sendData(packet),
      sendControl: (controlPacket) => pipe.sendControl(controlPacket),
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
