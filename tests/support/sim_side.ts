/**
 * One end of the simulator's tunnel: a multiplexer, its timer, and what the LinkMap does for it (it adds links: the
 * slave its own ones, the master those it hears of). Either end may be stopped and started again, as a new instance of
 * itself. There are no handshakes here (handshake_world.ts has them): a message of a session with an earlier instance is
 * lost, and a ping stands for the handshake by which the other end notices.
 *
 * @module
 */

import { Multiplexer } from "../../src/multiplexer/multiplexer.ts";
import type { MultiplexerLink } from "../../src/multiplexer/multiplexer_link.ts";
import { PacketPool } from "../../src/multiplexer/packet_pool.ts";
import { DropReason } from "../../src/wire/drop_reason.ts";
import { InnerKind, readInnerKind } from "../../src/wire/inner_message.ts";
import { checkIpPacket } from "../../src/wire/ip_packet.ts";
import type { Packet } from "../../src/wire/packet.ts";
import { type Cargo, datagramBytesOf, type SimLink, type SimPipe } from "./sim_link.ts";
import { type VirtualClock, VirtualTimer } from "./virtual_clock.ts";

/** What a side is made of. */
export interface SimSideOptions {
  readonly role: "master" | "slave";
  readonly clock: VirtualClock;
  readonly links: readonly SimLink[];
  /** A new random stream: one for each multiplexer this side makes. */
  readonly makeRng: () => () => number;
  /** Takes the packets that came through the tunnel; borrowed until it returns. */
  readonly deliver: (packet: Packet) => void;
  /** What this side's clock shows at the virtual time 0: two machines' clocks never agree. */
  readonly clockOffsetMs: number;
}

/** A state change of a link, as the multiplexer announced it. */
export interface LinkChange {
  /** Virtual ms. */
  readonly atMs: number;
  readonly linkId: number;
  readonly isAlive: boolean;
  readonly isSuspect: boolean;
}

/** One end of the tunnel. */
export class SimSide {
  /** What the multiplexer announced, over all restarts. */
  readonly linkChanges: LinkChange[] = [];
  /** Packets that came over links and were not taken, by reason. */
  readonly drops = new Map<number, number>();
  readonly pool = new PacketPool();

  readonly #options: SimSideOptions;
  readonly #timer: VirtualTimer;
  #multiplexer: Multiplexer | null = null;
  /** Next number of each order group: as long as the process lives. */
  #groupSeqNos = new Uint32Array(256);
  /** Of this process and of the peer's as far as it is known; both ports read them. */
  readonly #session = { instance: 0, peerInstance: 0 };

  constructor(options: SimSideOptions) {
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

  /** The multiplexer of the running side. @throws Error while it is stopped. */
  get multiplexer(): Multiplexer {
    if (this.#multiplexer === null) {
      throw new Error(`Invariant: the ${this.#options.role} is stopped`);
    }
    return this.#multiplexer;
  }

  /** What the multiplexer knows of a link. @throws Error when it has not heard of it. */
  link(linkId: number): MultiplexerLink {
    const link = this.multiplexer.getLink(linkId);
    if (link === null) throw new Error(`Invariant: no link ${linkId}`);
    return link;
  }

  /** Starts the process. */
  start(): void {
    this.#session.instance++;
    this.#session.peerInstance = 0;
    this.#groupSeqNos = new Uint32Array(256);
    this.#makeMultiplexer();
  }

  #makeMultiplexer(): void {
    const { deliver, makeRng, role, links } = this.#options;
    this.#multiplexer = new Multiplexer({
      rng: makeRng(),
      pool: this.pool,
      groupSeqNos: this.#groupSeqNos,
      deliver: (packet) => {
        const result = checkIpPacket(packet);
        if (result >= 0) deliver(packet);
        return result;
      },
      onLinkChange: (link) =>
        this.linkChanges.push({
          atMs: this.#options.clock.now,
          linkId: link.port.id,
          isAlive: link.isAlive,
          isSuspect: link.isSuspect,
        }),
      onWake: () => this.#arm(),
    });
    if (role === "slave") { for (const link of links) this.#addLink(link); }
    this.#arm();
  }

  /** Kills the process: what arrives from now on meets no one. */
  stop(): void {
    this.#multiplexer?.clear();
    this.#multiplexer = null;
  }

  /** Hot. A packet from the tun. @returns its bytes, or a DropReason. */
  send(packet: Packet): number {
    if (this.#multiplexer === null) return DropReason.CLOSED;
    return this.#multiplexer.send(packet, this.now);
  }

  #inbound(link: SimLink): SimPipe {
    return this.#options.role === "master" ? link.up : link.down;
  }

  #outbound(link: SimLink): SimPipe {
    return this.#options.role === "master" ? link.down : link.up;
  }

  #addLink(link: SimLink): void {
    this.multiplexer.addLink(link.port(this.#outbound(link), this.#session), this.now);
  }

  #handleArrival(link: SimLink, cargo: Cargo): void {
    if (this.#multiplexer === null || !this.#admits(cargo)) return;
    const { multiplexer } = this;
    // The master learns a link from its first packet.
    if (multiplexer.getLink(link.id) === null) this.#addLink(link);
    const bytes = datagramBytesOf(cargo);
    const result = multiplexer.received(link.id, cargo.seqNo, cargo.packet, bytes, this.now);
    if (result < 0) this.#countDrop(result);
  }

  /** Whether a message is for this process, and of the peer's newest; notices that the peer was restarted. */
  #admits(cargo: Cargo): boolean {
    const { instance, peerInstance } = this.#session;
    const isForOther = cargo.peerInstance !== 0 && cargo.peerInstance !== instance;
    const isPing = readInnerKind(cargo.packet) === InnerKind.PING;
    if (cargo.instance < peerInstance || (isForOther && !isPing)) {
      this.#countDrop(DropReason.NO_SESSION);
      return false;
    }
    if (cargo.instance > peerInstance) {
      this.#session.peerInstance = cargo.instance;
      if (peerInstance !== 0) this.#handlePeerRestart();
    }
    return true;
  }

  /** As the tunnels do: the master makes the peer's links anew, the slave keeps its own and asks over them. */
  #handlePeerRestart(): void {
    const { multiplexer, now } = this;
    if (this.#options.role === "master") {
      multiplexer.clear();
      this.#makeMultiplexer();
      return;
    }
    multiplexer.handlePeerRestart();
    for (const link of this.#options.links) multiplexer.handleLinkOpen(link.id, now);
  }

  #countDrop(reason: number): void {
    this.drops.set(reason, (this.drops.get(reason) ?? 0) + 1);
  }

  #handleTimeout(): void {
    if (this.#multiplexer === null) return;
    this.#multiplexer.handleTimeout(this.now);
    this.#arm();
  }

  /** A nanosecond late, or rounding between the two clocks could wake it just before its time, for ever. */
  #arm(): void {
    if (this.#multiplexer === null) return;
    this.#timer.arm(this.#multiplexer.nextTimeout() - this.#options.clockOffsetMs + 1e-6);
  }
}
