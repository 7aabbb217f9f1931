/** What a master writes down of its slaves. */

import assert from "node:assert/strict";
import { innerPacket } from "../../support/inner_packets.ts";
import { TunnelWorld } from "../../support/tunnel_world.ts";

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
