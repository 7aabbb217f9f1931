import assert from "node:assert/strict";
import { BareLink } from "../../../src/tunnel/bare_link.ts";
import { LegacyCodec } from "../../../src/tunnel/legacy_codec.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { FakeNetwork } from "../../support/fake_datagram_socket.ts";

const LOCAL = { hostname: "192.0.2.1", port: 1 };
const REMOTE = { hostname: "192.0.2.2", port: 2 };

function createLink(): BareLink {
  return new BareLink({ id: 3, name: "phone", isInitiator: true, codec: new LegacyCodec() });
}

function packetOf(...bytes: number[]): Packet {
  const packet = new Packet(100);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

Deno.test("BareLink.send puts the original's header in front, and leaves the packet as it was", async () => {
  const network = new FakeNetwork();
  using socket = network.bind(LOCAL);
  using peer = network.bind(REMOTE);
  const link = createLink();
  link.attach(socket, REMOTE);
  const packet = packetOf(0x45, 1);
  assert.equal(link.send(packet), 6);
  assert.deepEqual([...packet.toBytes()], [0x45, 1]);
  const slot = { packet: new Packet(), source: LOCAL };
  assert.equal(await peer.receive([slot]), 1);
  assert.deepEqual([...slot.packet.toBytes()], [0x42, 0x4c, 0x44, 3, 0x45, 1]);
});

Deno.test("BareLink sends nothing without a socket", () => {
  const link = createLink();
  assert.equal(link.send(packetOf(0x45)), DropReason.CLOSED);
  assert.equal(link.sendControl({ seqNo: 1, received: new Map() }), DropReason.CLOSED);
  assert.equal(link.sentPackets, 0);
});
