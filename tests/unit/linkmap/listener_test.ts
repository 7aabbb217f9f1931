import assert from "node:assert/strict";
import { UdpSocket } from "../../../src/linkmap/udp_socket.ts";
import { LinkMap } from "../../../src/linkmap/link_map.ts";
import { Multiplexer } from "../../../src/multiplexer/multiplexer.ts";
import { DropCounters, DropReason } from "../../../src/wire/drop_reason.ts";
import { checkIpPacket } from "../../../src/wire/ip_packet.ts";
import { encodeLegacyControl } from "../../../src/wire/legacy_control.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";

/** A master on loopback, over real sockets; the test moves its clock. */
class Master implements AsyncDisposable {
  now = 0;
  readonly drops = new DropCounters();
  readonly logger = new RecordingLogger();
  readonly multiplexer = new Multiplexer({ rng: () => 0.5, deliver: checkIpPacket });
  readonly linkMap = new LinkMap({
    multiplexer: this.multiplexer,
    open: () => Promise.reject(new Error("a master opens nothing")),
    drops: this.drops,
    verifyData: checkIpPacket,
    logger: this.logger,
    clock: () => this.now,
    rng: () => 0.5,
  });
  readonly port = freePort();

  async [Symbol.asyncDispose](): Promise<void> {
    await this.linkMap.close();
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
  const deadline = performance.now() + 3_000;
  while (!condition()) {
    assert(performance.now() < deadline, what);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

Deno.test("LinkMap.startListener answers each link from the address that it asked", async () => {
  await using master = new Master();
  await master.linkMap.startListener({ host: null, port: master.port }, "none");
  using socket = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  socket.send(control(5, 1), { hostname: "127.0.0.1", port: master.port });
  assert.deepEqual(await receiveFrom(socket), { source: "127.0.0.1", linkId: 5 });
  await until(() => master.multiplexer.getLink(5)?.isAlive === true, "link 5 is up");
  assert.equal(master.logger.count("info Link learned"), 1);
});

Deno.test("LinkMap.startListener on 0.0.0.0 answers from the address that was asked, too", async () => {
  await using master = new Master();
  await master.linkMap.startListener({ host: "0.0.0.0", port: master.port }, "none");
  assert(master.linkMap.listenAddresses.includes(`127.0.0.1:${master.port}`));
  assert(
    !master.linkMap.listenAddresses.some((it) => it.startsWith("0.0.0.0") || it.includes("[")),
  );
});

Deno.test("LinkMap learns no more links at once than its budget", async () => {
  await using master = new Master();
  await master.linkMap.startListener({ host: "127.0.0.1", port: master.port }, "none");
  using socket = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  const dst = { hostname: "127.0.0.1", port: master.port };
  for (let id = 1; id <= 100; id++) socket.send(control(id, id), dst);
  await until(() => master.multiplexer.links.length + master.drops.total() === 100, "all handled");
  assert.equal(master.multiplexer.links.length, 32);
  assert.equal(master.drops.get(DropReason.TOO_MANY_LINKS), 68);
  master.now = 60_000 - 1;
  for (let id = 101; id <= 116; id++) socket.send(control(id, 1), dst);
  await until(() => master.multiplexer.links.length === 48, "more as time passes");
});

Deno.test("LinkMap answers a link at the address its newest valid packet came from", async () => {
  await using master = new Master();
  await master.linkMap.startListener({ host: "127.0.0.1", port: master.port }, "none");
  const dst = { hostname: "127.0.0.1", port: master.port };
  using before = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  before.send(control(1, 1), dst);
  await receiveFrom(before);
  using after = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });

  after.send(datagram(0x44, 1, Uint8Array.of(0)), dst);
  after.send(datagram(0x43, 1, Uint8Array.of(1, 2, 3)), dst);
  await until(() => master.drops.total() === 2, "garbage is counted");
  assert.equal(master.logger.count("info Link moved"), 0, "garbage moves nothing");

  after.send(control(1, 2), dst);
  await until(() => master.logger.count("info Link moved") === 1, "the link has moved");
  master.multiplexer.handleTimeout(1_000);
  assert.equal((await receiveFrom(after)).linkId, 1);
});

Deno.test("LinkMap logs a link's moves at most once in ten seconds, and counts them all", async () => {
  await using master = new Master();
  await master.linkMap.startListener({ host: "127.0.0.1", port: master.port }, "none");
  const dst = { hostname: "127.0.0.1", port: master.port };
  using here = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  using there = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  const moves = (): number => master.linkMap.snapshot(master.now)[0]?.moves ?? -1;
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

Deno.test("LinkMap learns no link from garbage", async () => {
  await using master = new Master();
  await master.linkMap.startListener({ host: "127.0.0.1", port: master.port }, "none");
  using socket = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  const dst = { hostname: "127.0.0.1", port: master.port };
  for (let id = 1; id <= 50; id++) socket.send(datagram(0x44, id, Uint8Array.of(1, 2)), dst);
  for (let id = 1; id <= 50; id++) socket.send(datagram(0x43, id, Uint8Array.of(1, 2)), dst);
  await until(() => master.drops.total() === 100, "all is counted");
  assert.equal(master.drops.get(DropReason.NOT_IP), 50);
  assert.equal(master.drops.get(DropReason.BAD_CONTROL), 50);
  assert.equal(master.multiplexer.links.length, 0);
});

Deno.test("LinkMap forgets a learned link after a minute of silence, and learns it again", async () => {
  await using master = new Master();
  await master.linkMap.startListener({ host: "127.0.0.1", port: master.port }, "none");
  using socket = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  const dst = { hostname: "127.0.0.1", port: master.port };
  socket.send(control(1, 1), dst);
  await until(() => master.multiplexer.links.length === 1, "learned");
  master.now = 59_000;
  master.linkMap.handleTimeout(master.now);
  assert.equal(master.multiplexer.links.length, 1);
  master.now = 61_000;
  master.linkMap.handleTimeout(master.now);
  assert.equal(master.multiplexer.links.length, 0);
  socket.send(control(1, 2), dst);
  await until(() => master.multiplexer.links.length === 1, "learned again");
});

Deno.test("LinkMap.startListener says that the port is taken", async () => {
  using taken = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.localAddress;
  for (const host of ["127.0.0.1", null]) {
    await using master = new Master();
    await assert.rejects(master.linkMap.startListener({ host, port }, "none"), /EADDRINUSE/);
  }
});
