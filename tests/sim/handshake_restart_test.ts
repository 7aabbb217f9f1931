/**
 * Either end may be restarted, cut off or put to sleep at any moment: both find each other again, without help.
 */

import assert from "node:assert/strict";
import type { HandshakeSlave } from "../support/handshake_slave.ts";
import { HandshakeWorld } from "../support/handshake_world.ts";
import { mulberry32, testSeed } from "../support/rng.ts";

const LINKS = [{ delayMs: 20 }, { delayMs: 60 }];

Deno.test("a slave that was killed is back within a round trip of its start", () => {
  const { world, slave } = joined();
  slave.stop();
  world.runFor(10_000);
  slave.start();
  assert.ok(world.runUntilAgreed(slave, 5_000) <= 100);
  assert.equal(world.master.peer(slave.publicKey).confirmed.length, 2);
});

Deno.test("a slave that is restarted twice before it is answered has the newest instance in use", () => {
  const { world, slave } = joined();
  slave.start();
  world.runFor(5);
  slave.start();
  world.runUntilAgreed(slave, 1_000);
  world.runFor(10_000);
  assert.equal(world.master.peer(slave.publicKey).memory.instanceId, slave.instanceId);
  assert.deepEqual(slave.refusals, []);
});

Deno.test("a master that was killed is found within 2.5 s of silence and a round trip", () => {
  const { world, slave } = joined();
  world.master.stop();
  world.runFor(500);
  world.master.start();
  assert.ok(world.runUntilAgreed(slave, 10_000) <= 2_500 + 100);
  assert.notEqual(slave.welcomes[0]!.welcome.instanceId, slave.welcomes[1]!.welcome.instanceId);
});

Deno.test("a master that is away for long is found within 6 s of its return", () => {
  const { world, slave } = joined();
  world.master.stop();
  world.runFor(600_000);
  assert.ok(slave.initiationsMs.length < 2 * 5 * 600_000 / 4_000, "initiations over two links");
  world.master.start();
  assert.ok(world.runUntilAgreed(slave, 10_000) <= 6_000 + 100);
});

Deno.test("a master that ends in good order is asked for at once, then at the pace of retries", () => {
  const { world, slave } = joined();
  world.master.close();
  const closedMs = world.clock.now;
  world.runFor(100);
  const asked = slave.initiationsMs.filter((atMs) => atMs >= closedMs);
  assert.ok(asked.length >= 1 && asked[0]! <= closedMs + 60);
  world.runFor(60_000);
  assert.ok(slave.initiationsMs.filter((atMs) => atMs >= closedMs).length <= 2 * 5 * 15 + 10);
  assert.equal(slave.welcomes.length, 1);
});

Deno.test("all links that come back after a while carry on", () => {
  const { world, slave } = joined();
  for (const { id } of slave.links) slave.cutLink(id);
  world.runFor(60_000);
  const before = slave.initiationsMs.length;
  world.runFor(3_600_000);
  assert.equal(slave.initiationsMs.length, before, "no link, nothing sent");
  assert.ok(slave.initiator.nextTimeout() === Infinity, "nothing to wake up for");
  slave.mendLink(2);
  assert.ok(world.runUntilAgreed(slave, 5_000) <= 200);
});

Deno.test("a laptop that slept, its clock standing still, is back within 2.5 s of silence and a round trip", () => {
  for (const sleptMs of [5_000, 170_000, 3_600_000]) {
    const { world, slave } = joined();
    slave.sleep();
    world.runFor(sleptMs);
    slave.wake();
    world.runFor(1); // what the wake-up sent is under way
    const tookMs = world.runUntilTrue(
      () => world.isAgreed(slave) && slave.talk.heard.size > 0 && isMutual(world, slave),
      10_000,
      `wake-up after ${sleptMs} ms`,
    );
    assert.ok(tookMs <= 3_100, `${tookMs} ms after ${sleptMs} ms of sleep`);
  }
});

Deno.test("clocks that jump by years both ways cost no session and no round trip", () => {
  const { world, slave } = joined({ rekeyAfterMs: 5_000, rejectAfterMs: 15_000 });
  const jumps = [30, -60, 200, -400].map((years) => years * 365 * 86_400_000);
  for (const jumpMs of jumps) {
    slave.clock.wallOffsetMs += jumpMs;
    world.runFor(20_000);
    assert.ok(world.isAgreed(slave), `after a jump of ${jumpMs} ms`);
  }
  assert.ok(slave.welcomes.length >= 1 + 4 * 3, `${slave.welcomes.length} welcomes`);
  assert.deepEqual(slave.refusals, []);
});

Deno.test("a slave that starts in 1970 after a power cut is in within two round trips", () => {
  const { world, slave } = joined();
  slave.stop();
  slave.clock.wallOffsetMs = -world.clock.now;
  slave.start();
  assert.ok(world.runUntilAgreed(slave, 5_000) <= 2 * 40 + 20);
  assert.deepEqual(slave.refusals, [], "not told: it is mended");
});

Deno.test("random restarts, sleeps, cuts and clock jumps end in agreement within 10 s of calm", () => {
  const firstSeed = testSeed();
  for (let seed = firstSeed; seed < firstSeed + 25; seed++) {
    const world = new HandshakeWorld({
      seed,
      links: LINKS.map((link) => ({ ...link, lossFraction: 0.1, duplicateFraction: 0.1 })),
      limits: { rekeyAfterMs: 4_000, rejectAfterMs: 6_000 },
    });
    const slave = world.addMachine();
    slave.start();
    const rng = mulberry32(seed);
    for (let i = 0; i < 60; i++) {
      disturb(world, slave, rng);
      world.runFor(rng() * rng() * 8_000);
    }
    slave.wake();
    if (!slave.isRunning) slave.start();
    if (!world.master.isRunning) world.master.start();
    for (const { id } of slave.links) slave.mendLink(id);
    world.runUntilAgreed(slave, 10_000);
    assert.deepEqual(slave.refusals, [], `seed ${seed}`);
  }
});

/** A slave that has joined, a word heard both ways. */
function joined(
  limits: { rekeyAfterMs?: number; rejectAfterMs?: number } = {},
): { readonly world: HandshakeWorld; readonly slave: HandshakeSlave } {
  const world = new HandshakeWorld({ seed: 1, links: LINKS, limits });
  const slave = world.addMachine();
  slave.start();
  assert.ok(world.runUntilAgreed(slave, 1_000) <= 100);
  world.runFor(2_500);
  return { world, slave };
}

/** Whether the master's newest words under the present session reach the slave, and the other way round. */
function isMutual(world: HandshakeWorld, slave: HandshakeSlave): boolean {
  const peer = world.master.peer(slave.publicKey);
  return peer.keyring.current?.remoteIndex === slave.keyring.current?.localIndex;
}

function disturb(world: HandshakeWorld, slave: HandshakeSlave, rng: () => number): void {
  const link = slave.links[Math.floor(rng() * slave.links.length)]!;
  switch (Math.floor(rng() * 8)) {
    case 0:
      return world.master.isRunning ? world.master.stop() : world.master.start();
    case 1:
      return slave.isRunning ? slave.stop() : slave.start();
    case 2:
      return slave.clock.isAsleep ? slave.wake() : slave.sleep();
    case 3:
      return link.isUp ? slave.cutLink(link.id) : slave.mendLink(link.id);
    case 4:
      slave.clock.wallOffsetMs += (rng() - 0.5) * 1e12;
      return;
    case 5:
      slave.wake();
      return slave.start();
    case 6:
      return world.master.start();
    default:
      return world.master.isRunning ? world.master.close() : world.master.start();
  }
}
