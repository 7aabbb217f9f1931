/** A legacy master over real sockets on loopback: what it learns, moves and forgets. */

import { DENO_ENGINE } from "../../../src/linkmap/io_engine.ts";
import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import { UdpSocket } from "../../../src/linkmap/udp_socket.ts";
import type { LinkSnapshot } from "../../../src/snapshot.ts";
import { MemoryTundev } from "../../../src/tundev/memory_tundev.ts";
import { LegacyTunnel } from "../../../src/tunnel/legacy_tunnel.ts";
import { DropCounters, DropReason } from "../../../src/wire/drop_reason.ts";
import { encodeLegacyControl } from "../../../src/wire/legacy_control.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { awaitCondition } from "../../support/await_condition.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

const HOST = "127.0.0.1";

/** A master; the test moves its clock. */
class Master implements AsyncDisposable {
  now = 0;
  readonly drops = new DropCounters();
  readonly logger = new RecordingLogger();
  readonly port = freePort();
  readonly tunnel: LegacyTunnel;

  constructor(host: string | null = HOST) {
    const tundev = new MemoryTundev();
    this.tunnel = new LegacyTunnel({
      protocol: "legacy",
      role: "master",
      listen: { host, port: this.port },
      tundev: { kind: "tun", name: "mem0", addresses: [], mtuBytes: 1_500 },
      metrics: null,
      logLevel: "info",
      logFormat: "text",
      io: "auto",
    }, {
      tundev,
      deliver: (packet) => tundev.send(packet),
      bindUdp: DENO_ENGINE.bindUdp,
      open: () => Promise.reject(new Error("a master opens nothing")),
      drops: this.drops,
      logger: this.logger,
      clock: () => this.now,
      wallClock: () => 0,
      rng: () => 0.5,
      reschedule: () => {},
    });
  }

  get links(): LinkSnapshot[] {
    return this.tunnel.snapshotLinks(this.now);
  }

  /** Where its clients send to. */
  get address(): { hostname: string; port: number } {
    return { hostname: HOST, port: this.port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tunnel.close();
  }
}

/** A port that was free on all of loopback a moment ago. */
function freePort(): number {
  using socket = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  return socket.localAddress.port;
}

function datagram(type: number, linkId: number, payload: Uint8Array): Packet {
  const packet = new Packet();
  packet.fill(Uint8Array.of(0x42, 0x4c, type, linkId, ...payload));
  return packet;
}

function control(linkId: number, seqNo: number): Packet {
  const packet = new Packet(4_096);
  encodeLegacyControl({ seqNo, received: new Map() }, packet);
  return datagram(0x43, linkId, packet.toBytes());
}

async function receiveFrom(socket: UdpSocket): Promise<{ source: string; linkId: number }> {
  const slot = { packet: new Packet(), source: { hostname: "", port: 0 } };
  assert.equal(await socket.receive([slot]), 1);
  return { source: slot.source.hostname, linkId: slot.packet.toBytes()[3]! };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  await awaitCondition(what, condition, { timeoutMs: 3_000, intervalMs: 1 });
}

Deno.test("LegacyTunnel answers each link from the address that it asked", async () => {
  await using master = new Master(null);
  await master.tunnel.start();
  using socket = UdpSocket.bind({ hostname: HOST, port: 0 });
  socket.send(control(5, 1), { hostname: HOST, port: master.port });
  assert.deepEqual(await receiveFrom(socket), { source: "127.0.0.1", linkId: 5 });
  await until(
    () => master.links.some(({ id, state }) => id === 5 && state === "up"),
    "link 5 is up",
  );
  assert.equal(master.logger.count("info Link learned"), 1);
});

Deno.test("LegacyTunnel learns no more links at once than its budget", async () => {
  await using master = new Master();
  await master.tunnel.start();
  using socket = UdpSocket.bind({ hostname: HOST, port: 0 });
  const dst = master.address;
  for (let id = 1; id <= 100; id++) socket.send(control(id, id), dst);
  await until(() => master.links.length + master.drops.total() === 100, "all handled");
  assert.equal(master.links.length, 32);
  assert.equal(master.drops.get(DropReason.TOO_MANY_LINKS), 68);
  master.now = 60_000 - 1;
  for (let id = 101; id <= 116; id++) socket.send(control(id, 1), dst);
  await until(() => master.links.length === 48, "more as time passes");
});

Deno.test("LegacyTunnel answers a link at the address its newest valid packet came from", async () => {
  await using master = new Master();
  await master.tunnel.start();
  const dst = master.address;
  using before = UdpSocket.bind({ hostname: HOST, port: 0 });
  before.send(control(1, 1), dst);
  await receiveFrom(before);
  using after = UdpSocket.bind({ hostname: HOST, port: 0 });

  after.send(datagram(0x44, 1, Uint8Array.of(0)), dst);
  after.send(datagram(0x43, 1, Uint8Array.of(1, 2, 3)), dst);
  await until(() => master.drops.total() === 2, "garbage is counted");
  assert.equal(master.logger.count("info Link moved"), 0, "garbage moves nothing");

  after.send(control(1, 2), dst);
  await until(() => master.logger.count("info Link moved") === 1, "the link has moved");
  master.tunnel.handleTimeout(1_000);
  assert.equal((await receiveFrom(after)).linkId, 1);
});

Deno.test("LegacyTunnel logs a link's moves at most once in ten seconds, and counts them all", async () => {
  await using master = new Master();
  await master.tunnel.start();
  const dst = master.address;
  using here = UdpSocket.bind({ hostname: HOST, port: 0 });
  using there = UdpSocket.bind({ hostname: HOST, port: 0 });
  const moves = (): number => master.links[0]?.moves ?? -1;
  here.send(control(1, 1), dst);
  await until(() => moves() === 0, "learned");
  for (let move = 1; move <= 6; move++) {
    (move % 2 === 1 ? there : here).send(control(1, 1 + move), dst);
    await until(() => moves() === move, `moved ${move} times`);
  }
  assert.equal(master.logger.count("info Link moved"), 1);
  master.now = 10_000;
  there.send(control(1, 9), dst);
  await until(() => moves() === 7, "moved again");
  assert.equal(master.logger.count("info Link moved"), 2);
});

Deno.test("LegacyTunnel learns no link from garbage", async () => {
  await using master = new Master();
  await master.tunnel.start();
  using socket = UdpSocket.bind({ hostname: HOST, port: 0 });
  const dst = master.address;
  for (let id = 1; id <= 50; id++) socket.send(datagram(0x44, id, Uint8Array.of(1, 2)), dst);
  for (let id = 1; id <= 50; id++) socket.send(datagram(0x43, id, Uint8Array.of(1, 2)), dst);
  await until(() => master.drops.total() === 100, "all is counted");
  assert.equal(master.drops.get(DropReason.NOT_IP), 50);
  assert.equal(master.drops.get(DropReason.BAD_CONTROL), 50);
  assert.equal(master.links.length, 0);
});

Deno.test("LegacyTunnel forgets a learned link after a minute of silence, and learns it again", async () => {
  await using master = new Master();
  await master.tunnel.start();
  using socket = UdpSocket.bind({ hostname: HOST, port: 0 });
  const dst = master.address;
  socket.send(control(1, 1), dst);
  await until(() => master.links.length === 1, "learned");
  master.now = 59_000;
  master.tunnel.handleTimeout(master.now);
  assert.equal(master.links.length, 1);
  master.now = 61_000;
  master.tunnel.handleTimeout(master.now);
  assert.equal(master.links.length, 0);
  socket.send(control(1, 2), dst);
  await until(() => master.links.length === 1, "learned again");
});
