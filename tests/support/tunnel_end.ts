/**
 * One end of a secure tunnel on a fake network: the tunnel is the daemon's own, and so is the way it is driven; tundev,
 * sockets and clock are the test's.
 *
 * @module
 */

import { RecordingLogger } from "./recording_logger.ts";
import type { TunnelWorld } from "./tunnel_world.ts";
import { nodeDiffieHellman } from "../../src/crypto/x25519.ts";
import type { LinkOpener } from "../../src/linkmap/link_opener.ts";
import { PacketPool } from "../../src/multiplexer/packet_pool.ts";
import type { LinkSnapshot } from "../../src/snapshot.ts";
import { MemoryTundev, type MemoryTundevOptions } from "../../src/tundev/memory_tundev.ts";
import type { SecureContext, Tunnel } from "../../src/tunnel/tunnel.ts";
import { DropCounters, type DropReason } from "../../src/wire/drop_reason.ts";
import { Packet } from "../../src/wire/packet.ts";

/** What an end is made with. */
export interface TunnelEndOptions {
  readonly open: LinkOpener;
  /** False: the TCP stand-in, whose packets are anything. */
  readonly carriesIp: boolean;
  /** Added to the machine's wall clock, in ms. */
  readonly wallOffsetMs: number;
  readonly tundev?: MemoryTundevOptions | undefined;
}

/** 2026-11-22: what the machines' wall clocks say at first, in ms. */
const WALL_START_MS = 1_795_000_000_000;

/** One run of a tunnel's end. */
export class TunnelEnd<Kind extends Tunnel> {
  readonly tunnel: Kind;
  readonly tundev: MemoryTundev;
  readonly drops = new DropCounters();
  readonly logger = new RecordingLogger();
  /** Packets that came out, where they are no IP packets; else see the tundev. */
  readonly delivered: Uint8Array[] = [];
  readonly #world: TunnelWorld;
  /** Slots of its multiplexers. */
  readonly pool = new PacketPool();
  readonly #packet = new Packet();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerMs = Infinity;
  #isStopped = false;

  constructor(
    world: TunnelWorld,
    options: TunnelEndOptions,
    create: (context: SecureContext) => Kind,
  ) {
    this.#world = world;
    this.tundev = new MemoryTundev(options.tundev);
    const { timers } = world;
    this.tunnel = create({
      tundev: this.tundev,
      deliver: (packet) => options.carriesIp ? this.tundev.send(packet) : this.#deliver(packet),
      open: options.open,
      bindUdp: () => {
        throw new Error("Invariant: no sockets here");
      },
      drops: this.drops,
      logger: this.logger,
      clock: () => timers.now,
      wallClock: () => WALL_START_MS + timers.now + options.wallOffsetMs,
      rng: world.rng,
      reschedule: (atMs) => this.#reschedule(atMs),
      pool: this.pool,
      provider: world.provider,
      dh: nodeDiffieHellman,
      randomBytes: world.randomBytes,
      instanceId: world.makeInstanceId(),
      software: "bindlink 1.2.3",
      flush: () => world.settle(),
    });
  }

  /** Links now. */
  get links(): LinkSnapshot[] {
    return this.tunnel.snapshotLinks(this.#world.timers.now);
  }

  /** Ids of the links that carry data. */
  get upIds(): number[] {
    return this.links.filter(({ state }) => state === "up").map(({ id }) => id);
  }

  /** Drops so far, by label; without the copies of handshakes, which come over every link. */
  dropCounts(): Record<string, number> {
    const counts = Object.fromEntries(this.drops.entries());
    delete counts["handshake_copy"];
    return counts;
  }

  /** From now on it is driven by time. */
  drive(): void {
    this.tunnel.handleTimeout(this.#world.timers.now);
    this.#timerMs = Infinity;
    this.#reschedule(this.tunnel.nextTimeout());
  }

  /** A packet from the tun; a drop is counted. @returns what the tunnel says. */
  send(bytes: Uint8Array): number {
    this.#packet.fill(bytes);
    const result = this.tunnel.handleTunPacket(this.#packet, this.#world.timers.now);
    if (result < 0) this.drops.count(result as DropReason);
    return result;
  }

  /** Ends it as the daemon does. Idempotent. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.tunnel.close();
  }

  /** As the daemon's: the timer is only ever set earlier. */
  #reschedule(nextMs: number): void {
    const { now } = this.#world.timers;
    if (this.#isStopped || nextMs >= this.#timerMs) return;
    clearTimeout(this.#timer);
    this.#timerMs = nextMs;
    this.#timer = setTimeout(() => this.drive(), Math.max(1, Math.ceil(nextMs - now)));
  }

  #deliver(packet: Packet): number {
    this.delivered.push(packet.toBytes().slice());
    return 0;
  }
}
