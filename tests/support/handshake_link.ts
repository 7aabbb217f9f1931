/**
 * A link of the handshake simulator: datagrams as bytes, both ways, under the virtual clock.
 *
 * @module
 */

import { LinkEmulator } from "./link_emulator.ts";
import { type LinkProfile, linkProfile } from "./link_profile.ts";
import { type VirtualClock, VirtualTimer } from "./virtual_clock.ts";
import { Packet } from "../../src/wire/packet.ts";

/** Largest datagram of the simulator. */
const MAX_DATAGRAM_BYTES = 1_500;

/** One direction. What arrives is borrowed until `onArrival` returns. */
export class DatagramPipe {
  onArrival: (packet: Packet) => void = () => {};
  /** Sees, and may keep, each datagram that is sent: an eavesdropper. */
  onSent: (datagram: Uint8Array<ArrayBuffer>) => void = () => {};
  /** What it lets through; the rest is lost. */
  filter: (datagram: Uint8Array<ArrayBuffer>) => boolean = () => true;
  readonly #clock: VirtualClock;
  readonly #emulator: LinkEmulator<Uint8Array<ArrayBuffer>>;
  readonly #timer: VirtualTimer;
  readonly #arrived = new Packet(MAX_DATAGRAM_BYTES);

  constructor(clock: VirtualClock, profile: Partial<LinkProfile>, rng: () => number) {
    this.#clock = clock;
    this.#emulator = new LinkEmulator({ profile: linkProfile(profile), rng });
    this.#timer = new VirtualTimer(clock, () => {
      this.#emulator.poll(clock.now, (datagram) => {
        this.#arrived.fill(datagram);
        this.onArrival(this.#arrived);
      });
      this.#timer.arm(this.#emulator.nextTimeout());
    });
  }

  /** Sends a copy. */
  send(packet: Packet): void {
    this.sendBytes(packet.toBytes().slice());
  }

  /** Sends bytes, which are the pipe's from now on. */
  sendBytes(datagram: Uint8Array<ArrayBuffer>): void {
    this.onSent(datagram);
    if (!this.filter(datagram)) return;
    this.#emulator.send(datagram, datagram.length, this.#clock.now);
    this.#timer.arm(this.#emulator.nextTimeout());
  }

  setUp(isUp: boolean): void {
    this.#emulator.setUp(isUp, this.#clock.now);
  }

  configure(change: Partial<LinkProfile>): void {
    this.#emulator.configure(change, this.#clock.now);
    this.#timer.arm(this.#emulator.nextTimeout());
  }
}

/** A link between a slave and the master. */
export class HandshakeLink {
  /** 1..255 */
  readonly id: number;
  /** The slave's address, as the master sees it. */
  source: string;
  readonly up: DatagramPipe;
  readonly down: DatagramPipe;
  isUp = true;

  constructor(
    id: number,
    source: string,
    pipes: { readonly up: DatagramPipe; readonly down: DatagramPipe },
  ) {
    this.id = id;
    this.source = source;
    this.up = pipes.up;
    this.down = pipes.down;
  }

  /** Cuts it, or mends it. */
  setUp(isUp: boolean): void {
    this.isUp = isUp;
    this.up.setUp(isUp);
    this.down.setUp(isUp);
  }
}
