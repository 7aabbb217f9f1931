/**
 * One end of the simulator's tunnel: a multiplexer, its timer, and what the LinkMap does for it
 * (it adds links: the slave its own ones, the master those it hears of).
 *
 * @module
 */

import { LegacyMultiplexer } from "../../src/multiplexer/legacy_multiplexer.ts";
import type { LegacyLink } from "../../src/multiplexer/legacy_link.ts";
import type { LegacyScheduler } from "../../src/multiplexer/legacy_scheduler.ts";
import type { ControlPacket } from "../../src/wire/control_packet.ts";
import { DropReason } from "../../src/wire/drop_reason.ts";
import { checkIpPacket } from "../../src/wire/ip_packet.ts";
import { decodeLegacyControl } from "../../src/wire/legacy_control.ts";
import type { Packet } from "../../src/wire/packet.ts";
import type { Cargo, LegacySimLink, LegacySimPipe } from "./legacy_sim_link.ts";
import { type VirtualClock, VirtualTimer } from "./virtual_clock.ts";

/** What a side is made of. */
export interface LegacySideOptions {
  readonly role: "master" | "slave";
  readonly clock: VirtualClock;
  readonly links: readonly LegacySimLink[];
  /** A new random stream: one for each multiplexer this side makes. */
  readonly makeRng: () => () => number;
  /** Takes the packets that came through the tunnel; borrowed until it returns. */
  readonly deliver: (packet: Packet) => void;
  /** A scheduler for each multiplexer this side makes; the multiplexer's own when left out. */
  readonly makeScheduler?: (rng: () => number) => LegacyScheduler;
  /** What this side's clock shows at the virtual time 0: two machines' clocks never agree. */
  readonly clockOffsetMs: number;
}

/** A state change of a link, as the multiplexer announced it. */
export interface LinkChange {
  /** Virtual ms. */
  readonly atMs: number;
  readonly linkId: number;
  readonly isAlive: boolean;
}

/** One end of the tunnel. */
export class LegacySide {
  /** What the multiplexer announced, over all restarts. */
  readonly linkChanges: LinkChange[] = [];
  /** Packets that came over links and were not taken, by reason. */
  readonly drops = new Map<number, number>();

  readonly #options: LegacySideOptions;
  readonly #timer: VirtualTimer;
  readonly #control: ControlPacket = { seqNo: 0, received: new Map() };
  #multiplexer: LegacyMultiplexer | null = null;

  constructor(options: LegacySideOptions) {
    this.#options = options;
    this.#timer = new VirtualTimer(options.clock, () => this.#handleTimeout());
    for (const link of options.links) {
      this.#inbound(link).onArrival = (cargo) => this.#handleArrival(link, cargo);
    }
  }

  /** This side's own monotonic ms. */
  get now(): number {
    return this.#options.clock.now + this.#options.clockOffsetMs;
  }

  get isRunning(): boolean {
    return this.#multiplexer !== null;
  }

  /** The multiplexer of the running side. @throws Error while it is stopped. */
  get multiplexer(): LegacyMultiplexer {
    if (this.#multiplexer === null) {
      throw new Error(`Invariant: the ${this.#options.role} is stopped`);
    }
    return this.#multiplexer;
  }

  /** What the multiplexer knows of a link; null when the side is stopped or has not heard of it. */
  link(linkId: number): LegacyLink | null {
    return this.#multiplexer?.getLink(linkId) ?? null;
  }

  /** Starts the process. @param firstSeqNo number of its first control packet. */
  start(firstSeqNo: number = 0): void {
    const { deliver, makeRng, makeScheduler, role, links } = this.#options;
    const rng = makeRng();
    this.#multiplexer = new LegacyMultiplexer({
      rng,
      firstSeqNo,
      deliver: (packet) => {
        const result = checkIpPacket(packet);
        if (result >= 0) deliver(packet);
        return result;
      },
      onLinkChange: (link) => this.#noteLinkChange(link),
      ...(makeScheduler === undefined ? {} : { scheduler: makeScheduler(rng) }),
    });
    if (role === "slave") { for (const link of links) this.#addLink(link); }
    this.#arm();
  }

  /** Kills the process: what arrives from now on meets no one. */
  stop(): void {
    this.#multiplexer = null;
  }

  /** Hot. A packet from the tun. @returns bytes sent, or a DropReason. */
  send(packet: Packet): number {
    if (this.#multiplexer === null) return DropReason.CLOSED;
    const result = this.#multiplexer.send(packet, this.now);
    this.#arm();
    return result;
  }

  #inbound(link: LegacySimLink): LegacySimPipe {
    return this.#options.role === "master" ? link.up : link.down;
  }

  #outbound(link: LegacySimLink): LegacySimPipe {
    return this.#options.role === "master" ? link.down : link.up;
  }

  #addLink(link: LegacySimLink): void {
    this.multiplexer.addLink(link.port(this.#outbound(link)), this.now);
  }

  #handleArrival(link: LegacySimLink, cargo: Cargo): void {
    const multiplexer = this.#multiplexer;
    if (multiplexer === null) return;
    // The master learns a link from its first packet.
    if (multiplexer.getLink(link.id) === null) this.#addLink(link);
    const result = cargo.isControl
      ? this.#handleControl(multiplexer, link.id, cargo.packet)
      : multiplexer.received(link.id, cargo.packet, this.now);
    if (result < 0) this.drops.set(result, (this.drops.get(result) ?? 0) + 1);
    this.#arm();
  }

  #handleControl(multiplexer: LegacyMultiplexer, linkId: number, packet: Packet): number {
    const decoded = decodeLegacyControl(packet, this.#control);
    return decoded < 0 ? decoded : multiplexer.handleControl(linkId, this.#control, this.now);
  }

  #handleTimeout(): void {
    if (this.#multiplexer === null) return;
    this.#multiplexer.handleTimeout(this.now);
    this.#arm();
  }

  /** A nanosecond late, or rounding between the two clocks could wake it just before its time, for ever. */
  #arm(): void {
    this.#timer.arm(this.multiplexer.nextTimeout() - this.#options.clockOffsetMs + 1e-6);
  }

  #noteLinkChange(link: LegacyLink): void {
    const { id } = link.port;
    this.linkChanges.push({
      atMs: this.#options.clock.now,
      linkId: id,
      isAlive: link.isAlive,
    });
  }
}
