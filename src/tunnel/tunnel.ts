/**
 * The port between the daemon and what carries its packets: the legacy tunnel, the slave's or the master's end of the
 * secure one.
 *
 * @module
 */

import type { Cidr } from "../daemon_options.ts";
import type { LinkOpener } from "../linkmap/link_opener.ts";
import type { UdpBinder } from "../linkmap/udp_port.ts";
import type { Logger } from "../log.ts";
import type { AeadProvider } from "../peer/aead.ts";
import type { Mac } from "../peer/cookie.ts";
import type { DiffieHellman, RandomBytes } from "../peer/key_pair.ts";
import type { PacketPool } from "../multiplexer/packet_pool.ts";
import type { BondingSnapshot, LinkSnapshot, SlaveSnapshot } from "../snapshot.ts";
import type { Tundev } from "../tundev/tundev.ts";
import type { DropCounters } from "../wire/drop_reason.ts";
import type { Packet } from "../wire/packet.ts";

/** What every tunnel works with. */
export interface TunnelContext {
  readonly tundev: Tundev;
  /** Hot. Gives a packet that came through the tunnel to the tundev, and counts it. @returns 0 or more, or a DropReason. */
  readonly deliver: (packet: Packet) => number;
  /** Opens a slave's links. */
  readonly open: LinkOpener;
  /** Makes a master's UDP sockets. */
  readonly bindUdp: UdpBinder;
  readonly drops: DropCounters;
  readonly logger: Logger;
  /** Monotonic ms. */
  readonly clock: () => number;
  /** The machine's clock, ms since 1970. */
  readonly wallClock: () => number;
  /** Uniform in [0, 1). */
  readonly rng: () => number;
  /** Hot. An input has made something due at that time, monotonic ms, which may be before the next timeout that was told. */
  readonly reschedule: (atMs: number) => void;
}

/** What the secure tunnels need besides. */
export interface SecureContext extends TunnelContext {
  /** Is told, at a slave, each time that the master has assigned addresses and the tundev has them. */
  readonly onAssigned?: (addresses: readonly Cidr[]) => void;
  readonly provider: AeadProvider;
  /** Slots for what all peers' multiplexers keep. */
  readonly pool: PacketPool;
  readonly dh: DiffieHellman;
  readonly randomBytes: RandomBytes;
  /** 16 hex digits: names this run of the program. */
  readonly instanceId: string;
  /** Program and version, for the other end's log. */
  readonly software: string;
  /** Lets datagrams that were just sent leave before their sockets close. */
  readonly flush: () => Promise<void>;
}

/** What the master's needs besides. */
export interface MasterContext extends SecureContext {
  /** The MAC of handshake datagrams sent to this master, when there is a faster one than noble's. */
  readonly mac1?: Mac;
}

/** One end's tunnel. Driven by its sockets, by packets from the tun, and by time. */
export interface Tunnel {
  /** Opens what must be there from the start; links come when they can. @throws Error when a port is taken. */
  start(): Promise<void>;
  /** Hot. A packet from the tun, borrowed until return. @returns 0 or more, or a DropReason. */
  handleTunPacket(packet: Packet, now: number): number;
  handleTimeout(now: number): void;
  /** Monotonic ms of the next {@link Tunnel.handleTimeout} that has something to do. */
  nextTimeout(): number;
  /** All links now, by slave and id. */
  snapshotLinks(now: number): LinkSnapshot[];
  /** How packets are queued and put in order, over all peers. */
  snapshotBonding(): BondingSnapshot;
  /** A master's slaves. */
  snapshotSlaves(now: number): SlaveSnapshot[];
  /** Tells the other end, closes every link and socket; resolves when nothing is left. */
  close(): Promise<void>;
}
