/**
 * The simulator's world: a slave and a master joined by emulated links under one virtual clock, with traffic in both
 * directions. Everything random comes from one seed: the same seed and the same script give the same run, packet by
 * packet.
 *
 * @module
 */

import type { LinkSettings } from "../../src/multiplexer/link_settings.ts";
import type { Packet } from "../../src/wire/packet.ts";
import { Flow, type FlowSpec, receiveFlowPacket } from "./flow.ts";
import { type LinkProfile, linkProfile } from "./link_profile.ts";
import { mulberry32 } from "./rng.ts";
import { SimLink, SimPipe } from "./sim_link.ts";
import { SimSide } from "./sim_side.ts";
import { SimTcpTransfer, type SimTcpTransferOptions } from "./sim_tcp_transfer.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** A link: both directions alike, or each on its own; with what the user said of it. */
export type WorldLink =
  & {
    readonly settings?: Partial<LinkSettings>;
    /** Larger packets are lost in both directions, and the sockets forbid fragments; by default all pass. */
    readonly mtuBytes?: number;
  }
  & (
    | Partial<LinkProfile>
    | { readonly up: Partial<LinkProfile>; readonly down: Partial<LinkProfile> }
  );

/** What a world is made of. */
export interface WorldOptions {
  readonly seed: number;
  /** The links, with ids from 1 on. */
  readonly links: readonly WorldLink[];
}

/** A TCP transfer through the tunnel. */
export type TransferSpec =
  & { readonly from: "master" | "slave" }
  & Omit<SimTcpTransferOptions, "id" | "clock" | "sendData" | "sendAck">;

/**
 * A running tunnel.
 *
 * @example
 * ```ts
 * const world = new World({ seed: 1, links: [{ rateBps: 20e6, delayMs: 20 }, { rateBps: 8e6, delayMs: 60 }] });
 * const download = world.addTransfer({ from: "master", startMs: 1000 });
 * world.at(10_000, () => world.link(1).cut());
 * world.runUntil(20_000);
 * console.log(download.goodputBps(12_000, 20_000)); // what the second link carries
 * ```
 */
export class World {
  readonly clock = new VirtualClock();
  readonly links: readonly SimLink[];
  readonly master: SimSide;
  readonly slave: SimSide;
  readonly flows: Flow[] = [];
  readonly transfers: SimTcpTransfer[] = [];

  /** Makes the world and starts both sides at the virtual time 0. */
  constructor(options: WorldOptions) {
    const seeds = mulberry32(options.seed);
    const makeRng = (): () => number => mulberry32(Math.floor(seeds() * 0x1_0000_0000));
    this.links = options.links.map((link, i) => {
      const { settings = {}, mtuBytes, ...way } = link;
      const { up, down } = "up" in way ? way : { up: way, down: way };
      const pipe = (profile: Partial<LinkProfile>): SimPipe =>
        new SimPipe(this.clock, linkProfile(profile), makeRng(), mtuBytes);
      return new SimLink(i + 1, pipe(up), pipe(down), settings);
    });
    const { clock, links } = this;
    const deliver = (packet: Packet): void => this.#deliver(packet);
    const shared = { clock, links, makeRng, deliver };
    this.master = new SimSide({ ...shared, role: "master", clockOffsetMs: 7_654_321 });
    this.slave = new SimSide({ ...shared, role: "slave", clockOffsetMs: 1_234 });
    this.master.start();
    this.slave.start();
  }

  /** A link by id (from 1 on). @throws Error when there is none. */
  link(id: number): SimLink {
    const link = this.links[id - 1];
    if (link === undefined) throw new Error(`Invariant: no link ${id}`);
    return link;
  }

  /** Adds a flow of UDP. */
  addFlow(spec: FlowSpec): Flow {
    const side = spec.from === "master" ? this.master : this.slave;
    const flow = new Flow(this.flows.length, spec, this.clock, (packet) => side.send(packet));
    this.flows.push(flow);
    return flow;
  }

  /** Adds a transfer over TCP. */
  addTransfer({ from, ...spec }: TransferSpec): SimTcpTransfer {
    const [sender, receiver] = from === "master"
      ? [this.master, this.slave]
      : [this.slave, this.master];
    const transfer = new SimTcpTransfer({
      ...spec,
      id: this.transfers.length,
      clock: this.clock,
      sendData: (packet) => sender.send(packet),
      sendAck: (packet) => receiver.send(packet),
    });
    this.transfers.push(transfer);
    return transfer;
  }

  /** Does something at a virtual time. */
  at(timeMs: number, action: () => void): void {
    this.clock.at(timeMs, action);
  }

  /** Lets time pass. */
  runUntil(timeMs: number): void {
    this.clock.runUntil(timeMs);
  }

  #deliver(packet: Packet): void {
    for (const transfer of this.transfers) if (transfer.handlePacket(packet)) return;
    receiveFlowPacket(this.flows, packet, this.clock.now);
  }
}
