/**
 * A master and slaves with secure tunnels, joined by a fake network, under one clock that the test moves. All code between
 * the sockets and the tundevs is the daemon's own.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { FakeDatagramSocket } from "./fake_datagram_socket.ts";
import { FakeTimers } from "./fake_timers.ts";
import { nobleAead } from "./noble_aead.ts";
import { mulberry32 } from "./rng.ts";
import { TappedNetwork } from "./tapped_network.ts";
import { TempDir } from "./temp_dir.ts";
import { TunnelEnd } from "./tunnel_end.ts";
import {
  MASTER_ADDRESS,
  masterOptions,
  slaveOptions,
  type SlaveTerms,
  type TunnelWorldOptions,
} from "./tunnel_world_options.ts";
import { loadLibc } from "../../ffi/libc.ts";
import { nodeDiffieHellman } from "../../src/crypto/x25519.ts";
import type { SlaveIdentity } from "../../src/daemon_options.ts";
import type { LinkOpener } from "../../src/linkmap/link_opener.ts";
import type { NetAddress } from "../../src/net_address.ts";
import { MasterAdmin } from "../../src/state/master_admin.ts";
import { MasterStore, type SlaveRecord } from "../../src/state/master_store.ts";
import { MasterTunnel } from "../../src/tunnel/master_tunnel.ts";
import { SlaveTunnel } from "../../src/tunnel/slave_tunnel.ts";
import type { DropReason } from "../../src/wire/drop_reason.ts";
import { Packet } from "../../src/wire/packet.ts";

// The store's lock needs it: loaded once, so that no test is said to leak it.
loadLibc();

/** A master's end. */
export type MasterEnd = TunnelEnd<MasterTunnel>;

/** A slave's end. */
export type SlaveEnd = TunnelEnd<SlaveTunnel> & {
  /** Sockets that were opened for its links, in order. */
  readonly sockets: readonly FakeDatagramSocket[];
};

/** The world. */
export class TunnelWorld implements AsyncDisposable {
  readonly timers = new FakeTimers();
  readonly network = new TappedNetwork();
  readonly provider = nobleAead();
  readonly rng: () => number;
  readonly store: MasterStore;
  readonly #options: TunnelWorldOptions;
  readonly #folder = new TempDir();
  readonly #ends: TunnelEnd<MasterTunnel | SlaveTunnel>[] = [];
  readonly #identities = new Map<string, SlaveIdentity>();
  #master: MasterEnd | null = null;
  #masterSocket: FakeDatagramSocket | null = null;
  #machines = 0;

  private constructor(options: TunnelWorldOptions) {
    this.#options = options;
    this.rng = mulberry32(options.seed ?? 7);
    this.store = MasterStore.open(this.#folder.path);
  }

  /** Makes a world whose master runs, and these slaves' records. */
  static async create(
    names: readonly string[],
    options: TunnelWorldOptions = {},
  ): Promise<TunnelWorld> {
    const world = new TunnelWorld(options);
    try {
      for (const name of names) world.invite(name);
      world.startMaster();
      await world.settle();
      return world;
    } catch (error) {
      await world[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The running master. */
  get master(): MasterEnd {
    assert(this.#master !== null, "the master is stopped");
    return this.#master;
  }

  /** The administration of the running master. */
  get admin(): MasterAdmin {
    return new MasterAdmin(this.store, this.master.tunnel.administration, {
      now: () => 0,
      randomBytes: this.randomBytes,
      networkInterfaces: () => [],
    });
  }

  readonly randomBytes = (lengthBytes: number): Uint8Array<ArrayBuffer> =>
    Uint8Array.from({ length: lengthBytes }, () => Math.floor(this.rng() * 256));

  makeInstanceId(): string {
    return this.randomBytes(8).toHex();
  }

  /** Adds a slave to the master's store, and to the master if it runs. */
  invite(name: string): void {
    const record = this.forge(name);
    this.store.addSlave(record);
    this.#master?.tunnel.administration.handleInvited(record);
  }

  /** A slave that believes to be invited. @returns the record that the master would have. */
  forge(name: string): SlaveRecord {
    const secretKey = this.randomBytes(32);
    const psk = this.randomBytes(32);
    const masterKey = this.store.keyPair.publicKey;
    this.#identities.set(name, { secretKey, psk: psk.slice(), masterKey });
    return {
      name,
      publicKey: nodeDiffieHellman.publicKey(secretKey),
      psk,
      hostNumber: this.#identities.size + 1,
      invitedAt: "2026-01-01T00:00:00.000Z",
      revokedAt: null,
    };
  }

  /** Starts the master program; of an earlier run only the store is left. @param wallOffsetMs added to its wall clock. */
  startMaster(wallOffsetMs = 0): void {
    const { standIn = false } = this.#options;
    const options = masterOptions(this.#options);
    const open: LinkOpener = () => Promise.reject(new Error("a master opens nothing"));
    const terms = { open, carriesIp: !standIn, wallOffsetMs };
    const end = new TunnelEnd(
      this,
      terms,
      (context) => new MasterTunnel(options, context, this.store),
    );
    this.#ends.push(end);
    this.#master = end;
    this.listen(MASTER_ADDRESS);
    end.drive();
  }

  /** Opens a socket of the master and lets the tunnel have what it brings, as its listener would. */
  listen(address: NetAddress): FakeDatagramSocket {
    const socket = this.network.bind(address);
    this.#masterSocket = socket;
    void this.#pump(this.master, socket);
    return socket;
  }

  /** Ends the master: told, as by a signal; killed, it has no last word. */
  async stopMaster(how: "told" | "killed"): Promise<void> {
    const master = this.master;
    if (how === "killed") this.#masterSocket?.close();
    await master.stop();
    this.#masterSocket?.close();
    this.#master = null;
    await this.settle();
  }

  /** Starts a program on a machine of its own with the token of an invited slave. */
  async addSlave(name: string, terms: SlaveTerms = {}): Promise<SlaveEnd> {
    const identity = this.#identities.get(name);
    assert(identity !== undefined, `${name} is not invited`);
    const { wallOffsetMs = 0 } = terms;
    const { standIn = false } = this.#options;
    const machine = ++this.#machines;
    const hostname = `10.${machine >> 8}.${machine & 255}.1`;
    const sockets: FakeDatagramSocket[] = [];
    const open: LinkOpener = ({ id }) => {
      const socket = this.network.bind({ hostname, port: 1_000 * id + sockets.length });
      sockets.push(socket);
      return Promise.resolve({ socket, remote: MASTER_ADDRESS, transport: "udp", alternatives: 0 });
    };
    const options = slaveOptions(terms, identity, standIn);
    const endTerms = { open, carriesIp: !standIn, wallOffsetMs, tundev: terms.tundev };
    const end = new TunnelEnd(this, endTerms, (context) => new SlaveTunnel(options, context));
    this.#ends.push(end);
    await end.tunnel.start();
    end.drive();
    await this.settle();
    return Object.assign(end, { sockets });
  }

  /** Adds a slave and waits until its links carry data. */
  async join(name: string, terms: SlaveTerms = {}): Promise<SlaveEnd> {
    const slave = await this.addSlave(name, terms);
    const links = terms.links ?? 2;
    await this.runUntil(() => slave.upIds.length === links, 5_000, `${name} joins`);
    return slave;
  }

  /** Ends a slave without a last word: what it sends while it ends is lost. */
  async kill(slave: SlaveEnd): Promise<void> {
    for (const socket of slave.sockets) socket.close();
    await slave.stop();
  }

  /** Lets time pass. */
  async runFor(durationMs: number): Promise<void> {
    const endMs = this.timers.now + durationMs;
    do await this.settle(); while (this.timers.fireNext(endMs));
    await this.settle();
  }

  /** Lets time pass until something holds; fails after `atMostMs`. @returns the time it took. */
  async runUntil(condition: () => boolean, atMostMs: number, what: string): Promise<number> {
    const startMs = this.timers.now;
    await this.settle();
    while (!condition()) {
      assert(this.timers.fireNext(startMs + atMostMs), `${what}: not within ${atMostMs} ms`);
      await this.settle();
    }
    return this.timers.now - startMs;
  }

  /** Lets all that is under way arrive: fake sockets need a few turns of the microtask queue. */
  async settle(): Promise<void> {
    for (let quietTurns = 0; quietTurns < QUIET_TURNS; quietTurns++) {
      const before = this.network.activity;
      await Promise.resolve();
      if (this.network.activity !== before) quietTurns = 0;
    }
  }

  /** As the link map does it. */
  async #pump(master: MasterEnd, socket: FakeDatagramSocket): Promise<void> {
    const slot = { packet: new Packet(), source: MASTER_ADDRESS };
    while (await socket.receive([slot]) > 0) {
      const { now } = this.timers;
      const result = master.tunnel.handleListened(socket, slot.source, slot.packet, now);
      if (result < 0) master.drops.count(result as DropReason);
    }
    master.tunnel.handleSocketClosed(socket, this.timers.now);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends) await end.stop();
    this.#masterSocket?.close();
    await this.settle();
    this.timers[Symbol.dispose]();
    this.store[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }
}

/** A datagram that waits in a socket is handled, and answered, within some ten turns. */
const QUIET_TURNS = 40;
