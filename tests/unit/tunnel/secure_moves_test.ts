/** Where the master of a secure tunnel answers a link: at the source of the newest authentic packet, of nothing else. */

import assert from "node:assert/strict";
import type { NetAddress } from "../../../src/net_address.ts";
import { formatAddress } from "../../../src/net_address.ts";
import { DatagramType } from "../../../src/wire/datagram_header.ts";
import { innerPacket, markOf } from "../../support/inner_packets.ts";
import type { TappedDatagram } from "../../support/tapped_network.ts";
import { type SlaveEnd, TunnelWorld } from "../../support/tunnel_world.ts";
import { MASTER_ADDRESS } from "../../support/tunnel_world_options.ts";

const ELSEWHERE: NetAddress = { hostname: "198.51.100.66", port: 6_666 };

/** Where the master answers a link, and how often that changed. */
function linkAt(world: TunnelWorld, linkId: number): { remote: string; moves: number } {
  const link = world.master.links.find(({ id }) => id === linkId);
  assert(link !== undefined, `no link ${linkId}`);
  return { remote: link.remote, moves: link.moves };
}

/** The slave sends a packet that does not arrive. @returns its datagram, of link 1. */
function sendHeldBack(world: TunnelWorld, slave: SlaveEnd, mark: number): TappedDatagram {
  const held: TappedDatagram[] = [];
  world.network.isLost = (datagram) => held.push(datagram) > 0;
  const isOverFirst = ({ bytes }: TappedDatagram): boolean => bytes[3] === 1;
  while (!held.some(isOverFirst)) slave.send(innerPacket(2, 1, mark));
  world.network.isLost = () => false;
  return held.find(isOverFirst)!;
}

/** The marks of what the master has got so far. */
function marksAt(world: TunnelWorld): number[] {
  return world.master.tundev.delivered.map(markOf);
}

Deno.test("MasterTunnel follows a link whose NAT gives it another address, by its next packet", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  const { network, master } = world;
  const before = linkAt(world, 1);
  assert.equal(before.moves, 0);
  network.rebind(slave.sockets[0]!.localAddress, ELSEWHERE);
  await world.runFor(1_100);
  assert.deepEqual(linkAt(world, 1), { remote: formatAddress(ELSEWHERE), moves: 1 });
  assert.equal(linkAt(world, 2).moves, 0);
  const moved = master.logger.events.find(({ text }) => text === "info Link moved");
  assert.equal(moved?.properties["slave"], "laptop");
  assert.equal(moved?.properties["remote"], formatAddress(ELSEWHERE));
  // Both directions go on over it.
  network.isLost = ({ bytes }) => bytes[3] === 2;
  for (let i = 0; i < 10; i++) {
    slave.send(innerPacket(2, 1, i));
    master.send(innerPacket(1, 2, i));
  }
  await world.runFor(30_000);
  assert.deepEqual([slave.upIds, master.upIds], [[1], [1]]);
  const delivered = slave.tundev.delivered.length;
  master.send(innerPacket(1, 2, 77));
  await world.settle();
  assert.equal(slave.tundev.delivered.length, delivered + 1);
});

Deno.test("MasterTunnel answers from the socket that a link's newest packet came to", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop", { links: 1 });
  const { network } = world;
  const other = { ...MASTER_ADDRESS, hostname: "192.0.2.101" };
  using socket = world.listen(other);
  const held = sendHeldBack(world, slave, 5);
  network.inject({ ...held, dst: other });
  await world.settle();
  assert.deepEqual(marksAt(world), [5]);
  assert.equal(linkAt(world, 1).moves, 1);
  const mark = network.passed.length;
  world.master.send(innerPacket(1, 2));
  assert.deepEqual(network.passed.slice(mark).map(({ source }) => source), [socket.localAddress]);
});

Deno.test("MasterTunnel.isAuthentic knows a connection while a link leads over it", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop", { links: 1 });
  const { tunnel } = world.master;
  using connection = world.listen({ ...MASTER_ADDRESS, hostname: "192.0.2.101" });
  connection.transport = "tcp";
  const arriveOverIt = async (): Promise<void> => {
    world.network.inject({ ...sendHeldBack(world, slave, 5), dst: connection.localAddress });
    await world.settle();
  };
  assert.equal(tunnel.isAuthentic(connection), false);
  await arriveOverIt();
  assert.equal(tunnel.isAuthentic(connection), true);
  // The next packet comes to the other socket again.
  slave.send(innerPacket(2, 1));
  await world.settle();
  assert.equal(tunnel.isAuthentic(connection), false);
  await arriveOverIt();
  await world.kill(slave);
  await world.runFor(30_000);
  assert.equal(tunnel.isAuthentic(connection), true, "its link is not forgotten yet");
  world.admin.revoke("laptop");
  await world.runFor(1_001);
  assert.equal(tunnel.isAuthentic(connection), false);
});

Deno.test("MasterTunnel moves no link for a replay from another address", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  const { network, master } = world;
  slave.send(innerPacket(2, 1));
  await world.settle();
  const before = [linkAt(world, 1), linkAt(world, 2)];
  const fromSlave = network.ofType(DatagramType.TRANSPORT)
    .filter(({ dst }) => dst.hostname === MASTER_ADDRESS.hostname);
  for (const datagram of fromSlave) network.inject({ ...datagram, source: ELSEWHERE });
  await world.settle();
  assert.deepEqual([linkAt(world, 1), linkAt(world, 2)], before);
  assert.equal(master.dropCounts()["replayed"], fromSlave.length);
});

Deno.test("MasterTunnel moves no link for an authentic packet that is not the newest", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  const before = linkAt(world, 1);
  const held = sendHeldBack(world, slave, 42);
  await world.runFor(2_000); // newer ones arrive
  world.network.inject({ ...held, source: ELSEWHERE });
  await world.settle();
  assert.deepEqual(marksAt(world), [42], "it is late, but it is taken");
  assert.deepEqual(linkAt(world, 1), before);
  // The next one that is held back and comes first is believed.
  const newest = sendHeldBack(world, slave, 43);
  world.network.inject({ ...newest, source: ELSEWHERE });
  await world.settle();
  assert.deepEqual(linkAt(world, 1), { remote: formatAddress(ELSEWHERE), moves: 1 });
  await world.runFor(1_100);
  assert.deepEqual(linkAt(world, 1), { remote: before.remote, moves: 2 }, "and back again");
});

Deno.test("MasterTunnel moves no link for a packet of a session that was renewed", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop", { rekeyAfterMs: 10_000 });
  await world.runFor(5_000);
  const held = sendHeldBack(world, slave, 42);
  await rekeyed(world);
  const before = linkAt(world, 1);
  world.network.inject({ ...held, source: ELSEWHERE });
  await world.settle();
  assert.deepEqual(marksAt(world), [42], "the old session still receives");
  assert.deepEqual(linkAt(world, 1), before);
});

Deno.test("MasterTunnel learns no link from a packet of a session that was renewed", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop", { rekeyAfterMs: 100_000 });
  await world.runFor(30_000);
  const held = sendHeldBack(world, slave, 42);
  world.network.isLost = ({ bytes }) => bytes[2] === DatagramType.TRANSPORT && bytes[3] === 1;
  await rekeyed(world);
  assert.deepEqual(world.master.links.map(({ id }) => id), [2], "link 1 is forgotten");
  const dropped = world.master.dropCounts()["bad_link_id"] ?? 0;
  world.network.inject(held);
  await world.settle();
  assert.deepEqual(world.master.links.map(({ id }) => id), [2]);
  assert.equal(world.master.dropCounts()["bad_link_id"], dropped + 1);
});

Deno.test("MasterTunnel keeps links whose socket is gone, and answers them over the next one", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop", { links: 1 });
  const { network, master } = world;
  const other = { ...MASTER_ADDRESS, hostname: "192.0.2.101" };
  const socket = world.listen(other);
  const held = sendHeldBack(world, slave, 5);
  network.inject({ ...held, dst: other });
  await world.settle();
  socket.close();
  await world.settle();
  assert.deepEqual(master.links.map(({ id, state, reason }) => [id, state, reason]), [
    [1, "connecting", `fake ${formatAddress(other)} is closed`],
  ]);
  assert.equal(master.logger.count("warn Link down"), 1);
  await world.runUntil(() => master.upIds.length === 1, 2_000, "heard again");
  assert.equal(master.links[0]!.remote, formatAddress(slave.sockets[0]!.localAddress));
});

/** Lets time pass until a new session is in use at both ends. */
async function rekeyed(world: TunnelWorld): Promise<void> {
  const mark = world.network.passed.length;
  const isDone = (): boolean => world.network.ofType(DatagramType.RESPONSE, mark).length > 0;
  await world.runUntil(isDone, 130_000, "a rekey");
  await world.runFor(100);
}
