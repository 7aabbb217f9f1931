/** A secure master over real sockets on loopback: what it says as it starts, UDP and TCP. */

import { DENO_ENGINE } from "../../../src/linkmap/io_engine.ts";
import assert from "node:assert/strict";
import { loadLibc } from "../../../ffi/libc.ts";
import { nodeDiffieHellman } from "../../../src/crypto/x25519.ts";
import type { DatagramSocket, Transport } from "../../../src/linkmap/datagram_socket.ts";
import { connectTcp } from "../../../src/linkmap/tcp_connect.ts";
import { UdpSocket } from "../../../src/linkmap/udp_socket.ts";
import type { LinkOpener } from "../../../src/linkmap/link_opener.ts";
import { DEFAULT_LINK_SETTINGS } from "../../../src/multiplexer/link_settings.ts";
import { PacketPool } from "../../../src/multiplexer/packet_pool.ts";
import { MasterStore, type SlaveRecord } from "../../../src/state/master_store.ts";
import { MemoryTundev } from "../../../src/tundev/memory_tundev.ts";
import { MasterTunnel } from "../../../src/tunnel/master_tunnel.ts";
import { SlaveTunnel } from "../../../src/tunnel/slave_tunnel.ts";
import type { SecureContext, Tunnel } from "../../../src/tunnel/tunnel.ts";
import { UsageError } from "../../../src/usage_error.ts";
import { DropCounters } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { awaitCondition } from "../../support/await_condition.ts";
import { innerPacket } from "../../support/inner_packets.ts";
import { nobleAead } from "../../support/noble_aead.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { COMMON, LINK_DEFAULTS } from "../../support/tunnel_world_options.ts";

loadLibc();

const HOST = "127.0.0.1";
const SECRET_KEY = new Uint8Array(32).fill(5);
const PSK = new Uint8Array(32).fill(6);

const RECORD: SlaveRecord = {
  name: "laptop",
  publicKey: nodeDiffieHellman.publicKey(SECRET_KEY),
  psk: PSK.slice(),
  hostNumber: 2,
  invitedAt: "2026-01-01T00:00:00.000Z",
  revokedAt: null,
};

/** What one end works with, on real time. */
class Workings {
  /** How far ahead of real time its clock is. */
  aheadMs = 0;
  readonly drops = new DropCounters();
  readonly logger = new RecordingLogger();
  readonly tundev = new MemoryTundev();
  readonly sockets: DatagramSocket[] = [];

  context(open: LinkOpener): SecureContext {
    return {
      tundev: this.tundev,
      deliver: (packet) => this.tundev.send(packet),
      open,
      bindUdp: DENO_ENGINE.bindUdp,
      drops: this.drops,
      logger: this.logger,
      clock: () => performance.now() + this.aheadMs,
      wallClock: Date.now,
      rng: Math.random,
      reschedule: () => {},
      pool: new PacketPool(),
      provider: nobleAead(),
      dh: nodeDiffieHellman,
      randomBytes: (lengthBytes) => crypto.getRandomValues(new Uint8Array(lengthBytes)),
      instanceId: crypto.getRandomValues(new Uint8Array(8)).toHex(),
      software: "bindlink 1.2.3",
      flush: () => new Promise((resolve) => setTimeout(resolve, 1)),
    };
  }
}

/** A master with a state directory of its own. */
class Master extends Workings implements AsyncDisposable {
  readonly port = freePort();
  readonly store: MasterStore;
  readonly tunnel: MasterTunnel;
  readonly #folder = new TempDir();

  constructor({ slaves = [RECORD], allowsTcp = true } = {}) {
    super();
    this.store = MasterStore.open(this.#folder.path);
    for (const slave of slaves) this.store.addSlave(slave);
    this.tunnel = new MasterTunnel(
      {
        ...COMMON,
        protocol: "secure",
        role: "master",
        listen: { host: HOST, port: this.port },
        tundev: { kind: "tun", name: "mem0", addresses: [], mtuBytes: 1_340 },
        pool: { address: "10.10.10.0", prefixBits: 24 },
        allowsSlaveToSlave: false,
        allowsTcp,
      },
      this.context(() => Promise.reject(new Error("a master opens nothing"))),
      this.store,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tunnel.close();
    this.store[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
  }
}

/** A slave whose one link goes over UDP or TCP. */
class Slave extends Workings implements AsyncDisposable {
  readonly tunnel: SlaveTunnel;

  constructor(master: Master, transport: Transport, masterKey = master.store.keyPair.publicKey) {
    super();
    const remote = { hostname: HOST, port: master.port };
    const open: LinkOpener = async () => {
      const socket = transport === "udp"
        ? UdpSocket.bind({ hostname: HOST, port: 0 })
        : await connectTcp({ remote, drops: this.drops });
      this.sockets.push(socket);
      return { socket, remote, transport, alternatives: 0 };
    };
    const target = { host: HOST, port: master.port };
    this.tunnel = new SlaveTunnel({
      ...COMMON,
      protocol: "secure",
      role: "slave",
      links: [{
        id: 1,
        name: "direct",
        targets: [target],
        allowsTcp: true,
        proxy: null,
        settings: DEFAULT_LINK_SETTINGS,
      }],
      linkDefaults: LINK_DEFAULTS,
      identity: { secretKey: SECRET_KEY.slice(), psk: PSK.slice(), masterKey },
      wantedMtuBytes: 0,
      rekeyAfterMs: 120_000,
      tundev: { kind: "tun", name: "mem0", addresses: [], mtuBytes: 1_500 },
    }, this.context(open));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tunnel.close();
  }
}

/** A port that was free a moment ago. */
function freePort(): number {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  return listener.addr.port;
}

/** Waits for something, and drives both ends meanwhile. */
async function until(what: string, probe: () => boolean, ...tunnels: Tunnel[]): Promise<void> {
  await awaitCondition(what, () => {
    for (const tunnel of tunnels) tunnel.handleTimeout(performance.now());
    return probe();
  }, { intervalMs: 5 });
}

function packetOf(bytes: Uint8Array): Packet {
  const packet = new Packet();
  packet.fill(bytes);
  return packet;
}

Deno.test("MasterTunnel.start sets its tundev up, listens, and says what it serves", async () => {
  await using master = new Master();
  await master.tunnel.start();
  const [settings] = master.tundev.configured;
  assert.equal(settings!.mtuBytes, 1_340);
  assert.deepEqual(settings!.addresses[0], { address: "10.10.10.1", prefixBits: 24 });
  assert.match(settings!.addresses[1]!.address, /^fd.*::1$/);
  const { events } = master.logger;
  assert.deepEqual(events[0], {
    text: "info Listening",
    properties: { addresses: `${HOST}:${master.port}` },
  });
  const serving = events.find(({ text }) => text === "info Serving");
  assert.equal(serving!.properties["slaves"], 1);
  assert.equal(serving!.properties["ciphers"], "noble");
  assert.equal(master.logger.count("info No slave is invited yet"), 0);
});

Deno.test("MasterTunnel.start tells who has no slaves how to invite one", async () => {
  await using master = new Master({ slaves: [] });
  await master.tunnel.start();
  const told = master.logger.events.find(({ text }) => text === "info No slave is invited yet");
  assert.equal(told!.properties["advice"], "type: bindlink invite NAME");
});

Deno.test("MasterTunnel.start says that the port is taken", async () => {
  await using master = new Master();
  using _taken = UdpSocket.bind({ hostname: HOST, port: master.port });
  await assert.rejects(
    master.tunnel.start(),
    /Cannot open UDP socket .*another program has this port/,
  );
});

for (const transport of ["udp", "tcp"] as const) {
  Deno.test(`Secure tunnels carry packets over ${transport} on loopback`, async () => {
    await using master = new Master();
    await master.tunnel.start();
    await using slave = new Slave(master, transport);
    await slave.tunnel.start();
    const isUp = (): boolean => {
      const now = performance.now();
      const links = [...master.tunnel.snapshotLinks(now), ...slave.tunnel.snapshotLinks(now)];
      return links.length === 2 && links.every(({ state }) => state === "up");
    };
    await until("both are up", isUp, master.tunnel, slave.tunnel);
    const now = performance.now();
    assert.equal(master.tunnel.snapshotLinks(now)[0]!.transport, transport);
    assert(slave.tunnel.handleTunPacket(packetOf(innerPacket(2, 1, 5)), now) > 0);
    assert(master.tunnel.handleTunPacket(packetOf(innerPacket(1, 2, 6)), now) > 0);
    const haveArrived = (): boolean =>
      master.tundev.delivered.length + slave.tundev.delivered.length === 2;
    await until("the packets arrive", haveArrived, master.tunnel, slave.tunnel);
    assert.deepEqual(master.tundev.delivered, [innerPacket(2, 1, 5)]);
    assert.deepEqual(slave.tundev.delivered, [innerPacket(1, 2, 6)]);
    await master.tunnel.close();
    assert.equal(master.logger.count("warn Link down"), 0, "it ends: that is no news");
    assert.deepEqual(master.tunnel.snapshotLinks(performance.now()), []);
  });
}

Deno.test("MasterTunnel tells authentic connections from others", async () => {
  await using master = new Master();
  await master.tunnel.start();
  await using slave = new Slave(master, "tcp");
  await slave.tunnel.start();
  const isLearned = (): boolean => master.tunnel.snapshotLinks(performance.now()).length === 1;
  await until("the link is learned", isLearned, master.tunnel, slave.tunnel);
  const socket = UdpSocket.bind({ hostname: HOST, port: 0 });
  assert.equal(master.tunnel.isAuthentic(socket), false);
  socket.close();
  // Its connection ends: the link waits for another one.
  slave.sockets[0]!.close();
  const isWaiting = (): boolean => {
    const [link] = master.tunnel.snapshotLinks(performance.now());
    return link?.state === "connecting";
  };
  await until("the link waits", isWaiting, master.tunnel);
  assert.equal(master.logger.count("warn Link down"), 1);
});

Deno.test("MasterTunnel ends the TCP connection of a revoked slave", async () => {
  await using master = new Master();
  await master.tunnel.start();
  await using slave = new Slave(master, "tcp");
  await slave.tunnel.start();
  const isJoined = (): boolean => slave.logger.count("info Link up") === 1;
  await until("the slave joins", isJoined, master.tunnel, slave.tunnel);
  master.tunnel.administration.handleRevoked(RECORD);
  const [connection] = slave.sockets;
  const isOver = (): boolean => connection!.failure !== null;
  // It is a stranger's now, at the latest after two looks; and has ten seconds then.
  await until("it ends", () => {
    master.aheadMs += 100;
    master.tunnel.handleTimeout(performance.now() + master.aheadMs);
    return isOver() || master.aheadMs > 60_000;
  });
  assert.match(String(connection!.failure), /closed by the other end|reset by the other end/);
  assert(master.aheadMs < 14_000, `after ${master.aheadMs} ms`);
});

Deno.test("SlaveTunnel refuses a master's key that nobody can have", async () => {
  await using master = new Master();
  assert.throws(() => new Slave(master, "udp", new Uint8Array(32)), (error) => {
    assert(error instanceof UsageError);
    assert.match(error.message, /ask for a new token/);
    return true;
  });
});
