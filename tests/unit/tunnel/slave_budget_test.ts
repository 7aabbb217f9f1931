/** What a budget makes of a link: the last resort, or off; and on again when it begins anew. */

import "../../support/loaded_libc.ts";
import assert from "node:assert/strict";
import type { LinkSnapshot } from "../../../src/snapshot.ts";
import { LinkUsageBook } from "../../../src/state/link_usage_book.ts";
import { printFigures } from "../../support/figures.ts";
import { innerPacket } from "../../support/inner_packets.ts";
import { TempDir } from "../../support/temp_dir.ts";
import { type SlaveEnd, TunnelWorld } from "../../support/tunnel_world.ts";

/** What the world's wall clock says at first: see tunnel_end.ts. */
const WALL_START_MS = 1_795_000_000_000;

/** Added to the clock: it is a minute before midnight, local time, and the next day's number. */
const MIDNIGHT = new Date(WALL_START_MS);
MIDNIGHT.setHours(24, 0, 0, 0);
const wallOffsetMs = MIDNIGHT.getTime() - WALL_START_MS - 60_000;
const TOMORROW = MIDNIGHT.getDate();

/** Two links, phone1 with a budget that handshake and pings do not use up. */
async function start(
  world: TunnelWorld,
  dir: TempDir,
  change: { readonly isBudgetHard?: boolean } = {},
): Promise<SlaveEnd> {
  const slave = await world.join("laptop", { stateDir: dir.path, wallOffsetMs });
  slave.tunnel.links.change("phone1", {
    isMetered: true,
    budgetBytes: 100_000,
    resetDay: TOMORROW,
    ...change,
  });
  return slave;
}

function phone1(slave: SlaveEnd): LinkSnapshot {
  return slave.links.find(({ name }) => name === "phone1")!;
}

/** Makes traffic until the budget is used up. */
async function use(world: TunnelWorld, slave: SlaveEnd): Promise<void> {
  for (let mark = 0; phone1(slave).budget?.isSpent !== true; mark++) {
    assert.ok(mark < 2_000, `used ${phone1(slave).budget?.usedBytes} bytes only`);
    slave.send(innerPacket(2, 1, mark));
    await world.runFor(20);
  }
}

Deno.test("a link whose budget is used up is spared by both ends, told of, and used again from its reset on", async () => {
  using dir = new TempDir();
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await start(world, dir);
  await use(world, slave);
  await world.runFor(2_000);
  assert.deepEqual(slave.upIds, [1, 2]);
  assert.equal(slave.logger.count("warn Link budget nearly used"), 1);
  assert.equal(slave.logger.count("warn Link budget used up"), 1);
  assert.equal(world.master.links.find(({ id }) => id === 1)!.mode, "backup");
  const { sentPackets } = phone1(slave);
  for (let mark = 0; mark < 200; mark++) {
    slave.send(innerPacket(2, 1, mark));
    await world.runFor(10);
  }
  assert.ok(phone1(slave).sentPackets - sentPackets < 10, "it rests");
  assert.equal(phone1(slave).doing, "spent");
  // A reload compares what the user says with what the user said.
  assert.equal(slave.tunnel.links.specs[0]!.settings.isSpent, false);
  const { budget } = phone1(slave);
  assert.equal(budget!.isHard, false);
  await world.runFor(62_000);
  assert.equal(slave.logger.count("info Link budget begins anew, or was raised"), 1);
  assert.notEqual(phone1(slave).budget!.startsOn, budget!.startsOn);
  assert.equal(phone1(slave).budget!.startsOn, budget!.resetsOn);
  assert.equal(world.master.links.find(({ id }) => id === 1)!.mode, "speed");
});

Deno.test("a spent link carries when no other is up", async () => {
  using dir = new TempDir();
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await start(world, dir);
  await use(world, slave);
  void slave.tunnel.links.switchOff("phone2");
  await world.runUntil(() => slave.links[1]!.state === "off", 5_000, "the other one is off");
  const before = world.master.tundev.delivered.length;
  for (let mark = 0; mark < 100; mark++) {
    slave.send(innerPacket(2, 1, mark));
    await world.runFor(10);
  }
  assert.equal(world.master.tundev.delivered.length - before, 100);
  assert.match(phone1(slave).reason, /its budget used up: no other link is up|^idle/);
});

Deno.test("a hard budget that is used up closes its link, over restarts, until it is raised or begins anew", async () => {
  using dir = new TempDir();
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await start(world, dir, { isBudgetHard: true });
  await use(world, slave);
  await world.runUntil(() => phone1(slave).state === "off", 5_000, "it is closed");
  assert.match(phone1(slave).reason, /^its budget of 0\.0001 GB is used up: off until \d{4}-/);
  assert.throws(
    () => slave.tunnel.links.switchOn("phone1"),
    /phone1 stays off: its budget of .* raise its budget: bindlink link set phone1 budget=/,
  );
  await slave.stop();
  const { usedBytes } = phone1(slave).budget!;

  const settings = {
    isMetered: true,
    budgetBytes: 100_000,
    resetDay: TOMORROW,
    isBudgetHard: true,
  };
  const next = await world.addSlave("laptop", { stateDir: dir.path, wallOffsetMs, settings });
  await world.runUntil(() => next.upIds.length === 1, 5_000, "the other link is up");
  assert.equal(phone1(next).state, "off");
  assert.equal(phone1(next).budget!.usedBytes, usedBytes);
  assert.equal(next.sockets.length, 1, "it was not opened for a moment");
  next.tunnel.links.change("phone1", { budgetBytes: 1e9 });
  await world.runUntil(() => next.upIds.length === 2, 5_000, "it is up again");
  next.tunnel.links.change("phone1", { budgetBytes: 100_000 });
  await world.runUntil(() => phone1(next).state === "off", 5_000, "it is closed again");
  await world.runFor(62_000);
  assert.deepEqual(next.upIds, [1, 2], "the reset has opened it");
});

Deno.test("a link that the user switched off while its budget held it stays off after the reset", async () => {
  using dir = new TempDir();
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await start(world, dir, { isBudgetHard: true });
  await use(world, slave);
  await world.runUntil(() => phone1(slave).state === "off", 5_000, "it is closed");
  await slave.tunnel.links.switchOff("phone1");
  await world.runFor(62_000);
  assert.equal(phone1(slave).state, "off");
  assert.equal(phone1(slave).budget!.isSpent, false);
  slave.tunnel.links.switchOn("phone1");
  await world.runUntil(() => slave.upIds.length === 2, 5_000, "it is up");
});

Deno.test("a metered link that carries nothing costs less than 80 kB an hour, handshakes included", async () => {
  using dir = new TempDir();
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop", { stateDir: dir.path });
  slave.tunnel.links.change("phone1", { isMetered: true, mode: "cheapest", pricePerGb: 1 });
  const run = async (seconds: number): Promise<void> => {
    for (let mark = 0; mark < seconds; mark++) {
      slave.send(innerPacket(2, 1, mark));
      await world.runFor(1_000);
    }
  };
  await run(30);
  const before = phone1(slave).budget!.usedBytes;
  await run(1_200);
  const bytesPerHour = (phone1(slave).budget!.usedBytes - before) * 3;
  printFigures("a metered link at rest, of a whole tunnel", {
    "kB an hour": (bytesPerHour / 1e3).toFixed(0),
  });
  assert.ok(bytesPerHour < 80e3, `${bytesPerHour} bytes an hour`);
});

Deno.test("a link that is renamed keeps what its budget has used in later runs; a stand-in takes nothing away", async () => {
  using dir = new TempDir();
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await start(world, dir);
  await use(world, slave);
  const { usedBytes } = phone1(slave).budget!;
  slave.tunnel.links.rename("phone1", "handy");
  slave.tunnel.links.rename("handy", "handy#old");
  await world.runFor(12_000);
  const usedBy = (name: string): number =>
    new LinkUsageBook(dir.path, assert.fail).usageOf(name).usedBetween("2000-01-01", "2999-01-01");
  assert.ok(usedBy("handy") >= usedBytes, `${usedBy("handy")} of ${usedBytes} bytes`);
  assert.equal(usedBy("handy#old"), 0);
});
