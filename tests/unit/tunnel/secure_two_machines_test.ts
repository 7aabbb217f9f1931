/** Two machines with one slave's token: the newer one stays, and they take no turns. */

import assert from "node:assert/strict";
import { assertCarries } from "../../support/assert_carries.ts";
import type { TappedDatagram } from "../../support/tapped_network.ts";
import { TunnelWorld } from "../../support/tunnel_world.ts";

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
