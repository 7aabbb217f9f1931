/** A legacy slave over fake sockets: how its links come up, and what it takes from them. */

import { DENO_ENGINE } from "../../../src/linkmap/io_engine.ts";
import assert from "node:assert/strict";
import type { LinkOpener } from "../../../src/linkmap/link_opener.ts";
import type { LinkSnapshot } from "../../../src/snapshot.ts";
import { MemoryTundev } from "../../../src/tundev/memory_tundev.ts";
import { LegacyTunnel } from "../../../src/tunnel/legacy_tunnel.ts";
import { DropCounters, DropReason } from "../../../src/wire/drop_reason.ts";
import { encodeLegacyControl } from "../../../src/wire/legacy_control.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { transportChecksum } from "../../support/craft_ip.ts";
import { FakeLinkPeer, fakeLinkSpec, settle } from "../../support/fake_link_peer.ts";
import { RecordingLogger } from "../../support/recording_logger.ts";
import { craftTcpSegment } from "../../support/tcp_segment.ts";

/** A slave; the test moves its clock. */
class Slave implements AsyncDisposable {
  now = 0;
  readonly drops = new DropCounters();
  readonly logger = new RecordingLogger();
  readonly tundev = new MemoryTundev();
  readonly tunnel: LegacyTunnel;

  constructor(open: LinkOpener, linkIds: readonly number[]) {
    this.tunnel = new LegacyTunnel({
      protocol: "legacy",
      role: "slave",
      links: linkIds.map(fakeLinkSpec),
      tundev: { kind: "tun", name: "mem0", addresses: [], mtuBytes: 1_500 },
      metrics: null,
      logLevel: "info",
      logFormat: "text",
      io: "auto",
    }, {
      tundev: this.tundev,
      deliver: (packet) => this.tundev.send(packet),
      bindUdp: DENO_ENGINE.bindUdp,
      open,
      drops: this.drops,
      logger: this.logger,
      clock: () => this.now,
      wallClock: () => 0,
      rng: () => 0.5,
      reschedule: () => {},
    });
  }

  static async start(open: LinkOpener, ...linkIds: number[]): Promise<Slave> {
    const slave = new Slave(open, linkIds);
    await slave.tunnel.start();
    return slave;
  }

  get links(): LinkSnapshot[] {
    return this.tunnel.snapshotLinks(this.now);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.tunnel.close();
  }
}

function controlDatagram(linkId: number, seqNo: number): Uint8Array {
  const packet = new Packet(4_096);
  encodeLegacyControl({ seqNo, received: new Map() }, packet);
  return Uint8Array.of(0x42, 0x4c, 0x43, linkId, ...packet.toBytes());
}

/** A minimal IPv4 packet that differs by `mark`. */
function ipPacket(mark: number): Uint8Array {
  const bytes = new Uint8Array(20);
  bytes.set([0x45, 0, 0, 20, 0, mark]);
  return bytes;
}

function dataDatagram(linkId: number, payload: Uint8Array): Uint8Array {
  return Uint8Array.of(0x42, 0x4c, 0x44, linkId, ...payload);
}

Deno.test("LegacyTunnel opens its links, greets the peer at once, and warns of what it is", async () => {
  using peer = new FakeLinkPeer();
  await using slave = await Slave.start(peer.open, 7);
  const { bytes } = await peer.next();
  assert.deepEqual([...bytes.subarray(0, 4)], [0x42, 0x4c, 0x43, 7]);
  assert.equal(slave.links[0]!.state, "probing");
  assert.equal(slave.links[0]!.slave, "");
  assert.match(slave.logger.events[0]!.text, /^warn Protocol legacy: nothing is authenticated/);
});

Deno.test("LegacyTunnel carries packets both ways once the peer was heard", async () => {
  using peer = new FakeLinkPeer();
  await using slave = await Slave.start(peer.open, 1);
  const { source } = await peer.next();
  const packet = new Packet();
  packet.fill(ipPacket(5));
  assert.equal(slave.tunnel.handleTunPacket(packet, 0), DropReason.NO_LINK, "not heard yet");

  peer.send(controlDatagram(1, 1), source);
  peer.send(dataDatagram(1, ipPacket(9)), source);
  await settle(() => slave.tundev.delivered.length === 1);
  assert.deepEqual(slave.tundev.delivered[0], ipPacket(9));
  assert.equal(slave.links[0]!.state, "up");

  await peer.next(); // the answer to being heard
  assert.equal(slave.tunnel.handleTunPacket(packet, 0), 24);
  assert.deepEqual(packet.toBytes(), ipPacket(5), "left as it was");
  assert.deepEqual((await peer.next()).bytes, dataDatagram(1, ipPacket(5)));
});

Deno.test("LegacyTunnel completes a checksum that was left to the other end, which would not know of it", async () => {
  using peer = new FakeLinkPeer();
  await using slave = await Slave.start(peer.open, 1);
  const { source } = await peer.next();
  peer.send(controlDatagram(1, 1), source);
  await settle(() => slave.links[0]!.state === "up");
  await peer.next(); // the answer to being heard

  const packet = new Packet();
  packet.fill(craftTcpSegment({ data: [1, 2, 3] }));
  packet.isPartial = true;
  assert.equal(slave.tunnel.handleTunPacket(packet, 0), 4 + 43);
  const inner = (await peer.next()).bytes.subarray(4);
  assert.equal(transportChecksum(inner), 0);
  assert.deepEqual([...inner.subarray(0, 36)], [
    ...craftTcpSegment({ data: [1, 2, 3] }).subarray(0, 36),
  ]);

  packet.fill(ipPacket(1));
  packet.isPartial = true;
  assert.equal(
    slave.tunnel.handleTunPacket(packet, 0),
    DropReason.NOT_IP,
    "nothing has a checksum there",
  );
});

Deno.test("LegacyTunnel drops what is not for the link, each by its reason", async () => {
  using peer = new FakeLinkPeer();
  await using slave = await Slave.start(peer.open, 1);
  const { source } = await peer.next();
  using stranger = peer.network.bind({ hostname: "192.0.2.66", port: 1 });
  const foreign = new Packet();
  foreign.fill(controlDatagram(1, 1));
  stranger.send(foreign, source);
  peer.send(Uint8Array.of(0x42, 0x4c), source);
  peer.send(Uint8Array.of(1, 2, 3, 4, 5), source);
  peer.send(Uint8Array.of(0x42, 0x4c, 0x58, 1, 5), source);
  peer.send(Uint8Array.of(0x42, 0x4c, 0x54, 1, 5), source);
  peer.send(Uint8Array.of(0x42, 0x4c, 0x52, 0, 5), source);
  peer.send(dataDatagram(0, ipPacket(1)), source);
  peer.send(dataDatagram(2, ipPacket(1)), source);
  peer.send(dataDatagram(1, Uint8Array.of(0xff)), source);
  peer.send(dataDatagram(1, new Uint8Array(0)), source);
  peer.send(Uint8Array.of(0x42, 0x4c, 0x43, 1, 9, 9), source);
  await settle(() => slave.drops.total() === 11);
  const counts = Object.fromEntries(slave.drops.entries());
  assert.deepEqual(counts, {
    wrong_source: 1,
    truncated: 1,
    bad_magic: 1,
    unknown_type: 1,
    wrong_protocol: 2,
    bad_link_id: 1,
    link_id_mismatch: 1,
    not_ip: 1,
    empty: 1,
    bad_control: 1,
  });
  assert.equal(slave.tundev.delivered.length, 0);
  assert.equal(slave.links[0]!.state, "probing", "garbage is no sign of life");
  assert.equal(slave.links[0]!.receivedPackets, 0);
});

Deno.test("LegacyTunnel does not count the copies of a control packet on other links as drops", async () => {
  using peer = new FakeLinkPeer();
  await using slave = await Slave.start(peer.open, 1, 2);
  const sources = [(await peer.next()).source, (await peer.next()).source];
  peer.send(controlDatagram(1, 5), sources[0]!);
  peer.send(controlDatagram(2, 5), sources[1]!);
  await settle(() => slave.links.every(({ state }) => state === "up"));
  assert.equal(slave.drops.total(), 0);
  peer.send(controlDatagram(2, 4), sources[1]!);
  await settle(() => slave.drops.get(DropReason.STALE_CONTROL) === 1);
});

Deno.test("LegacyTunnel shows a link whose socket failed, and greets over the next one", async () => {
  using peer = new FakeLinkPeer();
  await using slave = await Slave.start(peer.open, 4);
  const first = await peer.next();
  peer.send(controlDatagram(4, 1), first.source);
  await settle(() => slave.links[0]!.state === "up");
  peer.opened[0]!.fail(new Error("control connection closed"));
  await settle(() => slave.links[0]!.state === "connecting");
  assert.equal(slave.links[0]!.reason, "control connection closed");

  await peer.next(); // the answer to being heard, before the failure
  const second = await peer.next(); // after a real wait of half a second
  assert.notDeepEqual(second.source, first.source);
  assert.equal(second.bytes[3], 4);
  assert.equal(slave.links[0]!.reconnects, 1);
});

Deno.test("LegacyTunnel reports over all links every second, and tells when that is due", async () => {
  using peer = new FakeLinkPeer();
  await using slave = await Slave.start(peer.open, 1, 2);
  await peer.next();
  await peer.next();
  for (slave.now = 0; slave.now < 2_500; slave.now += 500) {
    if (slave.tunnel.nextTimeout() <= slave.now) slave.tunnel.handleTimeout(slave.now);
  }
  const linkIds: number[] = [];
  for (let i = 0; i < 6; i++) linkIds.push((await peer.next()).bytes[3]!);
  assert.deepEqual(linkIds, [1, 2, 1, 2, 1, 2]);
});
