/** Master and slave of the secure tunnel: joining, and carrying packets. */

import assert from "node:assert/strict";
import { DatagramType } from "../../../src/wire/datagram_header.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { innerPacket } from "../../support/inner_packets.ts";
import { TunnelWorld } from "../../support/tunnel_world.ts";
import { MASTER_ADDRESS, WORLD_MTU_BYTES } from "../../support/tunnel_world_options.ts";

Deno.test("SlaveTunnel joins over all its links and carries packets both ways", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop", { links: 3 });
  const { master } = world;
  assert.deepEqual([slave.upIds, master.upIds], [[1, 2, 3], [1, 2, 3]]);
  slave.send(innerPacket(2, 1, 7));
  master.send(innerPacket(1, 2, 8));
  await world.settle();
  assert.deepEqual(master.tundev.delivered, [innerPacket(2, 1, 7)]);
  assert.deepEqual(slave.tundev.delivered, [innerPacket(1, 2, 8)]);
  assert.deepEqual([master.dropCounts(), slave.dropCounts()], [{}, {}]);
  assert.equal(
    master.drops.get(DropReason.HANDSHAKE_COPY),
    2,
    "of one initiation over three links",
  );
  assert.equal(slave.logger.count("info Joined the master"), 1);
  assert.equal(master.logger.count("info Slave joined"), 1);
});

Deno.test("SlaveTunnel joins within a round trip, and its links are up a round trip later", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  world.network.delayMsOf = () => 100;
  const slave = await world.addSlave("laptop");
  await world.runFor(199);
  assert.equal(slave.logger.count("info Joined the master"), 0);
  await world.runFor(1);
  assert.equal(slave.logger.count("info Joined the master"), 1);
  await world.runFor(200);
  assert.deepEqual(slave.upIds, [1, 2]);
  assert.deepEqual(world.master.upIds, [1, 2]);
});

Deno.test("SlaveTunnel and its master carry packets both ways, whichever of the links work", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop", { links: 3 });
  const { master } = world;
  for (const lostId of [0, 1, 2]) {
    world.network.isLost = ({ bytes }) => bytes[3] === lostId;
    const [before, after] = [master.tundev.delivered.length, slave.tundev.delivered.length];
    for (let i = 0; i < 60; i++) {
      assert(slave.send(innerPacket(2, 1, i)) > 0);
      assert(master.send(innerPacket(1, 2, i)) > 0);
      await world.runFor(20);
    }
    await world.runFor(500);
    assert.equal(master.tundev.delivered.length - before, 60, `without link ${lostId}`);
    assert.equal(slave.tundev.delivered.length - after, 60, `without link ${lostId}`);
  }
});

Deno.test("SlaveTunnel gives its tundev the addresses and the MTU that the master assigns", async () => {
  await using world = await TunnelWorld.create(["laptop", "phone"]);
  await world.join("laptop");
  const phone = await world.join("phone");
  const [, second] = world.admin.list();
  const { configured } = phone.tundev;
  assert.equal(configured.length, 1);
  assert.equal(configured[0]!.mtuBytes, WORLD_MTU_BYTES);
  const addresses = configured[0]!.addresses.map((it) => `${it.address}/${it.prefixBits}`);
  assert.equal(addresses[0], "10.10.10.3/24");
  assert.match(addresses[1]!, /^fd[0-9a-f:]+\/64$/);
  assert.deepEqual(configured[0]!.addresses.map(({ address }) => address), second!.addresses);
});

Deno.test("SlaveTunnel tells its tundev nothing but addresses and MTU, so nothing changes when the master is another run", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  await world.stopMaster("told");
  world.startMaster();
  const joined = (): boolean => slave.logger.count("info Joined the master again") === 1;
  await world.runUntil(joined, 10_000, "joins again");
  assert.deepEqual(slave.tundev.configured.map((it) => Object.keys(it).sort()), [[
    "addresses",
    "mtuBytes",
  ]]);
});

Deno.test("SlaveTunnel gets the MTU it asks for when it is smaller than the master's", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop", { wantedMtuBytes: 1_300 });
  assert.equal(slave.tundev.mtuBytes, 1_300);
  assert.equal(slave.send(innerPacket(2, 1, 0, 1_301)), DropReason.TOO_LARGE);
  assert(slave.send(innerPacket(2, 1, 0, 1_300)) > 0);
  await world.settle();
  assert.equal(world.master.tundev.delivered.length, 1);
});

Deno.test("SlaveTunnel says what its tundev cannot do, and goes on", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.addSlave("laptop", {
    tundev: { configureProblems: ["This machine has no IPv6"] },
  });
  await world.runFor(100);
  assert.equal(slave.logger.count("warn This machine has no IPv6"), 1);
  assert.deepEqual(slave.upIds, [1, 2]);
});

Deno.test("SlaveTunnel sends nothing of the tun while it has no session", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  world.network.isLost = ({ source }) => source.hostname === MASTER_ADDRESS.hostname;
  const slave = await world.addSlave("laptop");
  const secret = innerPacket(2, 1, 0xdecafbad);
  for (let i = 0; i < 20; i++) {
    assert.equal(slave.send(secret), DropReason.NO_LINK);
    await world.runFor(500);
  }
  const { hostname } = MASTER_ADDRESS;
  const passed = world.network.passed.filter(({ source }) => source.hostname !== hostname);
  assert(passed.length >= 20, "it asks for the master all the time");
  for (const { bytes } of passed) assert.equal(bytes[2], DatagramType.INITIATION);
});

Deno.test("SlaveTunnel sends nothing of the tun once its session is over", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  // The master goes on to be heard, but no new session comes about.
  world.network.isLost = ({ bytes }) => bytes[2] === DatagramType.INITIATION;
  await world.runFor(178_000);
  assert(slave.send(innerPacket(2, 1)) > 0, "the old session is used up to its end");
  await world.runFor(2_000);
  const mark = world.network.passed.length;
  assert.equal(slave.send(innerPacket(2, 1)), DropReason.NO_LINK);
  await world.runFor(10_000);
  assert.equal(world.network.ofType(DatagramType.TRANSPORT, mark).length, 0);
});

Deno.test("Nothing that passes between master and slave shows what is in it", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  const secret = new Uint8Array(64).fill(0x5a);
  const packet = innerPacket(2, 1, 0, 200);
  packet.set(secret, 100);
  slave.send(packet);
  const back = innerPacket(1, 2, 0, 200);
  back.set(secret, 100);
  world.master.send(back);
  await world.runFor(1_000);
  assert.equal(world.master.tundev.delivered.length, 1);
  for (const { bytes } of world.network.passed) {
    assert(!bytes.join().includes(secret.subarray(0, 8).join()), "a packet in the clear");
    assert(!bytes.join().includes([...new TextEncoder().encode("laptop")].join()), "a name");
  }
});

Deno.test("MasterTunnel shows its links with their slave's name, and its slaves", async () => {
  await using world = await TunnelWorld.create(["laptop", "phone"]);
  const slave = await world.join("laptop");
  slave.send(innerPacket(2, 1, 1, 100));
  world.master.send(innerPacket(1, 2, 1, 200));
  await world.settle();
  const { links } = world.master;
  assert.deepEqual(links.map(({ slave, name, id }) => [slave, name, id]), [
    ["laptop", "phone1", 1],
    ["laptop", "phone2", 2],
  ]);
  assert.equal(links[0]!.remote, "10.0.1.1:1000");
  assert(links[0]!.receivedPackets > 0 && links[0]!.sentBytes > 0);
  const [laptop, phone] = world.master.tunnel.snapshotSlaves();
  assert.deepEqual({ ...laptop, addresses: [laptop!.addresses[0]] }, {
    name: "laptop",
    addresses: ["10.10.10.2"],
    isConnected: true,
    linksUp: 2,
    sentBytes: 200,
    receivedBytes: 100,
  });
  assert.deepEqual([phone!.name, phone!.isConnected, phone!.linksUp], ["phone", false, 0]);
  assert.deepEqual(slave.links.map(({ slave, name }) => [slave, name]), [["", "phone1"], [
    "",
    "phone2",
  ]]);
  assert.deepEqual(slave.tunnel.snapshotSlaves(), []);
  for (const end of [slave, world.master]) {
    for (const { receivedPackets, receivedBytes, sentPackets, sentBytes } of end.links) {
      assert(receivedPackets > 0 && sentPackets > 0);
      assert(receivedBytes >= 64 * receivedPackets && sentBytes >= 64 * sentPackets, "sealed ones");
    }
  }
});

Deno.test("MasterTunnel forgets a link after a minute of silence, and learns it again", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  world.network.isLost = ({ bytes }) => bytes[2] === DatagramType.TRANSPORT && bytes[3] === 2;
  await world.runFor(59_000);
  assert.deepEqual(world.master.links.map(({ id, state }) => [id, state]), [[1, "up"], [
    2,
    "probing",
  ]]);
  await world.runFor(3_000);
  assert.deepEqual(world.master.links.map(({ id }) => id), [1]);
  assert.equal(world.master.logger.count("info Link forgotten"), 1);
  assert.deepEqual(slave.links.map(({ id }) => id), [1, 2], "the slave keeps its own");
  world.network.isLost = () => false;
  await world.runUntil(() => world.master.upIds.length === 2, 15_000, "learned again");
});

Deno.test("MasterTunnel keeps a slave for as long as its session, and no longer", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  await world.kill(slave);
  await world.runFor(175_000);
  assert.equal(world.master.tunnel.snapshotSlaves()[0]!.isConnected, true);
  assert.equal(world.master.send(innerPacket(1, 2)), DropReason.NO_LINK);
  await world.runFor(7_000);
  assert.equal(world.master.tunnel.snapshotSlaves()[0]!.isConnected, false);
  assert.equal(world.master.send(innerPacket(1, 2)), DropReason.NO_LINK);
});
