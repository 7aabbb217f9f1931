import assert from "node:assert/strict";
import { Link } from "../../../src/linkmap/link.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { FakeNetwork } from "../../support/fake_datagram_socket.ts";

const LOCAL = { hostname: "192.0.2.1", port: 1 };
const REMOTE = { hostname: "192.0.2.2", port: 2 };

function slot(): { packet: Packet; source: { hostname: string; port: number } } {
  return { packet: new Packet(), source: { hostname: "", port: 0 } };
}

Deno.test("Link.send puts the four bytes in front and leaves the packet as it was", async () => {
  const network = new FakeNetwork();
  using socket = network.bind(LOCAL);
  using peer = network.bind(REMOTE);
  const link = new Link(3, "phone", { isInitiator: true });
  link.attach(socket, REMOTE);
  const packet = new Packet(100);
  packet.fill(Uint8Array.of(0x45, 1, 2));

  assert.equal(link.send(packet), 7);
  assert.deepEqual([...packet.toBytes()], [0x45, 1, 2]);
  const received = slot();
  assert.equal(await peer.receive([received]), 1);
  assert.deepEqual([...received.packet.toBytes()], [0x42, 0x4c, 0x44, 3, 0x45, 1, 2]);
  assert.deepEqual([link.sentPackets, link.sentBytes], [1, 7]);
});

Deno.test("Link.sendControl sends a gob stream behind 'B' 'L' 'C'", async () => {
  const network = new FakeNetwork();
  using socket = network.bind(LOCAL);
  using peer = network.bind(REMOTE);
  const link = new Link(1, "phone", { isInitiator: true });
  link.attach(socket, REMOTE);
  assert(link.sendControl({ seqNo: 1, received: new Map([[1, 84]]) }) > 0);
  const received = slot();
  assert.equal(await peer.receive([received]), 1);
  assert.deepEqual([...received.packet.toBytes().subarray(0, 5)], [0x42, 0x4c, 0x43, 1, 0x33]);
});

Deno.test("Link.send returns CLOSED while the link has no socket, and counts nothing", () => {
  const link = new Link(1, "phone", { isInitiator: true });
  const packet = new Packet(10);
  packet.fill(Uint8Array.of(0x45));
  assert.equal(link.send(packet), DropReason.CLOSED);
  assert.equal(link.sendControl({ seqNo: 1, received: new Map() }), DropReason.CLOSED);
  assert.equal(link.sentPackets, 0);
});

Deno.test("Link.detach forgets socket and address and says why", () => {
  using socket = new FakeNetwork().bind(LOCAL);
  const link = new Link(1, "phone", { isInitiator: true });
  link.attach(socket, REMOTE);
  assert.equal(link.remote, "192.0.2.2:2");
  assert(link.leadsTo(socket, { ...REMOTE }));
  link.detach("proxy away");
  assert.deepEqual([link.remote, link.reason, link.socket], ["", "proxy away", null]);
  assert(!link.leadsTo(socket, REMOTE));
});
