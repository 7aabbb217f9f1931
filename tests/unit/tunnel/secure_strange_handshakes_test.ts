/** What strangers send to either end of the secure tunnel as handshakes. */

import assert from "node:assert/strict";
import { DatagramType } from "../../../src/wire/datagram_header.ts";
import { innerPacket } from "../../support/inner_packets.ts";
import { flipped, joined, STRANGER, throwAt } from "../../support/stranger.ts";
import { TunnelWorld } from "../../support/tunnel_world.ts";
import { MASTER_ADDRESS } from "../../support/tunnel_world_options.ts";

Deno.test("Secure tunnels drop handshake datagrams that are none", async () => {
  const { world, slave } = await joined();
  await using _ = world;
  const { network } = world;
  const initiation = network.ofType(DatagramType.INITIATION)[0]!.bytes;
  const response = network.ofType(DatagramType.RESPONSE)[0]!.bytes;
  await world.runFor(11_000); // a stored answer is forgotten
  const [atMaster] = await throwAt(world, slave, {
    toMaster: [
      initiation.slice(0, 40),
      flipped(initiation, 20),
      flipped(initiation, initiation.length - 20),
      response,
      Uint8Array.of(0x42, 0x4c, 0x4b, 0, ...new Uint8Array(60)),
    ],
  });
  assert.deepEqual(atMaster, { bad_handshake: 1, bad_mac: 2, unexpected_response: 2 });
  const [, atSlave] = await throwAt(world, slave, {
    toSlave: [response.slice(0, 40), flipped(response, 20)],
  });
  assert.deepEqual(atSlave, { bad_handshake: 1, bad_mac: 1 });
  const nobody = flipped(response, 11); // its receiver
  const [, late] = await throwAt(world, slave, { toSlave: [nobody] });
  const { unexpected_response = 0, bad_mac = 0 } = late;
  assert.equal(unexpected_response + bad_mac, 1, "whichever is looked at first");
});

Deno.test("MasterTunnel answers a recorded initiation with a refusal at most, and keeps the session in use", async () => {
  const { world, slave } = await joined();
  await using _ = world;
  const { master, network } = world;
  const initiation = network.ofType(DatagramType.INITIATION)[0]!.bytes;
  await world.runFor(11_000);
  const before = master.links.map(({ remote }) => remote);
  const mark = network.passed.length;
  network.inject({ bytes: initiation, source: STRANGER, dst: MASTER_ADDRESS });
  await world.settle();
  assert.deepEqual(network.passed.slice(mark).map(({ bytes, dst }) => [bytes[2], dst.hostname]), [
    [DatagramType.RESPONSE, STRANGER.hostname],
  ]);
  assert.deepEqual(master.links.map(({ remote }) => remote), before);
  slave.send(innerPacket(2, 1, 99));
  master.send(innerPacket(1, 2, 98));
  const delivered = master.tundev.delivered.length;
  await world.settle();
  assert.equal(master.tundev.delivered.length, delivered + 1);
  // To a master that was restarted the initiation is a new one: nothing comes of its session either.
  await world.stopMaster("killed");
  world.startMaster();
  network.inject({ bytes: initiation, source: STRANGER, dst: MASTER_ADDRESS });
  await world.settle();
  assert.equal(world.master.links.length, 0);
  assert.equal(world.master.logger.count("info Slave joined"), 0);
  const isBack = (): boolean => world.master.upIds.length === 2;
  await world.runUntil(isBack, 10_000, "the true slave comes back");
  assert.equal(world.master.logger.count("info Slave joined"), 1);
});

Deno.test("MasterTunnel says nothing to whoever does not know its key", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  await using other = await TunnelWorld.create(["laptop"], { seed: 8 });
  const stranger = await other.addSlave("laptop");
  const initiation = other.network.ofType(DatagramType.INITIATION)[0]!.bytes;
  const mark = world.network.passed.length;
  world.network.inject({ bytes: initiation, source: STRANGER, dst: MASTER_ADDRESS });
  await world.settle();
  assert.deepEqual(world.network.passed.slice(mark), []);
  assert.deepEqual(world.master.dropCounts(), { bad_mac: 1 });
  await other.kill(stranger);
});

Deno.test("MasterTunnel says nothing to a key that was never invited", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  world.forge("stranger");
  const stranger = await world.addSlave("stranger");
  await world.runFor(20_000);
  const { hostname } = MASTER_ADDRESS;
  assert.deepEqual(world.network.passed.filter(({ source }) => source.hostname === hostname), []);
  const { unknown_key, ...others } = world.master.dropCounts();
  assert(unknown_key! > 10);
  assert.deepEqual(others, {});
  assert.deepEqual(stranger.upIds, []);
});
