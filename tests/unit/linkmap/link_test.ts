import assert from "node:assert/strict";
import { Link } from "../../../src/linkmap/link.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { FakeNetwork } from "../../support/fake_datagram_socket.ts";

const LOCAL = { hostname: "192.0.2.1", port: 1 };
const REMOTE = { hostname: "192.0.2.2", port: 2 };

function createLink(): Link {
  return new Link({ id: 3, name: "phone", isInitiator: true });
}

function packetOf(...bytes: number[]): Packet {
  const packet = new Packet(100);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

Deno.test("Link.transmit returns CLOSED while the link has no socket", () => {
  const link = createLink();
  assert.equal(link.transmit(packetOf(0x45)), DropReason.CLOSED);
  assert.equal(link.sentPackets, 0);
});

Deno.test("Link.transmit sends the datagram as it is to the other end, and counts it", async () => {
  const network = new FakeNetwork();
  using socket = network.bind(LOCAL);
  using peer = network.bind(REMOTE);
  const link = createLink();
  link.attach(socket, REMOTE);
  const datagram = packetOf(0x42, 0x4c, 0x44, 3, 0x45);
  assert.equal(link.transmit(datagram), 5);
  assert.deepEqual([...datagram.toBytes()], [0x42, 0x4c, 0x44, 3, 0x45]);
  const slot = { packet: new Packet(), source: { hostname: "", port: 0 } };
  assert.equal(await peer.receive([slot]), 1);
  assert.deepEqual([...slot.packet.toBytes()], [0x42, 0x4c, 0x44, 3, 0x45]);
  assert.deepEqual(slot.source, LOCAL);
  assert.deepEqual([link.sentPackets, link.sentBytes], [1, 5]);
});

Deno.test("Link.transmit counts nothing that the socket refused", () => {
  using socket = new FakeNetwork().bind(LOCAL);
  const link = createLink();
  link.attach(socket, REMOTE);
  socket.close();
  assert.equal(link.transmit(packetOf(1)), DropReason.CLOSED);
  assert.deepEqual([link.sentPackets, link.sentBytes], [0, 0]);
});

Deno.test("Link.countReceived adds up", () => {
  const link = createLink();
  link.countReceived(100);
  link.countReceived(24);
  assert.deepEqual([link.receivedPackets, link.receivedBytes], [2, 124]);
});

Deno.test("Link leads to one address over one socket", () => {
  const network = new FakeNetwork();
  using socket = network.bind(LOCAL);
  using other = network.bind({ ...LOCAL, port: 9 });
  const link = createLink();
  link.attach(socket, REMOTE);
  assert.equal(link.remote, "192.0.2.2:2");
  assert(link.leadsTo(socket, { ...REMOTE }));
  assert(!link.leadsTo(socket, { ...REMOTE, port: 3 }));
  assert(!link.leadsTo(other, REMOTE));
});

Deno.test("Link goes over what its socket goes over", () => {
  using socket = new FakeNetwork().bind(LOCAL);
  socket.transport = "tcp";
  const link = createLink();
  assert.equal(link.transport, "udp", "not open");
  link.attach(socket, REMOTE);
  assert.equal(link.transport, "tcp");
});

Deno.test("Link.detach forgets socket and address and says why", () => {
  using socket = new FakeNetwork().bind(LOCAL);
  const link = createLink();
  link.attach(socket, REMOTE);
  link.detach("proxy away");
  assert.deepEqual([link.remote, link.reason, link.socket], ["", "proxy away", null]);
  assert(!link.leadsTo(socket, REMOTE));
  link.attach(socket, REMOTE);
  assert.equal(link.reason, "", "open again");
});
