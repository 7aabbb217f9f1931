/** How the ends of a secure tunnel part, and how they find each other again after a restart. */

import assert from "node:assert/strict";
import { DatagramType } from "../../../src/wire/datagram_header.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { assertCarries } from "../../support/assert_carries.ts";
import { innerPacket } from "../../support/inner_packets.ts";
import type { TappedDatagram } from "../../support/tapped_network.ts";
import { TunnelWorld } from "../../support/tunnel_world.ts";
import { MASTER_ADDRESS } from "../../support/tunnel_world_options.ts";

function isFromMaster({ source }: TappedDatagram): boolean {
  return source.hostname === MASTER_ADDRESS.hostname;
}

Deno.test("MasterTunnel forgets a slave that says goodbye at once", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  await slave.stop();
  await world.settle();
  const { master } = world;
  assert.deepEqual(master.links, []);
  assert.equal(master.tunnel.snapshotSlaves()[0]!.isConnected, false);
  assert.equal(master.logger.count("info Slave left"), 1, "told over two links, said once");
  assert.equal(master.logger.count("warn Link silent"), 0);
  assert.equal(master.send(innerPacket(1, 2)), DropReason.NO_LINK);
  await world.runFor(5_000);
  assert.equal(master.logger.count("warn Link silent"), 0);
});

Deno.test("SlaveTunnel asks at once for a master that says goodbye, and joins when it is back", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  await world.runFor(10_000);
  const mark = world.network.passed.length;
  await world.stopMaster("told");
  assert.equal(slave.logger.count("warn The master ends; it is asked for again and again"), 1);
  assert(world.network.ofType(DatagramType.INITIATION, mark).length > 0, "asked for at once");
  await world.runFor(700);
  world.startMaster();
  const isBack = (): boolean => world.master.upIds.length === 2;
  assert(await world.runUntil(isBack, 5_000, "joins again") <= 1_500);
  await assertCarries(world, slave);
  assert.equal(slave.logger.count("info Joined the master again"), 1);
});

Deno.test("MasterTunnel answers no handshake while it closes", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  await world.join("laptop");
  await world.runFor(10_000);
  const mark = world.network.passed.length;
  const { master } = world;
  await world.stopMaster("told");
  const asked = world.network.ofType(DatagramType.INITIATION, mark);
  assert(asked.length > 0, "the slave asks while the master still listens");
  assert.deepEqual(world.network.ofType(DatagramType.RESPONSE, mark), []);
  assert.equal(master.logger.count("info Slave joined"), 1, "and no more");
});

Deno.test("SlaveTunnel notices by its next ping that its master was restarted", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  await world.runFor(10_000);
  await world.stopMaster("killed");
  world.startMaster();
  const isBack = (): boolean => world.master.upIds.length === 2;
  const tookMs = await world.runUntil(isBack, 40_000, "joins again");
  assert(tookMs <= 25_000 + 2_500, `${tookMs} ms: the next ping of an idle tunnel, and 2.5 s`);
  await assertCarries(world, slave);
  assert.equal(slave.logger.count("info Joined the master again"), 1);
});

Deno.test("SlaveTunnel notices a restarted master within 2.5 s of the next packet", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  await world.runFor(10_000);
  await world.stopMaster("killed");
  world.startMaster();
  slave.send(innerPacket(2, 1));
  const isBack = (): boolean => world.master.upIds.length === 2;
  const tookMs = await world.runUntil(isBack, 10_000, "joins again");
  assert(tookMs <= 2_550, `${tookMs} ms`);
  await assertCarries(world, slave);
});

Deno.test("SlaveTunnel believes the reports of a master that was restarted with its clock set back", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop", { links: 1 });
  await world.runFor(10_000);
  await world.stopMaster("told");
  world.startMaster(-86_400_000);
  await world.runUntil(() => world.master.upIds.length === 1, 1_000, "joins again");
  slave.send(innerPacket(2, 1, 0, 1_000));
  await world.runFor(1_200);
  assert(slave.links[0]!.peerReceivedBytesPerSecond > 0);
});

Deno.test("SlaveTunnel comes back after its master was away for an hour", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  await world.stopMaster("killed");
  await world.runFor(3_600_000);
  assert.deepEqual(slave.upIds, []);
  world.startMaster();
  // Links are opened anew with up to 10 s between, attempts begin every 5 s.
  await world.runUntil(() => world.master.upIds.length === 2, 30_000, "joins again");
  await assertCarries(world, slave);
});

Deno.test("MasterTunnel takes a slave that was killed and started again in its stead at once", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const first = await world.join("laptop", { links: 3 });
  await world.kill(first);
  const second = await world.join("laptop", { links: 2 });
  const { master } = world;
  assert.deepEqual(master.upIds, [1, 2], "the links are the new one's");
  assert.deepEqual(master.links.map(({ remote }) => remote.split(":")[0]), [
    "10.0.2.1",
    "10.0.2.1",
  ]);
  await assertCarries(world, second);
  assert.equal(master.logger.count("info Slave joined anew"), 1);
  await world.runFor(2_000);
  assert.equal(second.drops.get(DropReason.STALE_CONTROL), 0);
});

Deno.test("MasterTunnel takes a slave whose clock went back, too", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const first = await world.join("laptop");
  await world.kill(first);
  const second = await world.join("laptop", { wallOffsetMs: -86_400_000 });
  await assertCarries(world, second);
  assert.equal(second.logger.events.filter(({ text }) => text.startsWith("error")).length, 0);
});

Deno.test("MasterTunnel keeps a slave that was started again when the old one's goodbye comes late", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const first = await world.join("laptop");
  const goodbyes: TappedDatagram[] = [];
  world.network.isLost = (datagram) => !isFromMaster(datagram) && goodbyes.push(datagram) > 0;
  await first.stop();
  assert.equal(goodbyes.length, 2);
  world.network.isLost = () => false;
  const second = await world.join("laptop");
  for (const goodbye of goodbyes) world.network.inject(goodbye);
  await world.settle();
  await assertCarries(world, second);
  assert.equal(world.master.logger.count("info Slave left"), 0);
});

Deno.test("MasterTunnel keeps what it answered a slave that was started again when the old one's goodbye comes in between", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const first = await world.join("laptop");
  const { network } = world;
  const goodbyes: TappedDatagram[] = [];
  network.isLost = (datagram) => !isFromMaster(datagram) && goodbyes.push(datagram) > 0;
  await first.stop();
  network.isLost = () => false;
  await world.runFor(5_000);
  // A link of 50 ms: the goodbye is faster than the second's first word, and slower than its initiation.
  network.delayMsOf = () => 50;
  const second = await world.addSlave("laptop");
  await world.runFor(60);
  network.inject(goodbyes[0]!);
  await world.runFor(500);
  assert.deepEqual(second.upIds, [1, 2]);
});

Deno.test("MasterTunnel keeps what it answered a slave whose old session ends before its first word", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const { network } = world;
  const slave = await world.join("laptop", { rekeyAfterMs: 300_000 });
  // Its session ends in a second; then there is a new one, whose first word is under way for 2 s.
  await world.runFor(178_500);
  network.delayMsOf = () => 1_000;
  await world.kill(slave);
  const second = await world.addSlave("laptop");
  await world.runFor(1_100);
  assert.equal(world.master.tunnel.snapshotSlaves()[0]!.isConnected, true, "the old one's");
  await world.runFor(2_500);
  assert.deepEqual(world.master.links.map(({ remote }) => remote.split(":")[0]), [
    "10.0.2.1",
    "10.0.2.1",
  ]);
  await world.runFor(2_000);
  assert.deepEqual(second.upIds, [1, 2]);
});
