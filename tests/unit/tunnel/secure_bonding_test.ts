/** What the tunnels do for the bonding multiplexer: settings, counters, slots, times. */

import assert from "node:assert/strict";
import { innerPacket } from "../../support/inner_packets.ts";
import { TunnelWorld } from "../../support/tunnel_world.ts";
import { MASTER_ADDRESS } from "../../support/tunnel_world_options.ts";

Deno.test("MasterTunnel learns from the slave what the user said of its links", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const settings = { mode: "cheapest", isMetered: true } as const;
  const slave = await world.join("laptop", { settings });
  await world.runFor(500);
  for (const links of [slave.links, world.master.links]) {
    assert.deepEqual(
      links.map(({ name, mode, isMetered }) => [name, mode, isMetered]),
      [["phone1", "cheapest", true], ["phone2", "cheapest", true]],
    );
  }
});

Deno.test("SlaveTunnel asks rarely over idle links that cost money, and does not take its master for gone", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop", { settings: { isMetered: true } });
  await world.runFor(60_000);
  const mark = world.network.passed.length;
  await world.runFor(50_000);
  const asked = world.network.passed.slice(mark)
    .filter(({ source }) => source.hostname !== MASTER_ADDRESS.hostname);
  assert(asked.length >= 4 && asked.length <= 8, `${asked.length} in 50 s over two links`);
  assert.deepEqual([slave.upIds, world.master.upIds], [[1, 2], [1, 2]]);
  assert.equal(slave.logger.count("warn Link silent"), 0);
  assert.equal(slave.logger.count("warn Link down"), 0);
});

Deno.test("MasterTunnel's counters go on when a slave leaves and comes back", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  world.network.isLost = ({ bytes, source }) =>
    source.hostname === MASTER_ADDRESS.hostname && bytes.length > 200;
  for (let i = 0; i < 20; i++) world.master.send(innerPacket(1, 2, i, 300));
  await world.runFor(1_000);
  world.network.isLost = () => false;
  const { tunnel } = world.master;
  const before = tunnel.snapshotBonding();
  assert(before.resentPackets + before.givenUpPackets > 0);
  await slave.stop();
  await world.settle();
  assert.deepEqual(world.master.links, []);
  const after = tunnel.snapshotBonding();
  assert(after.resentPackets >= before.resentPackets);
  assert(after.givenUpPackets >= before.givenUpPackets);
  assert.deepEqual([after.queuedPackets, after.queuedBytes, after.heldBytes], [0, 0, 0]);
});

Deno.test("Secure tunnels give all slots back when a slave is gone", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  world.network.isLost = ({ bytes }) => bytes.length > 200;
  for (let i = 0; i < 200; i++) {
    world.master.send(innerPacket(1, 2, i, 1_000));
    slave.send(innerPacket(2, 1, i, 1_000));
  }
  await world.runFor(20);
  assert(world.master.pool.usedSlots > 0 && slave.pool.usedSlots > 0);
  world.network.isLost = () => false;
  await slave.stop();
  await world.settle();
  assert.equal(world.master.pool.usedSlots, 0);
});

Deno.test("MasterTunnel's order of packets survives that a slave joins anew", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  let slave = await world.join("laptop");
  for (let run = 0; run < 3; run++) {
    for (let i = 0; i < 10; i++) {
      assert(slave.send(innerPacket(2, 1, i)) > 0);
      assert(world.master.send(innerPacket(1, 2, i)) > 0);
    }
    await world.runFor(500);
    assert.equal(slave.tundev.delivered.length, 10);
    assert.equal(world.master.tundev.delivered.length, 10 * (run + 1));
    await slave.stop();
    await world.settle();
    slave = await world.join("laptop");
  }
});
