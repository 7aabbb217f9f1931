/**
 * The packet path of both ends of a secure tunnel inside this process: all of it is the daemon's own but for the tundevs,
 * which count, and the sockets, which hand a datagram from the one end to the other. Time is virtual: a packet that was sent
 * arrives a millisecond later.
 *
 * @module
 */

import { DENO_ENGINE } from "../../src/linkmap/io_engine.ts";
import { openAeadProvider } from "../../src/crypto/aead_provider.ts";
import { nodeDiffieHellman } from "../../src/crypto/x25519.ts";
import type { DatagramSlot, DatagramSocket } from "../../src/linkmap/datagram_socket.ts";
import type { LinkOpener } from "../../src/linkmap/link_opener.ts";
import { PacketPool } from "../../src/multiplexer/packet_pool.ts";
import type { NetAddress } from "../../src/net_address.ts";
import { type AeadProvider, CipherId } from "../../src/peer/aead.ts";
import { MasterStore } from "../../src/state/master_store.ts";
import { MemoryTundev } from "../../src/tundev/memory_tundev.ts";
import { MasterTunnel } from "../../src/tunnel/master_tunnel.ts";
import { SlaveTunnel } from "../../src/tunnel/slave_tunnel.ts";
import type { SecureContext } from "../../src/tunnel/tunnel.ts";
import { DropCounters } from "../../src/wire/drop_reason.ts";
import { Packet } from "../../src/wire/packet.ts";
import { RecordingLogger } from "../support/recording_logger.ts";
import { mulberry32 } from "../support/rng.ts";
import { TempDir } from "../support/temp_dir.ts";
import { benchLink, craftIpPacket, IP_PACKET_BYTES } from "./engine_rig.ts";
import { LINK_DEFAULTS } from "../support/tunnel_world_options.ts";
import { FREE_PEER } from "./free_socket.ts";

const LINK_IDS = [1, 2] as const;

const COMMON = {
  metrics: null,
  logLevel: "error",
  logFormat: "text",
  io: "auto",
  stateDir: "",
} as const;

/** Ciphers that cost nothing: what is left is the engine's own. */
export const NO_CIPHER: AeadProvider = {
  label: "none",
  ciphers: [CipherId.CHACHA20_POLY1305],
  createSealer: () => ({ seal: sealNothing, [Symbol.dispose](): void {} }),
  createOpener: () => ({ open: () => true, [Symbol.dispose](): void {} }),
};

function sealNothing(
  src: Uint8Array<ArrayBuffer>,
  srcStart: number,
  srcEnd: number,
  dst: Uint8Array<ArrayBuffer>,
  dstStart: number,
): void {
  // Byte by byte, though slow: a view for `set` would be counted as the engine's.
  for (let i = srcStart; i < srcEnd; i++) dst[dstStart + i - srcStart] = src[i]!;
}

/** What is tried in each virtual millisecond: 214 Mbit/s. */
const PKTS_PER_MS = 20;

/** So many packets may be under way: more would stand in the queue, and be dropped there. */
const MAX_UNDER_WAY_PKTS = 400;

/** Longer than anything here is sent. */
const SLOT_BYTES = 2_048;

/** A socket that keeps what was sent over it until somebody fetches it; in slots that are used again. */
class KeepingSocket implements DatagramSocket {
  readonly label = "keeping";
  readonly transport = "udp";
  readonly failure = null;
  readonly lastSendError = null;
  /** What arrives here: filled by the other end's send. */
  readonly #kept: Packet[] = [];
  #peer: KeepingSocket | null = null;
  #count = 0;
  #isClosed = false;
  #wake: () => void = () => {};

  /** Two that lead to each other. */
  static pair(): [KeepingSocket, KeepingSocket] {
    const [a, b] = [new KeepingSocket(), new KeepingSocket()];
    a.#peer = b;
    b.#peer = a;
    return [a, b];
  }

  /** Datagrams that wait here. */
  get waiting(): number {
    return this.#count;
  }

  /** Hot. */
  send(packet: Packet, _dst: NetAddress): number {
    this.#peer!.#keep(packet);
    return 0;
  }

  /** Hands over what waits here. */
  drain(take: (packet: Packet) => void): void {
    for (let i = 0; i < this.#count; i++) take(this.#kept[i]!);
    this.#count = 0;
  }

  async receive(slots: readonly DatagramSlot[]): Promise<number> {
    if (this.#count === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    if (this.#isClosed) return 0;
    const count = Math.min(this.#count, slots.length);
    for (let i = 0; i < count; i++) {
      slots[i]!.packet.copyFrom(this.#kept[i]!);
      slots[i]!.source = FREE_PEER;
    }
    // The rest to the front; what was taken is used again behind it.
    this.#kept.push(...this.#kept.splice(0, count));
    this.#count -= count;
    return count;
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #keep(packet: Packet): void {
    if (this.#count === this.#kept.length) this.#kept.push(new Packet(SLOT_BYTES));
    this.#kept[this.#count++]!.copyFrom(packet);
    this.#wake();
  }
}

/** A master and a slave with two links. */
export class SecureEngineRig implements AsyncDisposable {
  /** Packets that came out at the master. */
  deliveredPkts = 0;
  readonly drops = new DropCounters();
  /** What seals. */
  readonly provider: AeadProvider;
  readonly #folder = new TempDir();
  readonly #store: MasterStore;
  readonly #master: MasterTunnel;
  readonly #slave: SlaveTunnel;
  /** By link: the slave's socket and the master's. */
  readonly #sockets: (readonly [KeepingSocket, KeepingSocket])[] = [];
  /** Virtual ms. */
  #now = 1_000;
  readonly #packet = craftIpPacket({ src: [10, 10, 10, 2], dst: [10, 10, 10, 1] });

  private constructor(provider: AeadProvider) {
    this.provider = provider;
    this.#store = MasterStore.open(this.#folder.path);
    const secretKey = randomBytes(32);
    const psk = randomBytes(32);
    this.#store.addSlave({
      name: "bench",
      publicKey: nodeDiffieHellman.publicKey(secretKey),
      psk: psk.slice(),
      hostNumber: 2,
      invitedAt: new Date().toISOString(),
      revokedAt: null,
    });
    const tundev = {
      kind: "tun",
      name: "none",
      addresses: [],
      mtuBytes: IP_PACKET_BYTES,
    } as const;
    this.#master = new MasterTunnel(
      {
        ...COMMON,
        protocol: "secure",
        role: "master",
        listen: { host: FREE_PEER.hostname, port: FREE_PEER.port },
        tundev,
        pool: { address: "10.10.10.0", prefixBits: 24 },
        allowsSlaveToSlave: false,
        allowsTcp: false,
      },
      this.#context(() => Promise.reject(new Error("a master opens nothing"))),
      this.#store,
    );
    this.#slave = new SlaveTunnel({
      ...COMMON,
      protocol: "secure",
      role: "slave",
      links: LINK_IDS.map(benchLink),
      linkDefaults: LINK_DEFAULTS,
      identity: { secretKey, psk, masterKey: this.#store.keyPair.publicKey },
      wantedMtuBytes: 0,
      rekeyAfterMs: 120_000,
      tundev,
    }, this.#context(({ id }) => this.#open(id)));
  }

  /** Makes one; resolves when both links are up. @param provider the daemon's choice when left out. */
  static async create(provider?: AeadProvider): Promise<SecureEngineRig> {
    const rig = new SecureEngineRig(provider ?? await openAeadProvider());
    await rig.#slave.start();
    for (let i = 0; !rig.#isUp(); i++) {
      if (i > 5_000) throw new Error("The links are not up within 5 s");
      await rig.#step();
    }
    return rig;
  }

  /** Sends packets from the slave's tun through to the master's, and what is said of them back. */
  async sendThrough(packets: number): Promise<void> {
    const endPkts = this.deliveredPkts + packets;
    let left = packets;
    for (let i = 0; this.deliveredPkts < endPkts; i++) {
      if (i > packets) {
        throw new Error(`${this.deliveredPkts} of ${endPkts} packets were delivered`);
      }
      await this.#step();
      const roomPkts = MAX_UNDER_WAY_PKTS - (endPkts - left - this.deliveredPkts);
      const now = Math.min(left, PKTS_PER_MS, roomPkts);
      for (let n = 0; n < now; n++) this.#sendOne();
      left -= Math.max(0, now);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#slave.close();
    await this.#master.close();
    this.#store[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }

  #sendOne(): void {
    const result = this.#slave.handleTunPacket(this.#packet, this.#now);
    if (result < 0) throw new Error(`A packet was dropped: ${result}`);
  }

  /** A millisecond: what was sent arrives, what is due is done. */
  async #step(): Promise<void> {
    this.#now++;
    for (const [atSlave, atMaster] of this.#sockets) {
      atMaster.drain(this.#takeAtMaster(atMaster));
      do await Promise.resolve(); while (atSlave.waiting > 0);
    }
    if (this.#master.nextTimeout() <= this.#now) this.#master.handleTimeout(this.#now);
    if (this.#slave.nextTimeout() <= this.#now) this.#slave.handleTimeout(this.#now);
  }

  readonly #takers = new Map<KeepingSocket, (packet: Packet) => void>();

  #takeAtMaster(socket: KeepingSocket): (packet: Packet) => void {
    const known = this.#takers.get(socket);
    if (known !== undefined) return known;
    const source = { hostname: "198.51.100.1", port: 1 + this.#takers.size };
    const take = (packet: Packet): void => {
      this.#master.handleListened(socket, source, packet, this.#now);
    };
    this.#takers.set(socket, take);
    return take;
  }

  #isUp(): boolean {
    const links = [
      ...this.#slave.snapshotLinks(this.#now),
      ...this.#master.snapshotLinks(this.#now),
    ];
    return links.length === 2 * LINK_IDS.length && links.every(({ state }) => state === "up");
  }

  #open(linkId: number): ReturnType<LinkOpener> {
    const [atSlave, atMaster] = KeepingSocket.pair();
    this.#sockets[linkId - 1] = [atSlave, atMaster];
    return Promise.resolve({
      socket: atSlave,
      remote: FREE_PEER,
      transport: "udp",
      alternatives: 0,
    });
  }

  #context(open: LinkOpener): SecureContext {
    return {
      tundev: new MemoryTundev(),
      deliver: () => {
        this.deliveredPkts++;
        return 0;
      },
      open,
      bindUdp: DENO_ENGINE.bindUdp,
      drops: this.drops,
      logger: new RecordingLogger(),
      clock: () => this.#now,
      wallClock: Date.now,
      rng: mulberry32(1),
      reschedule: () => {},
      pool: new PacketPool(),
      provider: this.provider,
      dh: nodeDiffieHellman,
      randomBytes,
      instanceId: randomBytes(8).toHex(),
      software: "bench",
      flush: () => Promise.resolve(),
    };
  }
}

function randomBytes(lengthBytes: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(lengthBytes));
}
