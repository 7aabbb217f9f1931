import assert from "node:assert/strict";
import { LegacyMultiplexer } from "../../../src/multiplexer/legacy_multiplexer.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { FakeLegacyPort } from "../../support/fake_legacy_port.ts";
import { mulberry32 } from "../../support/rng.ts";

interface Bench {
  readonly multiplexer: LegacyMultiplexer;
  readonly ports: FakeLegacyPort[];
  readonly delivered: number[];
  readonly changes: string[];
}

function setUp(linkCount: number, deliverResult = 0): Bench {
  const delivered: number[] = [];
  const changes: string[] = [];
  const multiplexer = new LegacyMultiplexer({
    rng: mulberry32(7),
    firstSeqNo: 100,
    deliver: (packet) => {
      if (deliverResult === 0) delivered.push(packet.length);
      return deliverResult;
    },
    onLinkChange: ({ port, isAlive }) => changes.push(`${port.id} ${isAlive ? "up" : "silent"}`),
  });
  const ports = Array.from({ length: linkCount }, (_, i) => new FakeLegacyPort(i + 1));
  for (const port of ports) multiplexer.addLink(port, 0);
  return { multiplexer, ports, delivered, changes };
}

function packetOf(lengthBytes: number): Packet {
  const packet = new Packet(2_000);
  packet.fill(new Uint8Array(lengthBytes).fill(0x45));
  return packet;
}

function control(seqNo: number, received: Record<number, number> = {}): {
  seqNo: number;
  received: Map<number, number>;
} {
  return { seqNo, received: new Map(Object.entries(received).map(([id, n]) => [Number(id), n])) };
}

Deno.test("LegacyMultiplexer.send returns NO_LINK while no link was heard", () => {
  const { multiplexer, ports } = setUp(2);
  assert.equal(multiplexer.send(packetOf(100), 0), DropReason.NO_LINK);
  assert.deepEqual(ports.map((port) => port.sent.length), [0, 0]);
});

Deno.test("LegacyMultiplexer.send returns EMPTY for a packet without bytes", () => {
  const { multiplexer } = setUp(1);
  multiplexer.handleControl(1, control(1), 0);
  assert.equal(multiplexer.send(packetOf(0), 0), DropReason.EMPTY);
});

Deno.test("LegacyMultiplexer.send uses a link as soon as it was heard, and only that one", () => {
  const { multiplexer, ports } = setUp(2);
  multiplexer.handleControl(2, control(1), 10);
  for (let i = 0; i < 20; i++) assert.equal(multiplexer.send(packetOf(100), 10), 100);
  assert.deepEqual(ports.map((port) => port.sent.length), [0, 20]);
});

Deno.test("LegacyMultiplexer.send passes on why a link did not take the packet", () => {
  const { multiplexer, ports } = setUp(1);
  multiplexer.handleControl(1, control(1), 0);
  ports[0]!.result = DropReason.SEND_QUEUE_FULL;
  assert.equal(multiplexer.send(packetOf(100), 0), DropReason.SEND_QUEUE_FULL);
});

Deno.test("LegacyMultiplexer weighs links by what the peer received from us", () => {
  const { multiplexer, ports } = setUp(3);
  for (const id of [1, 2, 3]) {
    multiplexer.handleControl(id, control(1, { 1: 20e6, 2: 8e6, 3: 3e6 }), 0);
  }
  for (let i = 0; i < 31_000; i++) multiplexer.send(packetOf(1), 0);
  const counts = ports.map((port) => port.sent.length);
  for (const [i, weight] of [20_000, 8_000, 3_000].entries()) {
    assert(Math.abs(counts[i]! - weight) < 500, `link ${i + 1} carried ${counts[i]} of 31000`);
  }
  assert.deepEqual(
    multiplexer.links.map((link) => Math.round(link.share * 31)),
    [20, 8, 3],
  );
});

Deno.test("LegacyMultiplexer does not let a few pings over one link decide the shares", () => {
  const { multiplexer } = setUp(2);
  for (const id of [1, 2]) multiplexer.handleControl(id, control(1, { 1: 420 }), 0);
  assert(multiplexer.getLink(2)!.share > 0.49);
});

Deno.test("LegacyMultiplexer leaves a link of which nothing arrives a share to grow from", () => {
  const { multiplexer } = setUp(2);
  for (const id of [1, 2]) multiplexer.handleControl(id, control(1, { 1: 1_000_000 }), 0);
  assert(multiplexer.getLink(2)!.share > 0.01);
});

Deno.test("LegacyMultiplexer leaves out a link that was silent for three seconds, and probes it", () => {
  const { multiplexer, ports, changes } = setUp(2);
  multiplexer.handleControl(1, control(1), 0);
  multiplexer.handleControl(2, control(1), 0);
  multiplexer.handleTimeout(1_000);
  multiplexer.handleControl(1, control(2), 1_000);
  multiplexer.handleTimeout(2_999);
  assert.equal(multiplexer.getLink(2)!.isAlive, true);
  multiplexer.handleTimeout(3_000);
  assert.equal(multiplexer.getLink(2)!.isAlive, false);
  for (let i = 0; i < 20; i++) multiplexer.send(packetOf(100), 3_000);
  assert.deepEqual(ports.map((port) => port.sent.length), [20, 0]);
  assert.deepEqual(changes, ["1 up", "2 up", "2 silent"]);

  const probes = ports[1]!.sentControls.length;
  multiplexer.handleTimeout(4_000);
  assert.equal(ports[1]!.sentControls.length, probes + 1);

  multiplexer.handleControl(2, control(3), 4_500);
  assert.equal(multiplexer.getLink(2)!.isAlive, true);
});

Deno.test("LegacyMultiplexer leaves a link out at once when its socket is gone", () => {
  const { multiplexer, changes } = setUp(1);
  multiplexer.handleControl(1, control(1), 0);
  multiplexer.handleLinkClosed(1, 5);
  assert.equal(multiplexer.send(packetOf(100), 5), DropReason.NO_LINK);
  assert.deepEqual(changes, ["1 up"], "the link map says why it closed");
});

Deno.test("LegacyMultiplexer.handleControl takes each number once, and never goes back", () => {
  const { multiplexer } = setUp(2);
  assert.equal(multiplexer.handleControl(1, control(5, { 1: 500 }), 0), 0);
  assert.equal(multiplexer.handleControl(2, control(5, { 1: 1 }), 10), DropReason.STALE_CONTROL);
  assert.equal(multiplexer.handleControl(2, control(4, { 1: 2 }), 20), DropReason.STALE_CONTROL);
  assert.equal(multiplexer.getLink(1)!.peerReceivedBytes, 500);
  assert.equal(multiplexer.getLink(1)!.linkRateBytesPerSecond, 100);
});

Deno.test("LegacyMultiplexer.handleControl hears a link by a repeated number too", () => {
  const { multiplexer } = setUp(2);
  multiplexer.handleControl(1, control(5), 0);
  multiplexer.handleControl(2, control(5), 0);
  assert.equal(multiplexer.getLink(2)!.isAlive, true);
});

Deno.test("LegacyMultiplexer.handleControl believes a smaller number after three seconds without a fresh one", () => {
  const { multiplexer } = setUp(1);
  multiplexer.handleControl(1, control(500), 0);
  assert.equal(multiplexer.handleControl(1, control(0), 2_999), DropReason.STALE_CONTROL);
  assert.equal(multiplexer.handleControl(1, control(1, { 1: 77 }), 3_000), 0);
  assert.equal(multiplexer.getLink(1)!.peerReceivedBytes, 77);
  assert.equal(multiplexer.handleControl(1, control(2), 3_100), 0);
});

Deno.test("LegacyMultiplexer.handleControl and received drop what names no link", () => {
  const { multiplexer, delivered } = setUp(1);
  for (const id of [0, 2, 255, 256, -1]) {
    assert.equal(multiplexer.handleControl(id, control(1), 0), DropReason.BAD_LINK_ID);
    assert.equal(multiplexer.received(id, packetOf(10), 0), DropReason.BAD_LINK_ID);
  }
  assert.deepEqual(delivered, []);
});

Deno.test("LegacyMultiplexer.handleControl ignores entries for links that do not exist", () => {
  const { multiplexer } = setUp(1);
  assert.equal(multiplexer.handleControl(1, control(1, { 1: 5, 200: 9, 70_000: 9 }), 0), 0);
  assert.equal(multiplexer.getLink(1)!.peerReceivedBytes, 5);
});

Deno.test("LegacyMultiplexer sends one control packet a second on every link, with the same number", () => {
  const { multiplexer, ports } = setUp(3);
  multiplexer.handleTimeout(0);
  for (const port of ports) port.sentControls.length = 0;
  let now = 0;
  for (let i = 0; i < 10; i++) {
    now = Math.max(now, multiplexer.nextTimeout());
    multiplexer.handleTimeout(now);
  }
  assert(now >= 9_000 && now <= 10_000, `ten control packets took ${now} ms`);
  const numbers = ports[0]!.sentControls.map(({ seqNo }) => seqNo);
  assert.deepEqual(numbers, numbers.map((_, i) => numbers[0]! + i));
  assert.deepEqual(ports[1]!.sentControls, ports[0]!.sentControls);
  assert.deepEqual(ports[2]!.sentControls, ports[0]!.sentControls);
});

Deno.test("LegacyMultiplexer does not send control packets in a burst after a long sleep", () => {
  const { multiplexer, ports } = setUp(1);
  multiplexer.handleTimeout(0);
  ports[0]!.sentControls.length = 0;
  const woken = 3_600_000;
  let turns = 0;
  for (let now = woken; now < woken + 400; now = Math.max(now, multiplexer.nextTimeout())) {
    multiplexer.handleTimeout(now);
    assert(++turns < 10, "nextTimeout moves on");
  }
  assert.equal(ports[0]!.sentControls.length, 1);
});

Deno.test("LegacyMultiplexer.craftControl reports the bytes received on each link in five seconds", () => {
  const { multiplexer } = setUp(2);
  multiplexer.received(1, packetOf(1_000), 0);
  multiplexer.received(1, packetOf(84), 4_000);
  multiplexer.received(2, packetOf(7), 4_000);
  assert.deepEqual(multiplexer.craftControl(4_900).received, new Map([[1, 1_084], [2, 7]]));
  assert.deepEqual(multiplexer.craftControl(5_000).received, new Map([[1, 84], [2, 7]]));
});

Deno.test("LegacyMultiplexer greets a link when it is added, opened, and first heard", () => {
  const { multiplexer, ports } = setUp(1);
  assert.equal(ports[0]!.sentControls.length, 1);
  multiplexer.handleLinkOpen(1, 5);
  assert.equal(ports[0]!.sentControls.length, 2);
  multiplexer.received(1, packetOf(10), 6);
  assert.equal(ports[0]!.sentControls.length, 3);
  multiplexer.received(1, packetOf(10), 7);
  assert.equal(ports[0]!.sentControls.length, 3);
  assert.equal(new Set(ports[0]!.sentControls.map(({ seqNo }) => seqNo)).size, 1);
});

Deno.test("LegacyMultiplexer answers over a link that the peer opened, and does not probe it", () => {
  const { multiplexer } = setUp(0);
  const port = new FakeLegacyPort(9, { isInitiator: false });
  multiplexer.addLink(port, 0);
  multiplexer.handleTimeout(0);
  assert.equal(port.sentControls.length, 0, "nothing before the peer is heard");
  multiplexer.handleControl(9, control(1), 10);
  assert.equal(port.sentControls.length, 1);
  for (let now = 1_000; now <= 10_000; now += 1_000) multiplexer.handleTimeout(now);
  assert.equal(multiplexer.getLink(9)!.isAlive, false);
  assert.equal(port.sentControls.length, 1 + 3, "none once it is silent");
  multiplexer.handleControl(9, control(11), 10_500);
  assert.equal(port.sentControls.length, 1 + 3 + 1);
});

/** Two links that are heard; the peer reports `received` each second while we send 20 packets a second. */
function reportFor(seconds: number, received: Record<number, number>): LegacyMultiplexer {
  const { multiplexer } = setUp(2);
  for (let second = 1; second <= seconds; second++) {
    for (const id of [1, 2]) {
      multiplexer.handleControl(id, control(second, received), second * 1_000);
    }
    for (let i = 0; i < 20; i++) multiplexer.send(packetOf(100), second * 1_000);
  }
  return multiplexer;
}

Deno.test("LegacyMultiplexer takes packets off a link of which the peer reports nothing for six seconds", () => {
  assert(reportFor(6, { 1: 5_000 }).getLink(2)!.share > 0.4, "a report may be late");
  const multiplexer = reportFor(8, { 1: 5_000 });
  assert(multiplexer.getLink(2)!.share < 0.01, `share ${multiplexer.getLink(2)!.share}`);
  multiplexer.handleControl(1, control(9, { 1: 5_000, 2: 100 }), 9_000);
  assert(multiplexer.getLink(2)!.share > 0.4, "it hears again");
});

Deno.test("LegacyMultiplexer does not take an idle link for a deaf one", () => {
  const { multiplexer } = setUp(2);
  for (let second = 1; second <= 60; second++) {
    for (const id of [1, 2]) multiplexer.handleControl(id, control(second), second * 1_000);
  }
  assert.deepEqual(multiplexer.links.map((link) => link.share), [0.5, 0.5]);
});

Deno.test("LegacyMultiplexer.received does not take garbage for a sign of life", () => {
  const { multiplexer } = setUp(1, DropReason.NOT_IP);
  assert.equal(multiplexer.received(1, packetOf(10), 0), DropReason.NOT_IP);
  assert.equal(multiplexer.getLink(1)!.isAlive, false);
  assert.deepEqual(multiplexer.craftControl(0).received, new Map());
});

Deno.test("LegacyMultiplexer.received counts a packet that the tun had no room for as received", () => {
  const { multiplexer } = setUp(1, DropReason.TUN_WRITE_ERROR);
  assert.equal(multiplexer.received(1, packetOf(10), 0), DropReason.TUN_WRITE_ERROR);
  assert.equal(multiplexer.getLink(1)!.isAlive, true);
});

Deno.test("LegacyMultiplexer.removeLink forgets the link", () => {
  const { multiplexer } = setUp(2);
  multiplexer.handleControl(1, control(1), 0);
  multiplexer.removeLink(1, 0);
  multiplexer.removeLink(77, 0);
  assert.equal(multiplexer.send(packetOf(10), 0), DropReason.NO_LINK);
  assert.deepEqual(multiplexer.links.map((link) => link.port.id), [2]);
});

Deno.test("LegacyMultiplexer.addLink refuses ids out of range and taken ones", () => {
  const { multiplexer } = setUp(1);
  for (const id of [0, 256, 1.5, -1, 1]) {
    assert.throws(() => multiplexer.addLink(new FakeLegacyPort(id), 0), /Invariant/, `id ${id}`);
  }
});
