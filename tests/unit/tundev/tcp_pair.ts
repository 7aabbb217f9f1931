/**
 * Two TCP stand-ins joined in memory by a seeded path that loses, repeats and reorders.
 *
 * @module
 */

import { openConnectTcp, openListenTcp, type TcpTundev } from "../../../src/tundev/tcp_tundev.ts";
import type { TcpTundevEvent } from "../../../src/tundev/tcp_tundev_event.ts";
import type { Tundev } from "../../../src/tundev/tundev.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { mulberry32 } from "../../support/rng.ts";

const MTU_BYTES = 1400;

/** What the path does to packets. */
export interface PathFaults {
  readonly lossFraction: number;
  readonly duplicateFraction: number;
  /** A packet is held back for up to so many others. */
  readonly reorderPkts: number;
}

/** A clean path. */
export const NO_FAULTS: PathFaults = { lossFraction: 0, duplicateFraction: 0, reorderPkts: 0 };

/** One direction: takes packets, gives them to a tundev in a later turn of the event loop. */
class Path {
  readonly #slots: (Packet | null)[];
  readonly #free: Packet[] = [];
  readonly #due: Packet[] = [];
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    readonly faults: PathFaults,
    readonly rng: () => number,
    readonly deliver: (packet: Packet) => void,
  ) {
    this.#slots = new Array(faults.reorderPkts + 1).fill(null);
  }

  send(packet: Packet): void {
    const { lossFraction, duplicateFraction, reorderPkts } = this.faults;
    if (this.rng() < lossFraction) return;
    const copies = this.rng() < duplicateFraction ? 2 : 1;
    for (let i = 0; i < copies; i++) {
      const copy = this.#free.pop() ?? new Packet(MTU_BYTES);
      copy.copyFrom(packet);
      // What stands in the slot drawn goes now, the new packet waits in its place.
      const slot = reorderPkts === 0 ? 0 : Math.floor(this.rng() * this.#slots.length);
      const old = this.#slots[slot]!;
      this.#slots[slot] = copy;
      if (old !== null) this.#due.push(old);
    }
    this.#schedule();
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Delivers in a later turn of the event loop, as sockets do. */
  #schedule(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      // When nothing comes behind, what is held back is held no longer.
      if (this.#due.length === 0) this.#releaseHeld();
      for (const packet of this.#due.splice(0)) {
        this.deliver(packet);
        this.#free.push(packet);
      }
      if (this.#slots.some((packet) => packet !== null)) this.#schedule();
    }, 0);
  }

  #releaseHeld(): void {
    for (let i = 0; i < this.#slots.length; i++) {
      const packet = this.#slots[i]!;
      if (packet !== null) this.#due.push(packet);
      this.#slots[i] = null;
    }
  }
}

/** The pair. `await using` closes it and waits for all of it to end. */
export class TcpPair implements AsyncDisposable {
  readonly listening: TcpTundev;
  readonly connecting: Tundev & { readonly connectionCount: number };
  readonly events: TcpTundevEvent[] = [];
  readonly #paths: Path[];
  readonly #runs: Promise<void>[];

  constructor(servicePort: number, faults: PathFaults = NO_FAULTS, seed = 1) {
    const note = (event: TcpTundevEvent): void => {
      this.events.push(event);
    };
    const target = { host: "127.0.0.1", port: servicePort };
    this.connecting = openConnectTcp({ kind: "connect-tcp", target, mtuBytes: MTU_BYTES }, note);
    const listen = { host: "127.0.0.1", port: 0 };
    this.listening = openListenTcp({ kind: "listen-tcp", listen, mtuBytes: MTU_BYTES }, note);
    const forth = new Path(faults, mulberry32(seed), (packet) => this.connecting.send(packet));
    const back = new Path(faults, mulberry32(seed + 1), (packet) => this.listening.send(packet));
    this.#paths = [forth, back];
    this.#runs = [
      this.listening.run((packet) => forth.send(packet)),
      this.connecting.run((packet) => back.send(packet)),
    ];
  }

  /** Connects as a program would. */
  connect(): Promise<Deno.TcpConn> {
    return Deno.connect({ hostname: "127.0.0.1", port: this.listening.port });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.listening.close();
    this.connecting.close();
    await Promise.all(this.#runs);
    for (const path of this.#paths) path.close();
  }
}
