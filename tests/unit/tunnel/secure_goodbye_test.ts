/** How the ends of a secure tunnel part: closing, revoked, killed; and how they find each other again. */

import assert from "node:assert/strict";
import { DatagramType } from "../../../src/wire/datagram_header.ts";
import { DropReason } from "../../../src/wire/drop_reason.ts";
import { innerPacket } from "../../support/inner_packets.ts";
import type { TappedDatagram } from "../../support/tapped_network.ts";
import { MASTER_ADDRESS, type SlaveEnd, TunnelWorld } from "../../support/tunnel_world.ts";

/** Whether packets pass both ways now. */
async function assertCarries(world: TunnelWorld, slave: SlaveEnd): Promise<void> {
  const before = [world.master.tundev.delivered.length, slave.tundev.delivered.length];
  assert(slave.send(innerPacket(2, 1)) > 0);
  assert(world.master.send(innerPacket(1, 2)) > 0);
  await world.settle();
  const after = [world.master.tundev.delivered.length, slave.tundev.delivered.length];
  assert.deepEqual(after, before.map((it) => it + 1));
}

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

Deno.test("SlaveTunnel notices within seconds that its master was restarted", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  await world.runFor(10_000);
  await world.stopMaster("killed");
  world.startMaster();
  const isBack = (): boolean => world.master.upIds.length === 2;
  const tookMs = await world.runUntil(isBack, 10_000, "joins again");
  assert(tookMs <= 2_500, `${tookMs} ms`);
  await assertCarries(world, slave);
  assert.equal(slave.logger.count("info Joined the master again"), 1);
  await world.runFor(2_000);
  assert.equal(slave.drops.get(DropReason.STALE_CONTROL), 0, "the new run's reports count");
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
  await world.runFor(5_000);
  assert.deepEqual(before.upIds, []);
});

Deno.test("A second machine with a slave's token takes its place, and the first stays away", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const first = await world.join("laptop");
  const second = await world.join("laptop");
  const explanation =
    "error The master does not let this slave in: another machine has joined with this token since";
  assert.equal(first.logger.count(explanation), 1, "it is told at once");
  const { master, network } = world;
  const isOfFirst = ({ source }: TappedDatagram): boolean => source.hostname === "10.0.1.1";
  for (let minute = 1; minute <= 10; minute++) {
    const mark = network.passed.length;
    await world.runFor(60_000);
    assert.deepEqual(network.passed.slice(mark).filter(isOfFirst), [], `minute ${minute}`);
    assert.deepEqual(second.upIds, [1, 2], `minute ${minute}`);
    assert.deepEqual(first.upIds, []);
    await assertCarries(world, second);
  }
  assert.equal(master.logger.count("info Slave joined anew"), 1, "they take no turns");
  assert.equal(first.logger.count(explanation), 1);
});

Deno.test("A first machine that was not told stays away, too, once it asks", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const first = await world.join("laptop");
  const { network, master } = world;
  network.isLost = ({ dst, source }) => [dst, source].some((it) => it.hostname === "10.0.1.1");
  const second = await world.join("laptop");
  await world.runFor(20_000);
  network.isLost = () => false;
  await world.runFor(600_000);
  assert(first.logger.events.some(({ text }) => /another machine has joined/.test(text)));
  assert.equal(master.logger.count("info Slave joined anew"), 1, "they take no turns");
  assert.deepEqual([first.upIds, second.upIds], [[], [1, 2]]);
});

Deno.test("A first machine that is restarted takes its place back", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const first = await world.join("laptop");
  const second = await world.join("laptop");
  await first.stop();
  const third = await world.join("laptop");
  assert(second.logger.events.some(({ text }) => /another machine has joined/.test(text)));
  await world.runFor(60_000);
  assert.deepEqual([second.upIds, third.upIds], [[], [1, 2]]);
});

Deno.test("MasterTunnel writes down what its slaves used when it ends, and goes on from there", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  slave.send(innerPacket(2, 1, 0, 100));
  world.master.send(innerPacket(1, 2, 0, 200));
  await world.settle();
  await world.stopMaster("told");
  const { receivedBytes, sentBytes, lastSeenAt } = world.store.usageOf("laptop");
  assert.deepEqual([receivedBytes, sentBytes], [100, 200]);
  assert.match(lastSeenAt ?? "", /^2026-/);
  world.startMaster();
  const isBack = (): boolean => world.master.upIds.length === 2;
  await world.runUntil(isBack, 10_000, "joins again");
  slave.send(innerPacket(2, 1, 0, 100));
  await world.settle();
  assert.equal(world.master.tunnel.snapshotSlaves()[0]!.receivedBytes, 200);
});

Deno.test("MasterTunnel writes down what its slaves used every ten minutes", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  slave.send(innerPacket(2, 1, 0, 100));
  await world.runFor(590_000);
  assert.equal(world.store.usageOf("laptop").receivedBytes, 0);
  await world.runFor(15_000);
  assert.equal(world.store.usageOf("laptop").receivedBytes, 100);
});

Deno.test("MasterTunnel keeps what a slave used when it is revoked", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  slave.send(innerPacket(2, 1, 0, 100));
  await world.settle();
  world.admin.revoke("laptop");
  assert.equal(world.store.usageOf("laptop").receivedBytes, 100);
});

Deno.test("MasterTunnel says when a slave was last heard, not when it noticed that it was gone", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  await world.runFor(60_000);
  const usage = (): string => world.admin.list()[0]!.lastSeenAt ?? "never";
  const heardAt = Date.parse(usage());
  await world.kill(slave);
  await world.runFor(50_000);
  assert(Math.abs(Date.parse(usage()) - heardAt) <= 1_500, "a while after");
  await world.runFor(250_000);
  assert(Math.abs(Date.parse(usage()) - heardAt) <= 1_500, "when its session is over");
});
