/** Sessions of the secure tunnel that are renewed while packets pass. */

import assert from "node:assert/strict";
import { DatagramType } from "../../../src/wire/datagram_header.ts";
import { innerPacket, markOf } from "../../support/inner_packets.ts";
import { TunnelWorld } from "../../support/tunnel_world.ts";

Deno.test("A rekey under traffic loses no packet, on links that differ in delay", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const { network, master } = world;
  network.delayMsOf = ({ bytes }) => [5, 20, 150, 400][bytes[3]!]!;
  const slave = await world.join("laptop", { links: 3, rekeyAfterMs: 5_000 });
  await world.runFor(2_000);
  const mark = network.passed.length;
  const packets = 3_000;
  for (let i = 0; i < packets; i++) {
    assert(slave.send(innerPacket(2, 1, i)) > 0);
    assert(master.send(innerPacket(1, 2, i)) > 0);
    await world.runFor(20);
  }
  await world.runFor(1_000);
  const all = Array.from({ length: packets }, (_, i) => i);
  const byNumber = (a: number, b: number): number => a - b;
  assert.deepEqual(master.tundev.delivered.map(markOf).sort(byNumber), all);
  assert.deepEqual(slave.tundev.delivered.map(markOf).sort(byNumber), all);
  // A rekey begins up to 10 s late, so that slaves do not rekey together.
  const rekeys = new Set(
    network.ofType(DatagramType.RESPONSE, mark).map(({ bytes }) => bytes.join()),
  ).size;
  assert(rekeys >= 4 && rekeys <= 12, `${rekeys} rekeys in a minute`);
  assert.deepEqual([master.dropCounts(), slave.dropCounts()], [{}, {}]);
  assert.equal(master.logger.count("info Slave joined"), 1);
  assert.equal(master.logger.count("info Slave joined anew"), 0);
  assert.equal(slave.logger.count("info Joined the master"), 1);
  assert(slave.logger.count("debug Session renewed") === rekeys);
  assert.deepEqual(slave.links.map(({ moves }) => moves), [0, 0, 0]);
  assert.deepEqual(master.links.map(({ moves }) => moves), [0, 0, 0]);
});

Deno.test("No two packets of a link and direction have the same number, over rekeys and reopened links", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const { network, master } = world;
  const slave = await world.join("laptop", { rekeyAfterMs: 5_000 });
  for (let second = 0; second < 60; second++) {
    slave.send(innerPacket(2, 1, second));
    master.send(innerPacket(1, 2, second));
    if (second === 20) slave.sockets[0]!.fail(new Error("gone"));
    await world.runFor(1_000);
  }
  const seen = new Set<string>();
  for (const { bytes, source } of network.ofType(DatagramType.TRANSPORT)) {
    // Whose keys: the receiver's index; the nonce: link and number. All are in the header.
    const nonce = `${source.hostname} ${bytes.subarray(3, 16)}`;
    assert(!seen.has(nonce), `twice: ${nonce}`);
    seen.add(nonce);
  }
  assert(seen.size > 300, `${seen.size} packets`);
});

Deno.test("A session is renewed after two minutes without any traffic of the tun", async () => {
  await using world = await TunnelWorld.create(["laptop"]);
  const slave = await world.join("laptop");
  const mark = world.network.passed.length;
  await world.runFor(119_000);
  assert.equal(world.network.ofType(DatagramType.INITIATION, mark).length, 0);
  await world.runFor(12_000);
  assert.equal(world.network.ofType(DatagramType.INITIATION, mark).length, 2, "over two links");
  await world.runFor(900_000);
  assert.deepEqual([slave.upIds, world.master.upIds], [[1, 2], [1, 2]]);
  assert.equal(slave.logger.count("warn Link silent"), 0);
  assert.equal(world.master.logger.count("info Link forgotten"), 0);
});
