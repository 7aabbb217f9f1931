import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import type { NetAddress } from "../../../src/net_address.ts";
import { UdpSocket } from "../../../src/linkmap/udp_socket.ts";
import { DropCounters, DropReason } from "../../../src/wire/drop_reason.ts";
import { Packet } from "../../../src/wire/packet.ts";
import { createSlots } from "../../support/datagram_rigs.ts";

Deno.test("UdpSocket.bind tells where it is bound", () => {
  using socket = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  assert.equal(socket.localAddress.hostname, "127.0.0.1");
  assert.ok(socket.localAddress.port > 0);
  assert.equal(socket.label, `udp 127.0.0.1:${socket.localAddress.port}`);
});

Deno.test("UdpSocket.bind says that a port is taken", () => {
  using socket = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  assert.throws(
    () => UdpSocket.bind(socket.localAddress),
    /^Error: Cannot open UDP socket on 127\.0\.0\.1:\d+: EADDRINUSE \(another program/,
  );
});

Deno.test("UdpSocket.bind says that an address is not this machine's", () => {
  assert.throws(
    () => UdpSocket.bind({ hostname: "192.0.2.1", port: 0 }),
    (error: Error) => /EADDRNOTAVAIL/.test(error.message) && error.cause instanceof Error,
  );
});

Deno.test("UdpSocket on :: shows IPv4 peers as IPv4, and reaches them", async () => {
  using dual = UdpSocket.bind({ hostname: "::", port: 0 });
  using ipv4 = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  using ipv6 = UdpSocket.bind({ hostname: "::1", port: 0 });
  const { port } = dual.localAddress;
  const [slot] = createSlots(1);
  for (const [peer, hostname] of [[ipv4, "127.0.0.1"], [ipv6, "::1"]] as const) {
    peer.send(packetOf(1), { hostname, port });
    assert.equal(await dual.receive([slot!]), 1);
    assert.deepEqual(plain(slot!.source), peer.localAddress);
    dual.send(packetOf(2), slot!.source);
    assert.equal(await peer.receive([slot!]), 1);
    assert.deepEqual(plain(slot!.source), { hostname, port });
  }
});

Deno.test("UdpSocket counts a send that the system refuses, and stays open", async () => {
  const drops = new DropCounters();
  using socket = UdpSocket.bind({ hostname: "127.0.0.1", port: 0, drops });
  // From a loopback address nothing leaves the machine: EINVAL.
  assert.equal(socket.send(packetOf(1), { hostname: "192.0.2.1", port: 9 }), 0);
  socket.send(packetOf(7), socket.localAddress);
  const [slot] = createSlots(1);
  assert.equal(await socket.receive([slot!]), 1);
  assert.equal(socket.sendErrors, 1);
  assert.match(socket.lastSendError?.message ?? "", /Invalid argument/);
  assert.equal(drops.get(DropReason.SEND_ERROR), 1);
  assert.equal(socket.failure, null);
});

Deno.test("UdpSocket goes on receiving after sending to a closed port", async () => {
  const gone = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  gone.close();
  using socket = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  for (let i = 0; i < 100; i++) socket.send(packetOf(1), gone.localAddress);
  socket.send(packetOf(5), socket.localAddress);
  const [slot] = createSlots(1);
  assert.equal(await socket.receive([slot!]), 1);
  assert.deepEqual([...slot!.packet.toBytes()], [5]);
});

Deno.test("UdpSocket keeps the order of a burst that a new socket is given", async () => {
  using src = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  using dst = UdpSocket.bind({ hostname: "127.0.0.1", port: 0 });
  for (let i = 0; i < 80; i++) assert.equal(src.send(packetOf(i), dst.localAddress), 0);
  const slots = createSlots(8);
  const got: number[] = [];
  while (got.length < 80) {
    const received = await dst.receive(slots);
    for (let i = 0; i < received; i++) got.push(slots[i]!.packet.toBytes()[0]!);
  }
  assert.deepEqual(got, Array.from({ length: 80 }, (_, i) => i));
});

function packetOf(...bytes: number[]): Packet {
  const packet = new Packet(1_500);
  packet.fill(Uint8Array.from(bytes));
  return packet;
}

/** Deno's address objects have no prototype: compared field by field. */
function plain({ hostname, port }: NetAddress): NetAddress {
  return { hostname, port };
}
