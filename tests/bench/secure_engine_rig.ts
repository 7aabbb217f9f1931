/**
 * The packet path of both ends of a secure tunnel inside this process: all of it is the daemon's own but for the tundevs,
 * which count, and the sockets, which hand a datagram from the one end straight to the other.
 *
 * @module
 */

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
import type { Packet } from "../../src/wire/packet.ts";
import { awaitCondition } from "../support/await_condition.ts";
import { RecordingLogger } from "../support/recording_logger.ts";
import { mulberry32 } from "../support/rng.ts";
import { TempDir } from "../support/temp_dir.ts";
import { benchLink, craftIpPacket, IP_PACKET_BYTES } from "./engine_rig.ts";
import { FREE_PEER } from "./free_socket.ts";

const LINK_IDS = [1, 2] as const;

const COMMON = { metrics: null, logLevel: "error", logFormat: "text", stateDir: "" } as const;

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

/** Takes a datagram, borrowed until return. */
type Sink = (packet: Packet) => void;

/** A socket whose datagrams are at the other end when `send` returns. */
class StraightSocket implements DatagramSocket {
  readonly label = "straight";
  readonly transport = "udp";
  readonly failure = null;
  readonly lastSendError = null;
  /** What takes what is sent. */
  sink: Sink;
  readonly #waiting: Uint8Array[] = [];
  #isClosed = false;
  #wake: () => void = () => {};

  constructor(sink: Sink) {
    this.sink = sink;
  }

  /** Hot. What the sink does with the packet's bytes is no matter: whoever sealed it seals the next one over it. */
  send(packet: Packet, _dst: NetAddress): number {
    const { start, end } = packet;
    this.sink(packet);
    packet.start = start;
    packet.end = end;
    return 0;
  }

  /** A datagram arrives here; copied. */
  enqueue(packet: Packet): void {
    this.#waiting.push(packet.toBytes().slice());
    this.#wake();
  }

  async receive(slots: readonly DatagramSlot[]): Promise<number> {
    for (;;) {
      if (this.#isClosed) return 0;
      const bytes = this.#waiting.shift();
      if (bytes !== undefined) {
        slots[0]!.packet.fill(bytes);
        slots[0]!.source = FREE_PEER;
        return 1;
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  [Symbol.dispose](): void {
    this.close();
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
  readonly #slaveSockets: StraightSocket[] = [];
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
    const areUp = (): boolean => {
      const now = performance.now();
      const links = [...rig.#slave.snapshotLinks(now), ...rig.#master.snapshotLinks(now)];
      return links.length === 2 * LINK_IDS.length && links.every(({ state }) => state === "up");
    };
    await awaitCondition("the links", areUp, { intervalMs: 1 });
    return rig;
  }

  /** Sends packets from the slave's tun to sockets that take everything. @throws Error when one is dropped. */
  sendOut(packets: number): void {
    const sinks = this.#slaveSockets.map(({ sink }) => sink);
    for (const socket of this.#slaveSockets) socket.sink = () => {};
    this.#send(packets);
    this.#slaveSockets.forEach((socket, i) => socket.sink = sinks[i]!);
  }

  /** Sends packets from the slave's tun through to the master's. @throws Error when one does not get there. */
  sendThrough(packets: number): void {
    const before = this.deliveredPkts;
    this.#send(packets);
    const delivered = this.deliveredPkts - before;
    if (delivered !== packets) throw new Error(`${delivered} of ${packets} packets were delivered`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#slave.close();
    await this.#master.close();
    this.#store[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }

  #send(packets: number): void {
    for (let i = 0; i < packets; i++) {
      const result = this.#slave.handleTunPacket(this.#packet, performance.now());
      if (result < 0) throw new Error(`A packet was dropped: ${result}`);
    }
  }

  #open(linkId: number): ReturnType<LinkOpener> {
    const source = { hostname: "198.51.100.1", port: linkId };
    const atMaster = new StraightSocket((packet) => atSlave.enqueue(packet));
    const atSlave: StraightSocket = new StraightSocket((packet) => {
      this.#master.handleListened(atMaster, source, packet, performance.now());
    });
    this.#slaveSockets.push(atSlave);
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
      drops: this.drops,
      logger: new RecordingLogger(),
      clock: () => performance.now(),
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
