/**
 * Two machines with one token: the newer wins, the older stays away, and they do not take turns.
 */

import assert from "node:assert/strict";
import type { HandshakeSlave } from "../support/handshake_slave.ts";
import { HandshakeWorld } from "../support/handshake_world.ts";
import { testSeed } from "../support/rng.ts";
import { RefusalCode } from "../../src/peer/handshake_payload.ts";

Deno.test("the newer of two machines wins, and the older stays away", () => {
  const { world, older, newer } = makePair(1);
  older.start();
  world.runFor(10_000);
  newer.start();
  world.runUntilAgreed(newer, 500);
  world.runFor(600_000);
  assertOnly(world, newer, older);
});

Deno.test("the newer wins though its clock is decades behind", () => {
  const { world, older, newer } = makePair(2);
  newer.clock.wallOffsetMs = 0;
  older.start();
  world.runFor(10_000);
  newer.start();
  world.runUntilAgreed(newer, 500);
  world.runFor(60_000);
  assertOnly(world, newer, older);
});

Deno.test("the older learns it by a refusal when no notice reaches it", () => {
  const { world, older, newer } = makePair(3);
  older.start();
  world.runFor(10_000);
  older.sleep();
  newer.start();
  world.runFor(60_000);
  older.wake();
  world.runFor(10_000);
  assertOnly(world, newer, older);
  assert.deepEqual(older.refusals.map((it) => it.refusal.code), [RefusalCode.REPLACED]);
  world.runFor(600_000);
  assert.equal(older.refusals.length, 1, "told once");
});

Deno.test("the older is back when it is restarted, and then the other stays away", () => {
  const { world, older, newer } = makePair(4);
  older.start();
  world.runFor(10_000);
  newer.start();
  world.runFor(10_000);
  older.start();
  world.runFor(10_000);
  assertOnly(world, older, newer);
});

Deno.test("of two machines that start at the same moment one is left, whatever is lost", () => {
  const firstSeed = testSeed();
  for (let seed = firstSeed; seed < firstSeed + 25; seed++) {
    const { world, older, newer } = makePair(seed, { lossFraction: 0.3, jitterMs: 15 });
    older.start();
    newer.start();
    world.runFor(30_000);
    const peer = world.master.peer(older.publicKey);
    assert.ok(peer.confirmed.length <= 2, `${peer.confirmed.length} turns (seed ${seed})`);
    const [left, away] = peer.memory.instanceId === older.instanceId
      ? [older, newer]
      : [newer, older];
    assertOnly(world, left, away);
  }
});

Deno.test("a restarted master has forgotten who was replaced, and still hears of one machine only", () => {
  const { world, older, newer } = makePair(5);
  older.start();
  world.runFor(10_000);
  newer.start();
  world.runFor(10_000);
  world.master.stop();
  world.master.start();
  world.runFor(60_000);
  assertOnly(world, newer, older);
});

function makePair(
  seed: number,
  link: { readonly lossFraction?: number; readonly jitterMs?: number } = {},
): {
  readonly world: HandshakeWorld;
  readonly older: HandshakeSlave;
  readonly newer: HandshakeSlave;
} {
  const world = new HandshakeWorld({
    seed,
    links: [{ delayMs: 20, ...link }, { delayMs: 40, ...link }],
  });
  const identity = world.invite();
  return { world, older: world.addMachine(identity), newer: world.addMachine(identity) };
}

/** One machine is in, and the other has been silent for 10 s. */
function assertOnly(world: HandshakeWorld, left: HandshakeSlave, away: HandshakeSlave): void {
  world.runUntilAgreed(left, 10_000);
  const sent = away.initiationsMs.length;
  const { said } = away.talk;
  world.runFor(10_000);
  assert.ok(world.isAgreed(left), `seed ${world.seed}`);
  assert.equal(away.initiationsMs.length, sent, `it stays away (seed ${world.seed})`);
  assert.equal(away.talk.said, said, `it says nothing (seed ${world.seed})`);
  assert.equal(world.master.peer(left.publicKey).memory.instanceId, left.instanceId);
}
