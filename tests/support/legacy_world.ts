/**
 * The simulator's world: a slave and a master joined by emulated links under one virtual clock,
 * with traffic in both directions. Everything random comes from one seed: the same seed and the
 * same script give the same run, packet by packet.
 *
 * @module
 */

import type { LegacyScheduler } from "../../src/multiplexer/legacy_scheduler.ts";
import { Flow, type FlowSpec, receiveFlowPacket } from "./flow.ts";
import { type LinkProfile, linkProfile } from "./link_profile.ts";
import { mulberry32 } from "./rng.ts";
import { LegacySimLink, LegacySimPipe } from "./legacy_sim_link.ts";
import { LegacySide } from "./legacy_side.ts";
import { VirtualClock } from "./virtual_clock.ts";

/** A link: both directions alike, or each on its own. */
export type WorldLink = Partial<LinkProfile> | {
  readonly up: Partial<LinkProfile>;
  readonly down: Partial<LinkProfile>;
};

/** What a world is made of. */
export interface LegacyWorldOptions {
  readonly seed: number;
  /** The links, with ids from 1 on. */
  readonly links: readonly WorldLink[];
  /** A scheduler for each multiplexer made; the multiplexer's own when left out. */
  readonly makeScheduler?: (rng: () => number) => LegacyScheduler;
}

/**
 * A running tunnel.
 *
 * @example
 * ```ts
 * const world = new LegacyWorld({ seed: 1, links: [{ rateBps: 20e6, delayMs: 20 }, { rateBps: 8e6, delayMs: 60 }] });
 * const download = world.addFlow({ from: "master", rateBps: 40e6, startMs: 1000 });
 * world.at(10_000, () => world.link(1).cut());
 * world.runUntil(20_000);
 * console.log(download.sink.goodputBps(12_000, 20_000)); // what the second link carries
 * ```
 */
export class LegacyWorld {
  readonly clock = new VirtualClock();
  readonly links: readonly LegacySimLink[];
  readonly master: LegacySide;
  readonly slave: LegacySide;
  readonly flows: Flow[] = [];

  /** Makes the world and starts both sides at the virtual time 0. */
  constructor(options: LegacyWorldOptions) {
    const seeds = mulberry32(options.seed);
    const makeRng = (): () => number => mulberry32(Math.floor(seeds() * 0x1_0000_0000));
    this.links = options.links.map((link, i) => {
      const { up, down } = "up" in link ? link : { up: link, down: link };
      return new LegacySimLink(
        i + 1,
        new LegacySimPipe(this.clock, linkProfile(up), makeRng()),
        new LegacySimPipe(this.clock, linkProfile(down), makeRng()),
      );
    });
    const { clock, links } = this;
    const { makeScheduler } = options;
    const shared = {
      clock,
      links,
      makeRng,
      ...(makeScheduler === undefined ? {} : { makeScheduler }),
      deliver: (packet: Parameters<typeof receiveFlowPacket>[1]): void => {
        receiveFlowPacket(this.flows, packet, clock.now);
      },
    };
    this.master = new LegacySide({ ...shared, role: "master", clockOffsetMs: 7_654_321 });
    this.slave = new LegacySide({ ...shared, role: "slave", clockOffsetMs: 1_234 });
    this.master.start();
    this.slave.start();
  }

  /** A link by id (from 1 on). @throws Error when there is none. */
  link(id: number): LegacySimLink {
    const link = this.links[id - 1];
    if (link === undefined) throw new Error(`Invariant: no link ${id}`);
    return link;
  }

  /** Adds traffic. */
  addFlow(spec: FlowSpec): Flow {
    const side = spec.from === "master" ? this.master : this.slave;
    const flow = new Flow(this.flows.length, spec, this.clock, (packet) => side.send(packet));
    this.flows.push(flow);
    return flow;
  }

  /** Does something at a virtual time. */
  at(timeMs: number, action: () => void): void {
    this.clock.at(timeMs, action);
  }

  /** Lets time pass. */
  runUntil(timeMs: number): void {
    this.clock.runUntil(timeMs);
  }
}
