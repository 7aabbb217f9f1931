/** A slave whose key is revoked: cut off at once, and told. */

import assert from "node:assert/strict";
import { DatagramType } from "../../../src/wire/datagram_header.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { innerPacket } from "../../support/inner_packets.ts";
import type { TappedDatagram } from "../../support/tapped_network.ts";
import { TunnelWorld } from "../../support/tunnel_world.ts";
import { MASTER_ADDRESS } from "../../support/tunnel_world_options.ts";

function isFromMaster({ source }: TappedDatagram): boolean {
  return source.hostname === MASTER_ADDRESS.hostname;
}

Deno.test("MasterTunnel cuts a revoked slave off at once, and the slave says so", async () => {
  await using world = await TunnelWorld.create(["laptop", "phone"]);
  const laptop = await world.join("laptop");
  const phone = await world.join("phone");
  const { master } = world;
  assert.equal(world.admin.revoke("laptop").wasConnected, true);
  assert.equal(master.send(innerPacket(1, 2)), DropReason.NO_ROUTE);
  assert.deepEqual(master.links.map(({ slave }) => slave), ["phone", "phone"]);
  assert.deepEqual(master.tunnel.snapshotSlaves().map(({ name }) => name), ["phone"]);
  await world.settle();
  const explanation =
    "error The master does not let this slave in: the master has revoked this slave";
  assert.equal(laptop.logger.count(explanation), 1);
  const delivered = master.tundev.delivered.length;
  laptop.send(innerPacket(2, 1));
  await world.settle();
  assert.equal(master.tundev.delivered.length, delivered);
  // It asks now and then, and says so no more.
  await world.runFor(600_000);
  assert.equal(laptop.logger.count(explanation), 1);
  assert.deepEqual(laptop.upIds, []);
  assert.deepEqual(phone.upIds, [1, 2]);
});

Deno.test("MasterTunnel cuts a revoked slave off that is not told so", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const laptop = await world.join("laptop");
  const { network, master } = world;
  network.isLost = isFromMaster;
  world.admin.revoke("laptop");
  await world.settle();
  laptop.send(innerPacket(2, 1));
  await world.settle();
  assert.equal(master.tundev.delivered.length, 0);
  network.isLost = () => false;
  const isTold = (): boolean => laptop.logger.events.some(({ text }) => /has revoked/.test(text));
  await world.runUntil(isTold, 10_000, "it asks, and is told");
});

Deno.test("MasterTunnel cuts a slave off that is revoked between its handshake and its first word", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const { network, master, admin } = world;
  network.delayMsOf = () => 50;
  const laptop = await world.addSlave("laptop");
  await world.runFor(60);
  assert.equal(network.ofType(DatagramType.RESPONSE).length, 2, "the welcome is under way");
  assert.equal(admin.revoke("laptop").wasConnected, false);
  await world.runFor(20_000);
  assert.equal(master.logger.count("info Slave joined"), 0);
  assert.deepEqual([master.links, laptop.upIds], [[], []]);
  assert(laptop.logger.events.some(({ text }) => /has revoked this slave/.test(text)));
});

Deno.test("MasterTunnel lets nobody in with a revoked key after a restart, and says so", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  world.admin.revoke("laptop");
  await world.stopMaster("told");
  world.startMaster();
  const laptop = await world.addSlave("laptop");
  await world.runFor(1_000);
  assert.deepEqual(laptop.upIds, []);
  assert(laptop.logger.events.some(({ text }) => /has revoked this slave/.test(text)));
  assert.deepEqual(world.master.tunnel.snapshotSlaves(), []);
});

Deno.test("MasterTunnel gives a revoked slave's name and address to another one", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const before = await world.join("laptop");
  const { admin, master } = world;
  admin.revoke("laptop");
  const endpoints = [{ host: "192.0.2.100", port: 4321 }];
  const { addresses } = admin.invite("laptop", { endpoints, publicKey: null });
  assert.equal(addresses[0], "10.10.10.2");
  assert.equal(master.tunnel.snapshotSlaves().length, 1);
  assert.equal(master.send(innerPacket(1, 2)), DropReason.NO_LINK, "it is not there yet");
  await world.runFor(31_000); // nothing flows: what it asks next is not answered
  assert.deepEqual(before.upIds, []);
});
